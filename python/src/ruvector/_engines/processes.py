"""Processes of an engine: their ports, and those below one, so that none stays when it ends."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Iterable

__all__ = ["Started", "descendants", "free_port", "is_port_free", "kill", "names"]

#: Number of a process and when it started, since numbers are used again.
Started = tuple[int, str]


def free_port() -> int:
    """Find a port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections that just ended hold nothing.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Who has bound it as we have is seen only here.
            probe.listen(1)
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def descendants(pid: int) -> list[Started]:
    """Find the processes below one."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found.append((child, _start_of(child)))
            waiting.append(child)
    return found


def kill(processes: Iterable[Started]) -> None:
    """Kill those that are still there."""
    for pid, started in processes:
        if started and _start_of(pid) == started:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def names(pid: int, text: str) -> bool:
    """Tell whether the command line of a process has a text."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return text in file.read()
    except OSError:
        return False


def _start_of(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat after the name; proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
