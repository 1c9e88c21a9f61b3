"""The base of all errors of this package."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["RuvectorError"]


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
