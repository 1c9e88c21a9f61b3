"""The bridge file of a home: how to reach its daemon. Nothing is connected here."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._exceptions import NoDaemonError
from .keys import ClientKey

__all__ = ["BridgeFile", "read_bridge_file"]


@dataclass(frozen=True)
class BridgeFile:
    """How to reach a running daemon."""

    control: str
    data: str
    token: str = field(repr=False)
    pid: int
    protocol: int
    start_ticks: int | None = None
    # Of this client, where the daemon is on another host.
    key: ClientKey | None = None


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
    if not _is_alive(bridge_file):
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
            start_ticks=fields.get("startTicks"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _no_daemon(path, "endpoints, token, pid or protocol are missing") from error


def _is_alive(bridge_file: BridgeFile) -> bool:
    try:
        with contextlib.suppress(PermissionError):  # it lives, under another user
            os.kill(bridge_file.pid, 0)
    except ProcessLookupError:
        return False
    # A pid is given again: the time of the start belongs to it.
    now = _start_ticks(bridge_file.pid)
    return bridge_file.start_ticks is None or now is None or now == bridge_file.start_ticks


def _start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat; None on other systems."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("latin-1")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def _no_daemon(path: Path, state: str) -> NoDaemonError:
    return NoDaemonError(
        f'Cannot find a running daemon by "{path}": {state}; start it with `ruvector-memopt serve`'
    )
