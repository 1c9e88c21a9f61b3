"""Batches that lie in shared memory: rings that are mapped, and slots that are still looked at.

docs/protocol.md, "Shared memory".
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any

from .._exceptions import ProtocolError
from .._shared_memory import RingPlace, SharedRing, SlotError, read_boot_id

__all__ = ["RingRefusedError", "SharedBatches", "offer_shared_memory"]


class RingRefusedError(Exception):
    """A ring that cannot be mapped here; its batches are to come as messages."""

    def __init__(self, epoch: int, reason: str) -> None:
        super().__init__(reason)
        self.epoch = epoch
        self.reason = reason


def offer_shared_memory() -> dict[str, Any]:
    """Fields of a HELLO that say whose memory could be shared; empty where none can."""
    boot = read_boot_id()
    return {} if boot is None else {"shared": {"boot": boot}}


class SharedBatches:
    """Slots of one stream."""

    def __init__(self) -> None:
        self._rings: dict[int, SharedRing] = {}
        self._refused = 0
        # Slots that the caller still looks at, by the number of their last batch.
        self._held: dict[int, tuple[RingPlace, weakref.ref[memoryview]]] = {}
        # Filled when the last view of a slot goes, in whichever thread that is.
        self._released: deque[int] = deque()

    def is_refused(self, payload: Mapping[str, Any]) -> bool:
        """Tell whether a BATCH names a ring that was refused before."""
        return int(payload.get("epoch", self._refused + 1)) <= self._refused

    def view(self, sequence: int, payload: Mapping[str, Any]) -> memoryview:
        """Content of the slot that a BATCH names.

        Raises
        ------
        RingRefusedError
            The first time that an epoch cannot be mapped.
        ProtocolError
            The slot does not hold what was announced.

        """
        try:
            place = RingPlace(
                int(payload["epoch"]),
                int(payload["slot"]),
                int(payload["generation"]),
                int(payload["bytes"]),
                sequence,
            )
            content = self._ring(place.epoch, payload.get("ring")).view(place)
        except (SlotError, KeyError, TypeError) as error:
            raise _slot_error(sequence, error) from error

        def release(_gone: object, released: deque[int] = self._released) -> None:
            released.append(sequence)

        self._held[sequence] = (place, weakref.ref(content, release))
        return content

    def _ring(self, epoch: int, layout: Mapping[str, Any] | None) -> SharedRing:
        if layout is None:
            return self._rings[epoch]
        try:
            ring = SharedRing(
                str(layout["path"]),
                str(layout["key"]),
                epoch,
                int(layout["slots"]),
                int(layout["slotBytes"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._refused = epoch
            raise RingRefusedError(epoch, f"the client cannot map it: {error}") from error
        # Views keep the mapping of an older one.
        self._rings = {old: ring for old, ring in self._rings.items() if self._is_held(old)}
        self._rings[epoch] = ring
        return ring

    def _is_held(self, epoch: int) -> bool:
        return any(place.epoch == epoch for place, _ in self._held.values())

    def held(self, last: int) -> list[int]:
        """Numbers up to ``last`` whose slots are still looked at; the others were read undisturbed.

        Raises
        ------
        ProtocolError
            A slot changed while it was looked at.

        """
        while self._released:
            sequence = self._released.popleft()
            place, _ = self._held.pop(sequence)
            try:
                self._rings[place.epoch].check(place)
            except SlotError as error:
                raise _slot_error(sequence, error) from error
        return [sequence for sequence in self._held if sequence <= last]

    def close(self) -> None:
        """Let go of the rings; views keep what they need."""
        self._rings = {}
        self._held = {}


def _slot_error(sequence: int, error: Exception) -> ProtocolError:
    return ProtocolError(
        f"Cannot read batch {sequence} from shared memory: {error}; its slot was given away too "
        "early or overwritten by another program: drop what was read of it, open the stream again "
        "and report this as a bug",
        code="ERR_WIRE_SLOT",
    )
