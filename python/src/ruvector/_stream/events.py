"""What a data stream carries: the same three events in every format and over every transport."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

__all__ = ["StreamEvent", "StreamGap", "StreamHello", "StreamRecord", "StreamTable"]

StreamTable: TypeAlias = Literal["memory", "process", "optimization"]


class StreamRecord(NamedTuple):
    """A record of a table.

    Attributes
    ----------
    table : str
        ``memory``, ``process`` or ``optimization``.
    sequence : int
        From 1, without holes, for each table of an epoch; what a filter leaves out keeps its
        number. 0 is a record of an earlier epoch, read from the history.
    row : dict
        Every column of the table by name; None where the host has no value or the stream leaves
        the column out. Times are datetimes in UTC.

    """

    table: StreamTable
    sequence: int
    row: dict[str, Any]


class StreamGap(NamedTuple):
    """Records that will not come.

    Attributes
    ----------
    table : str
        Whose records.
    from_sequence, to_sequence : int
        First and last number that are missing; both 0 for records of an earlier epoch.
    dropped : int
        How many records of this subscription they were; 0 when it is not known.
    reason : str
        ``overflow``: the subscriber was too slow; ``expired``: the history holds them no more.

    """

    table: StreamTable
    from_sequence: int
    to_sequence: int
    dropped: int
    reason: Literal["overflow", "expired"]


class StreamHello(NamedTuple):
    """First event of every subscription; what follows comes after its position.

    Attributes
    ----------
    epoch : str
        The server's run; sequence numbers count within it.
    tables : tuple of str
        Tables of the subscription.
    anonymized : bool
        True when names are hashed and free text is removed.
    sequences, timestamps, repeats : Mapping
        The position by table: last sequence number, last time, how many records have that time.

    """

    epoch: str
    tables: tuple[StreamTable, ...]
    anonymized: bool
    sequences: Mapping[str, int]
    timestamps: Mapping[str, datetime]
    repeats: Mapping[str, int]


StreamEvent: TypeAlias = StreamRecord | StreamGap | StreamHello
