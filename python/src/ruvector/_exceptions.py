"""Errors of the client, with the codes of docs/errors.md; the daemon's errors arrive as these.

RuvectorError
  ├ WireError                     the bridge: ERR_WIRE_*
  │   ├ NoDaemonError             nothing to connect to          (also ConnectionError)
  │   ├ ConnectionLostError       the daemon went away           (also ConnectionError)
  │   ├ ClientClosedError         this side was closed           (also ConnectionError)
  │   ├ AuthenticationError       wrong token, no HELLO          (also PermissionError)
  │   ├ WireTimeoutError          no answer in time              (also TimeoutError)
  │   ├ ProtocolError             bytes that break the protocol  (also ValueError)
  │   ├ MessageTooLargeError      over the daemon's limit        (also ValueError)
  │   ├ UnknownNameError          no such request or stream      (also LookupError)
  │   ├ RequestCancelledError     the request was cancelled
  │   ├ HandlerError              the daemon failed without a code
  │   ├ StreamRequestError        a stream has no such thing     (also ValueError)
  │   └ StreamServerError         a stream cannot serve
  ├ ExportError                   ERR_EXPORT_*
  │   ├ NoRowsError               the range holds nothing        (also ValueError)
  │   ├ ExportOptionsError        wrong format, time or option   (also ValueError)
  │   ├ ExportWriteError          the files cannot be written    (also OSError)
  │   ├ ExportCancelledError      the export was cancelled
  │   ├ ExportCrashedError        the daemon's exporter crashed
  │   ├ SourceChangedError        rows went away meanwhile
  │   └ PublishError              a release that cannot be made or trusted
  ├ HistoryError                  the daemon's store: ERR_STORE_*
  ├ PrepareError                  the training set: ERR_PREPARE_*
  │   └ PrivacyError              cannot be anonymised as asked  (also ValueError)
  ├ ModelError                    verification and registry: ERR_MODEL_*
  ├ TrainerError                  a trainer of the daemon: ERR_TRAIN*
  ├ HomeError                     no home, or an unusable one    (also ValueError)
  └ DaemonError                   everything else the daemon reports
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = [
    "AuthenticationError",
    "ClientClosedError",
    "ConnectionLostError",
    "DaemonError",
    "ExportCancelledError",
    "ExportCrashedError",
    "ExportError",
    "ExportOptionsError",
    "ExportWriteError",
    "HandlerError",
    "HistoryError",
    "HomeError",
    "MessageTooLargeError",
    "ModelError",
    "NoDaemonError",
    "NoRowsError",
    "PrepareError",
    "PrivacyError",
    "ProtocolError",
    "PublishError",
    "RequestCancelledError",
    "RuvectorError",
    "SourceChangedError",
    "StreamRequestError",
    "StreamServerError",
    "TrainerError",
    "UnknownNameError",
    "WireError",
    "WireTimeoutError",
    "error_class_of",
    "error_from_payload",
    "payload_from_error",
]


class RuvectorError(Exception):
    """Base of all errors of this package.

    Attributes
    ----------
    code : str
        Stable code, listed in docs/errors.md.
    details : Mapping
        Facts a caller can act on.
    traceback : str or None
        Traceback of the process in which it was raised, when that is another one.

    """

    code: str = "ERR_UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.details: Mapping[str, Any] = MappingProxyType(dict(details or {}))
        self.traceback = traceback

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process pools by pickle; keyword-only arguments need a hand.
        state = {"code": self.code, "details": dict(self.details), "traceback": self.traceback}
        return (_rebuild, (type(self), str(self), state))


def _rebuild(kind: type[RuvectorError], message: str, state: dict[str, Any]) -> RuvectorError:
    return kind(message, **state)


class WireError(RuvectorError):
    """The bridge to the daemon failed."""

    code = "ERR_WIRE_FRAME"


class NoDaemonError(WireError, ConnectionError):
    """No daemon runs, or its bridge file is stale."""

    code = "ERR_WIRE_NO_DAEMON"


class ConnectionLostError(WireError, ConnectionError):
    """The daemon went away."""

    code = "ERR_WIRE_DISCONNECTED"


class ClientClosedError(WireError, ConnectionError):
    """The client is closed, or the daemon is closing."""

    code = "ERR_WIRE_CLOSED"


class AuthenticationError(WireError, PermissionError):
    """The token is not the daemon's."""

    code = "ERR_WIRE_AUTH"


class WireTimeoutError(WireError, TimeoutError):
    """No answer came in time."""

    code = "ERR_WIRE_TIMEOUT"


class ProtocolError(WireError, ValueError):
    """Bytes that break docs/protocol.md."""

    code = "ERR_WIRE_FRAME"


class MessageTooLargeError(WireError, ValueError):
    """The message is over the daemon's limit; nothing was sent."""

    code = "ERR_WIRE_TOO_LARGE"


class UnknownNameError(WireError, LookupError):
    """The daemon knows no request or stream of this name."""

    code = "ERR_WIRE_UNKNOWN_REQUEST"


class RequestCancelledError(WireError):
    """The request was cancelled."""

    code = "ERR_WIRE_CANCELLED"


class HandlerError(WireError):
    """The daemon failed with an error that has no code of its own."""

    code = "ERR_WIRE_HANDLER"


class StreamRequestError(WireError, ValueError):
    """A subscriber asks for a table, column, filter or position that the stream does not have."""

    code = "ERR_WIRE_STREAM_REQUEST"


class StreamServerError(WireError):
    """The stream has as many subscribers as it takes, or lost its history or its overflow."""

    code = "ERR_WIRE_STREAM_FULL"


