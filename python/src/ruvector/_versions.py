"""Which daemon this module fits: same major version and, below 1.0, same minor version."""

from __future__ import annotations

import sys

from ._exceptions import ProtocolError
from ._identity import DISTRIBUTION, VERSION

__all__ = ["check_daemon_version"]


def check_daemon_version(version: object) -> None:
    """Raise ProtocolError when a daemon of this version does not fit; one that tells none does."""
    if not isinstance(version, str) or _line_of(version) == _line_of(VERSION):
        return
    raise ProtocolError(
        f"Cannot use the daemon: it is ruvector-memopt {version} and this module is {DISTRIBUTION} "
        f"{VERSION}; install the module of the daemon's release with {sys.executable}: "
        "`pip install ./python` in its checkout",
        code="ERR_WIRE_VERSION",
        details={"daemon": version, "module": VERSION},
    )


def _line_of(version: str) -> list[str]:
    parts = version.split(".")
    return parts[:2] if parts[0] == "0" else parts[:1]
