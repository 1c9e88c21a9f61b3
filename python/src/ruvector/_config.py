"""The bridge file of a home: how to reach its daemon. Nothing is connected here."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._exceptions import NoDaemonError

__all__ = ["BridgeFile", "read_bridge_file"]


@dataclass(frozen=True)
class BridgeFile:
    """How to reach a running daemon."""

    control: str
    data: str
    token: str = field(repr=False)
    pid: int
    protocol: int


def read_bridge_file(path: Path) -> BridgeFile:
    """Read run/bridge.json of a running daemon.

    Raises
    ------
    NoDaemonError
        There is no file, it cannot be read, or the process that wrote it is dead.

    """
    try:
        fields = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _no_daemon(path, "there is no such file") from error
    except (OSError, ValueError) as error:
        raise _no_daemon(path, str(error)) from error
    bridge_file = _parse(path, fields)
    if not _is_alive(bridge_file.pid):
        raise _no_daemon(path, f"process {bridge_file.pid} that wrote it is dead")
    return bridge_file


def _parse(path: Path, fields: Any) -> BridgeFile:  # noqa: ANN401  any JSON value
    try:
        return BridgeFile(
            control=str(fields["endpoints"]["control"]),
            data=str(fields["endpoints"]["data"]),
            token=str(fields["token"]),
            pid=int(fields["pid"]),
            protocol=int(fields["protocol"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _no_daemon(path, "endpoints, token, pid or protocol are missing") from error


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, under another user
        return True
    return True


def _no_daemon(path: Path, state: str) -> NoDaemonError:
    return NoDaemonError(
        f'Cannot find a running daemon by "{path}": {state}; start it with `ruvector-memopt serve`'
    )
