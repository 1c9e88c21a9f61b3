"""Errors as they cross the bridge: the payload of an ERROR message, docs/protocol.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .base import RuvectorError
from .classes import CLASS_BY_CODE, CLASS_BY_FAMILY, DaemonError, HandlerError

__all__ = ["error_class_of", "error_from_payload", "payload_from_error"]


def error_class_of(code: str) -> type[RuvectorError]:
    """Class for a code of docs/errors.md."""
    exact = CLASS_BY_CODE.get(code)
    if exact is not None:
        return exact
    family = next((begin for begin in CLASS_BY_FAMILY if code.startswith(begin)), None)
    return DaemonError if family is None else CLASS_BY_FAMILY[family]


def error_from_payload(payload: Mapping[str, Any] | None) -> RuvectorError:
    """Rebuild the error a daemon sent; missing parts get safe defaults."""
    fields = payload or {}
    code = fields.get("code")
    message = fields.get("message")
    details = fields.get("details")
    traceback = fields.get("traceback")
    code = code if isinstance(code, str) else HandlerError.code
    return error_class_of(code)(
        message
        if isinstance(message, str)
        else "Cannot read the error of the daemon: it has no message",
        code=code,
        details=details if isinstance(details, Mapping) else None,
        traceback=traceback if isinstance(traceback, str) else None,
    )


def payload_from_error(error: BaseException) -> dict[str, Any]:
    """Turn an error into the payload of an ERROR message."""
    if not isinstance(error, RuvectorError):
        return {"code": HandlerError.code, "message": str(error), "details": {}}
    payload = {"code": error.code, "message": str(error), "details": dict(error.details)}
    return payload if error.traceback is None else {**payload, "traceback": error.traceback}
