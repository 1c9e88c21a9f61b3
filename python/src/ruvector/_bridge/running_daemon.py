"""Where the running daemon of a home is."""

from __future__ import annotations

import os
from pathlib import Path

from .bridge_file import BridgeFile, read_bridge_file
from .home import resolve_home

__all__ = ["find_daemon"]


def find_daemon(
    home: str | os.PathLike[str] | None = None,
    bridge_file: str | os.PathLike[str] | None = None,
) -> BridgeFile:
    """Find the running daemon of ``home``, or the one that ``bridge_file`` names.

    Raises
    ------
    NoDaemonError
        No daemon runs there; the text says how to start it.
    HomeError
        Nothing says where the home is; the text says how to.

    """
    path = Path(bridge_file) if bridge_file is not None else resolve_home(home) / "run/bridge.json"
    return read_bridge_file(path)
