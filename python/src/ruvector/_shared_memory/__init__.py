"""Files in memory that two processes of one host have open: rings for batches, segments for values.

Not what is in them: that is the bridge's protocol, and the kernel's. Needs nothing but Python, so
that the child of a kernel has it where the rest of the package is not installed.
"""

from __future__ import annotations

from .handed_file import HandedFile
from .ring import RingPlace, SharedRing, SlotError, read_boot_id
from .segments import SegmentPool, map_shared, take_segment

__all__ = [
    "HandedFile",
    "RingPlace",
    "SegmentPool",
    "SharedRing",
    "SlotError",
    "map_shared",
    "read_boot_id",
    "take_segment",
]
