"""Segments: files in memory whose pages stay mapped and are used again.

Making new pages costs five times what copying into old ones does. A sender fills one and hands it
out; the receiver maps it for itself alone and frees it once its last array is gone. The other side
is src/shared-memory/segments.ts.
"""

from __future__ import annotations

import math
import mmap
import os
import threading
import weakref

__all__ = ["SegmentPool", "map_shared", "take_segment"]

# The first page holds the state in one byte; values begin behind it, on a page of their own.
_HEADER_BYTES = 4096
_FREE = 0
_TAKEN = 1
# A segment this much larger than its value would waste memory.
_MAX_WASTE = 4
# Free segments go when no value was sent for so long.
_KEEP_FREE_S = 30.0
# One fault a page costs more than copying the page. (Linux; since Python 3.10.)
_MAP_POPULATE = getattr(mmap, "MAP_POPULATE", 0)


class _Segment:
    def __init__(self, path: str, size: int) -> None:
        self.path = path
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            # Writing to a page that memory has no room for would end the process.
            os.posix_fallocate(fd, 0, size)
            self.map = mmap.mmap(fd, size, flags=mmap.MAP_SHARED | _MAP_POPULATE)
        except OSError:
            os.unlink(path)
            raise
        finally:
            os.close(fd)

    @property
    def is_free(self) -> bool:
        return self.map[0] == _FREE

    def fits(self, size: int) -> bool:
        capacity = len(self.map) - _HEADER_BYTES
        return self.is_free and size <= capacity <= size * _MAX_WASTE

    def drop(self) -> None:
        os.unlink(self.path)
        self.map.close()


class SegmentPool:
    """The segments that this side fills."""

    MIN_BYTES = 1 << 20
    """Smaller values go as files of their own: a segment holds an open mapping."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._segments: list[_Segment] = []
        self._count = 0
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def take_free(self, size: int) -> tuple[str, memoryview]:
        """Path of a segment that is now the receiver's, and its room to be filled.

        Raises:
            OSError: there is no room for a new one.

        """
        with self._lock:
            segment = next((one for one in self._segments if one.fits(size)), None)
            if segment is None:
                # Those too small would only pile up.
                self._drop_free()
                segment = self._create(size)
            segment.map[0] = _TAKEN
        self._keep_awhile()
        return segment.path, memoryview(segment.map)[_HEADER_BYTES : _HEADER_BYTES + size]

    def _create(self, size: int) -> _Segment:
        path = os.path.join(self._directory, f"p{self._count}.segment")
        self._count += 1
        pages = math.ceil(size / mmap.PAGESIZE)
        segment = _Segment(path, _HEADER_BYTES + pages * mmap.PAGESIZE)
        self._segments.append(segment)
        return segment

    def _drop_free(self) -> None:
        for segment in [one for one in self._segments if one.is_free]:
            self._segments.remove(segment)
            segment.drop()

    def _keep_awhile(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_KEEP_FREE_S, self._tidy)
        self._timer.daemon = True
        self._timer.start()

    def _tidy(self) -> None:
        with self._lock:
            self._drop_free()


def take_segment(path: str, size: int) -> memoryview:
    """Map a value for this process alone; the segment is free once the last view of it is gone."""
    fd = os.open(path, os.O_RDONLY)
    try:
        mapped = mmap.mmap(
            fd,
            size,
            flags=mmap.MAP_PRIVATE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
            offset=_HEADER_BYTES,
        )
    finally:
        os.close(fd)
    weakref.finalize(mapped, _free, path).atexit = False
    return memoryview(mapped)


def map_shared(path: str, size: int) -> memoryview:
    """Map the memory of a shared array: what either side writes, both see."""
    with open(path, "r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), size))


def _free(path: str) -> None:
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError:  # its sender has gone and its folder with it
        return
    os.pwrite(fd, bytes([_FREE]), 0)
    os.close(fd)
