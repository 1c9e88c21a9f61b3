"""Files in memory that two processes of one host have open: rings of slots.

Not what is in them: that is the bridge's protocol. Needs nothing but Python.
"""

from __future__ import annotations

from .ring import RingPlace, SharedRing, SlotError, read_boot_id

__all__ = ["RingPlace", "SharedRing", "SlotError", "read_boot_id"]
