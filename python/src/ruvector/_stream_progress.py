"""How far a subscriber has come, by which a new connection continues. As stream-progress.ts."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from ._stream_events import StreamEvent, StreamGap, StreamHello, StreamRecord

__all__ = ["StreamPosition", "StreamProgress"]


class StreamPosition(TypedDict):
    """Where a subscriber stopped: plain JSON, to be kept and given to ``after``.

    Attributes
    ----------
    epoch : str
        The server's run; sequence numbers count within it.
    sequences : dict
        Last sequence number seen, by table.
    timestamps : dict
        Time of the last record seen in ms since the epoch, by table: what counts in another epoch.
    repeats : dict
        How many records with that time were seen, by table.

    """

    epoch: str
    sequences: dict[str, int]
    timestamps: dict[str, int]
    repeats: dict[str, int]


class StreamProgress:
    """The position of one subscriber, and the test that no record comes twice."""

    def __init__(self, start: StreamPosition | None = None) -> None:
        self._epoch = start["epoch"] if start else None
        self._sequences: dict[str, int] = dict(start["sequences"]) if start else {}
        self._times: dict[str, int | datetime] = dict(start["timestamps"]) if start else {}
        self._repeats: dict[str, int] = dict(start.get("repeats", {})) if start else {}

    @property
    def position(self) -> StreamPosition | None:
        """None before the first hello."""
        if self._epoch is None:
            return None
        return {
            "epoch": self._epoch,
            "sequences": dict(self._sequences),
            "timestamps": {table: _to_ms(time) for table, time in self._times.items()},
            "repeats": dict(self._repeats),
        }

    def note(self, event: StreamEvent) -> bool:
        """Take an event; False for a record that was seen before."""
        if isinstance(event, StreamRecord):
            return self.note_row(event.table, event.sequence, event.row["timestamp"])
        if isinstance(event, StreamHello):
            self._note_hello(event)
        else:
            self._note_gap(event)
        return True

    def note_row(self, table: str, sequence: int, time: datetime) -> bool:
        """Take a record; False when it was seen before."""
        if 0 < sequence <= self._sequences.get(table, 0):
            return False
        self._sequences[table] = sequence
        if not _is_same(time, self._times.get(table)):
            self._repeats[table] = 1
        elif table in self._repeats:
            self._repeats[table] += 1
        self._times[table] = time
        return True

    def _note_hello(self, hello: StreamHello) -> None:
        self._epoch = hello.epoch
        self._sequences = {**hello.sequences}
        self._times = {**self._times, **hello.timestamps}
        # Without a count all records of that time were seen: they were published before.
        self._repeats = {**hello.repeats}

    def _note_gap(self, gap: StreamGap) -> None:
        seen = self._sequences.get(gap.table, 0)
        self._sequences[gap.table] = max(seen, gap.to_sequence)


def _to_ms(time: int | datetime) -> int:
    return round(time.timestamp() * 1000) if isinstance(time, datetime) else time


def _is_same(time: datetime, before: int | datetime | None) -> bool:
    return time == before if isinstance(before, datetime) else _to_ms(time) == before
