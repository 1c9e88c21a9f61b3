"""How far a subscriber has come, by which a new connection continues. As stream-progress.ts."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from .events import StreamEvent, StreamGap, StreamHello, StreamRecord, StreamTable

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
            if 0 < event.sequence <= self.sequence_of(event.table):
                return False
            self.note_rows(event.table, event.sequence, event.row["timestamp"], 1)
            return True
        if isinstance(event, StreamHello):
            self._note_hello(event)
        else:
            self._note_gap(event)
        return True

    def sequence_of(self, table: str) -> int:
        """Last sequence number seen of a table."""
        return self._sequences.get(table, 0)

    def note_rows(self, table: str, sequence: int, time: datetime | int, same: int) -> None:
        """Take the last of some records: its number, its time, and how many have that time."""
        self._sequences[table] = sequence
        if not _is_same(time, self._times.get(table)):
            self._repeats[table] = same
        elif table in self._repeats:
            self._repeats[table] += same
        self._times[table] = time

    def missed(self, hello: StreamHello) -> list[StreamGap]:
        """Gaps between this position and the one a new connection begins at.

        A server that was given this position begins there; a pipe begins where it is.
        """
        if self._epoch is None:
            return []
        gaps = [self._missed(table, hello) for table in hello.tables]
        return [gap for gap in gaps if gap is not None]

    def _missed(self, table: StreamTable, hello: StreamHello) -> StreamGap | None:
        seen, begins = self.sequence_of(table), hello.sequences.get(table, 0)
        if hello.epoch == self._epoch:
            is_known = table in self._sequences and begins > seen
            return StreamGap(table, seen + 1, begins, 0, "expired") if is_known else None
        time = self._times.get(table)
        if time is None or _is_same(time, hello.timestamps.get(table)):
            return None
        return StreamGap(table, 0, 0, 0, "expired")

    def _note_hello(self, hello: StreamHello) -> None:
        # A pipe that is served again in the same run may begin before: what was seen stays seen.
        seen = self._sequences if hello.epoch == self._epoch else {}
        self._epoch = hello.epoch
        self._sequences = {
            table: max(number, seen.get(table, 0)) for table, number in hello.sequences.items()
        }
        self._times = {**self._times, **hello.timestamps}
        # Without a count all records of that time were seen: they were published before.
        self._repeats = {**hello.repeats}

    def _note_gap(self, gap: StreamGap) -> None:
        seen = self._sequences.get(gap.table, 0)
        self._sequences[gap.table] = max(seen, gap.to_sequence)


def _to_ms(time: int | datetime) -> int:
    return round(time.timestamp() * 1000) if isinstance(time, datetime) else time


def _is_same(time: int | datetime, before: int | datetime | None) -> bool:
    if type(time) is type(before):
        return time == before
    return before is not None and _to_ms(time) == _to_ms(before)