class ExportError(RuvectorError):
    """Data cannot be exported."""

    code = "ERR_EXPORT"


class NoRowsError(ExportError, ValueError):
    """The range holds no rows; the message names the range the history holds."""

    code = "ERR_EXPORT_NO_ROWS"


class ExportOptionsError(ExportError, ValueError):
    """A format, time or option that cannot be used as given."""

    code = "ERR_EXPORT_OPTIONS"


class ExportWriteError(ExportError, OSError):
    """The files cannot be written; nothing is left of them."""

    code = "ERR_EXPORT_WRITE"


class ExportCancelledError(ExportError):
    """The export was cancelled; nothing is left of it."""

    code = "ERR_EXPORT_CANCELLED"


class SourceChangedError(ExportError):
    """Rows were removed from the history while they were exported; export again."""

    code = "ERR_EXPORT_SOURCE_CHANGED"


class ExportCrashedError(ExportError):
    """What exports in the daemon ended without an answer."""

    code = "ERR_EXPORT_CRASHED"


class PublishError(ExportError):
    """A dataset that cannot be published, or a release that does not hold."""

    code = "ERR_EXPORT_PUBLISH_OPTIONS"


class HistoryError(RuvectorError):
    """The daemon's history failed."""

    code = "ERR_STORE"


class PrepareError(RuvectorError):
    """The daemon cannot build a training set."""

    code = "ERR_PREPARE"


class PrivacyError(PrepareError, ValueError):
    """Rows that cannot be anonymised as asked; nothing was written."""

    code = "ERR_PREPARE_PRIVACY_K"


class ModelError(RuvectorError):
    """The daemon refused a model, or has none."""

    code = "ERR_MODEL"


class TrainerError(RuvectorError):
    """A trainer started by the daemon failed; see ``traceback``."""

    code = "ERR_TRAINER"


class HomeError(RuvectorError, ValueError):
    """Nothing says where the home is, or what says it cannot be used."""

    code = "ERR_APP_HOME"


class DaemonError(RuvectorError):
    """Any other error of the daemon."""

    code = "ERR_APP"


# The one table from codes to classes: exact codes first, then the longest prefix.
_CLASS_BY_CODE: dict[str, type[RuvectorError]] = {
    "ERR_WIRE_NO_DAEMON": NoDaemonError,
    "ERR_WIRE_ENDPOINT": NoDaemonError,
    "ERR_WIRE_DISCONNECTED": ConnectionLostError,
    "ERR_WIRE_CLOSED": ClientClosedError,
    "ERR_WIRE_AUTH": AuthenticationError,
    "ERR_WIRE_TIMEOUT": WireTimeoutError,
    "ERR_WIRE_FRAME": ProtocolError,
    "ERR_WIRE_VERSION": ProtocolError,
    "ERR_WIRE_TYPE": ProtocolError,
    "ERR_WIRE_SEQUENCE": ProtocolError,
    "ERR_WIRE_BATCH": ProtocolError,
    "ERR_WIRE_TOO_LARGE": MessageTooLargeError,
    "ERR_WIRE_UNKNOWN_REQUEST": UnknownNameError,
    "ERR_WIRE_UNKNOWN_STREAM": UnknownNameError,
    "ERR_WIRE_CANCELLED": RequestCancelledError,
    "ERR_WIRE_HANDLER": HandlerError,
    "ERR_WIRE_STREAM_REQUEST": StreamRequestError,
    "ERR_WIRE_STREAM_DECODE": ProtocolError,
    "ERR_WIRE_STREAM_FULL": StreamServerError,
    "ERR_WIRE_STREAM_HISTORY": StreamServerError,
    "ERR_WIRE_STREAM_SPILL": StreamServerError,
    "ERR_EXPORT_NO_ROWS": NoRowsError,
    "ERR_EXPORT_OPTIONS": ExportOptionsError,
    "ERR_EXPORT_WRITE": ExportWriteError,
    "ERR_EXPORT_BUSY": ExportWriteError,
    "ERR_EXPORT_KEY_FILE": PublishError,
    "ERR_EXPORT_CANCELLED": ExportCancelledError,
    "ERR_EXPORT_CRASHED": ExportCrashedError,
    "ERR_EXPORT_NO_STREAM": ExportOptionsError,
    "ERR_EXPORT_NO_S3": PublishError,
    "ERR_EXPORT_S3": PublishError,
    "ERR_EXPORT_NOT_ANONYMOUS": PublishError,
    "ERR_EXPORT_NOT_A_DATASET": PublishError,
    "ERR_EXPORT_PUBLISH_OPTIONS": PublishError,
    "ERR_EXPORT_PUBLISH_TARGET": PublishError,
    "ERR_EXPORT_SIGNING_KEY": PublishError,
    "ERR_EXPORT_SOURCE_CHANGED": SourceChangedError,
}

_CLASS_BY_PREFIX: dict[str, type[RuvectorError]] = {
    "ERR_WIRE_": WireError,
    "ERR_EXPORT_": ExportError,
    "ERR_FILES_": ExportWriteError,
    "ERR_STORE_": HistoryError,
    "ERR_PREPARE_PRIVACY_": PrivacyError,
    "ERR_PREPARE_": PrepareError,
    "ERR_MODEL_": ModelError,
    "ERR_TRAIN": TrainerError,
}


def error_class_of(code: str) -> type[RuvectorError]:
    """Class for a code of docs/errors.md."""
    exact = _CLASS_BY_CODE.get(code)
    if exact is not None:
        return exact
    prefix = next((p for p in _CLASS_BY_PREFIX if code.startswith(p)), None)
    return DaemonError if prefix is None else _CLASS_BY_PREFIX[prefix]


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
