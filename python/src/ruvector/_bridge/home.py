"""Where the home is, by the rules of src/core/home.ts: test/golden/home.json holds both to them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from .._exceptions import HomeError

__all__ = ["resolve_home"]


def _passwd_home() -> str | None:
    if sys.platform == "win32":
        return os.path.expanduser("~")
    import pwd  # POSIX only

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # no entry for this uid
        return None


def resolve_home(
    directory: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    passwd_home: Callable[[], str | None] = _passwd_home,
) -> Path:
    """``directory``, else ``$RUVECTOR_HOME``, else the XDG data directory + ``/ruvector``.

    Only ``directory`` may be relative: no other rule ends in the current directory.

    Raises
    ------
    HomeError
        None of them says where, or the one that does cannot be used.

    """

    def user_home() -> str:
        named = environment.get("HOME", "")
        if sys.platform != "win32" and os.path.isabs(named):
            return _check("HOME", named)
        entry = passwd_home()
        if entry is not None and os.path.isabs(entry):
            return entry
        raise HomeError(
            "Cannot find a home: HOME is not an absolute path and this user has no passwd entry; "
            "name a folder with home= or RUVECTOR_HOME"
        )

    def expand(option: str, path: str) -> str:
        _check(option, path)
        if not path.startswith("~"):
            return path
        if path == "~" or path.startswith("~/"):
            return os.path.join(user_home(), path[2:])
        raise _unusable(option, path, "the home of another user is not looked up")

    if directory is not None:
        path = os.fsdecode(directory)
        if path == "":
            raise _unusable("home=", path, "it is empty")
        return Path(os.path.abspath(expand("home=", path)))
    named = environment.get("RUVECTOR_HOME")
    if not named:
        data = environment.get("XDG_DATA_HOME", "")
        # XDG base directory specification: a relative path "should be ignored".
        is_usable = os.path.isabs(data)
        base = _check("XDG_DATA_HOME", data) if is_usable else f"{user_home()}/.local/share"
        return Path(os.path.abspath(base)) / "ruvector"
    root = expand("RUVECTOR_HOME", named)
    if not os.path.isabs(root):
        raise _unusable(
            "RUVECTOR_HOME", named, "it is relative, and would be another folder for each program"
        )
    return Path(os.path.abspath(root))


def _check(option: str, path: str) -> str:
    """Refuse what the daemon could not be told: it reads paths as UTF-8."""
    # Python keeps such bytes as lone surrogates, Node as U+FFFD.
    if "\ufffd" in path or any("\udc80" <= char <= "\udcff" for char in path):
        raise _unusable(option, path, "it is not UTF-8")
    if "\0" in path:
        raise _unusable(option, path, "it holds a zero byte")
    return path


def _unusable(option: str, value: str, state: str) -> HomeError:
    shown = value.encode("utf-8", "replace").decode("utf-8")
    return HomeError(
        f'Cannot use home "{shown}" of {option}: {state}; '
        "name an absolute path with home= or RUVECTOR_HOME"
    )
