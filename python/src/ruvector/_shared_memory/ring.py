"""The reading side of a ring of slots; the other side is src/shared-memory/slot-ring.ts.

A slot is read in place. Its generation, odd while it is being filled, says whether it still
holds what was announced: it is looked at before a slot is read, and again after its last view.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import sys
from typing import NamedTuple

__all__ = ["RingPlace", "SharedRing", "SlotError", "read_boot_id"]

# All little-endian:
#
#   file    0     8  magic "RVRING01"
#           8     4  epoch
#           12    4  slots
#           16    8  bytes of a slot, a multiple of 4096
#           24    16 key, random: this is the file that was meant
#           4096     slot 0, slot 1, …
#
#   slot    0     4  generation
#           4     4  epoch
#           8     8  sequence: number of its last batch
#           16    8  bytes of its content
#           64       content
_FILE_HEADER = struct.Struct("<8sIIQ16s")
_SLOT_HEADER = struct.Struct("<IIQQ")
_MAGIC = b"RVRING01"
_PAGE_BYTES = 4096
_SLOT_HEADER_BYTES = 64
# One fault a page costs more than copying the page. (Linux; since Python 3.10.)
_MAP_POPULATE = getattr(mmap, "MAP_POPULATE", 0)


class SlotError(Exception):
    """A slot does not hold what was announced."""


class RingPlace(NamedTuple):
    """Where a content lies."""

    epoch: int
    slot: int
    generation: int
    bytes: int
    sequence: int


class SharedRing:
    """A ring, mapped for reading only: nothing here can change what the other side wrote.

    Parameters
    ----------
    path : str
        Its file, whose name is taken away: both sides have it open then.
    key : str
        What the file must carry.
    epoch, slots, slot_bytes : int
        As announced.

    Raises
    ------
    OSError, ValueError
        It cannot be mapped, or is another file.

    """

    def __init__(self, path: str, key: str, epoch: int, slots: int, slot_bytes: int) -> None:
        self.epoch = epoch
        self._slots = slots
        self._slot_bytes = slot_bytes
        size = _PAGE_BYTES + slots * slot_bytes
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(fd).st_size != size:
                raise ValueError(f'"{path}" has not the {size} bytes that were announced')
            mapped = mmap.mmap(fd, size, flags=mmap.MAP_SHARED | _MAP_POPULATE, prot=mmap.PROT_READ)
        finally:
            os.close(fd)
        expected = (_MAGIC, epoch, slots, slot_bytes, bytes.fromhex(key))
        if _FILE_HEADER.unpack_from(mapped) != expected:
            raise ValueError(f'"{path}" is not the ring that was announced')
        # The mapping lives as long as a view of it, wherever that is.
        self._memory = memoryview(mapped)
        with contextlib.suppress(OSError):
            os.unlink(path)

    def view(self, place: RingPlace) -> memoryview:
        """Content of a slot, read-only, not copied.

        Raises
        ------
        SlotError
            It is being filled, holds something else, or is none of this ring.

        """
        if not (0 <= place.slot < self._slots) or not (
            0 <= place.bytes <= self._slot_bytes - _SLOT_HEADER_BYTES
        ):
            raise SlotError(f"there is no slot {place.slot} with {place.bytes} bytes")
        self.check(place)
        start = _PAGE_BYTES + place.slot * self._slot_bytes + _SLOT_HEADER_BYTES
        return self._memory[start : start + place.bytes]

    def check(self, place: RingPlace) -> None:
        """Look whether a slot still holds what was announced.

        Raises
        ------
        SlotError

        """
        found = _SLOT_HEADER.unpack_from(self._memory, _PAGE_BYTES + place.slot * self._slot_bytes)
        if found == (place.generation, place.epoch, place.sequence, place.bytes):
            return
        generation, epoch, sequence, size = found
        raise SlotError(
            f"slot {place.slot} of epoch {epoch} is at generation {generation} with {size} bytes "
            f"of batch {sequence}, announced was generation {place.generation} with "
            f"{place.bytes} bytes of batch {place.sequence}"
        )


def read_boot_id() -> str | None:
    """Tell one running host from another, in containers too; None where it cannot be told."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None
