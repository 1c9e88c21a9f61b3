"""Where the running daemon of a home is, and where it is when it was started again."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

from .bridge_file import BridgeFile, read_bridge_file
from .home import resolve_home

__all__ = ["daemon_finder"]


def daemon_finder(
    home: str | os.PathLike[str] | None = None,
    bridge_file: str | os.PathLike[str] | None = None,
) -> Callable[[], BridgeFile]:
    """Return what finds the running daemon of ``home``, or the one that ``bridge_file`` names.

    It can be called again, from wherever: a daemon that was started again has another token. It
    raises a NoDaemonError when no daemon runs there; the text says how to start it.

    Raises
    ------
    HomeError
        Nothing says where the home is; the text says how to.

    """
    path = Path(bridge_file) if bridge_file is not None else resolve_home(home) / "run/bridge.json"
    return functools.partial(read_bridge_file, path.absolute())
