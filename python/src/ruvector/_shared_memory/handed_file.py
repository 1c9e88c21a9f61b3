"""Bytes that another process takes out of a file in memory, which it removes.

The other side is src/shared-memory/handed-file.ts.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Sequence

__all__ = ["HandedFile"]

_ALIGNMENT = 64
# Others use the folder too: a quarter of it, at most this much, stays free.
_MAX_KEPT_BYTES = 64 * 2**20


class HandedFile:
    """A private file with parts one behind the other, each at a multiple of 64 bytes.

    Raises
    ------
    OSError
        There is no room for it, or no right to make it.

    """

    def __init__(self, folder: str, parts: Sequence[memoryview]) -> None:
        self.sizes = [part.nbytes for part in parts]
        starts = [0]
        for size in self.sizes:
            starts.append(starts[-1] + -(-size // _ALIGNMENT) * _ALIGNMENT)
        _check_room(folder, starts[-1])
        name = f"ruvector-handed-{os.getpid()}-{_start_ticks()}-{uuid.uuid4()}"
        self.path = os.path.join(folder, name)
        fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, starts[-1])
            for start, part in zip(starts, parts, strict=False):
                _write_at(fd, start, part.cast("B") if part.nbytes else part)
        except OSError:
            self.remove()
            raise
        finally:
            os.close(fd)

    def remove(self) -> None:
        """Take it back, if nobody took it."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _write_at(fd: int, offset: int, data: memoryview) -> None:
    while data.nbytes > 0:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def _check_room(folder: str, size: int) -> None:
    stat = os.statvfs(folder)
    kept = min(_MAX_KEPT_BYTES, stat.f_blocks * stat.f_frsize // 4)
    if stat.f_bavail * stat.f_frsize - kept < size:
        raise OSError(f'"{folder}" has no room for {size} bytes')


def _start_ticks() -> int:
    """Time of the start of this process, which its number alone does not tell."""
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0
