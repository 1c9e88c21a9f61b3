"""Record batches of a data stream in Arrow, without a row ever becoming an object."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from .arrow import ArrowCodec
from .decoder import FrameDecoder
from .events import StreamEvent
from .progress import StreamProgress

__all__ = ["BatchDecoder", "StreamPart", "table_of", "take_batch"]

StreamPart: TypeAlias = "pa.RecordBatch | StreamEvent"


class BatchDecoder:
    """Bytes into record batches of records, and into the events that are none."""

    def __init__(self) -> None:
        self._codec = ArrowCodec()
        self._decoder: FrameDecoder[pa.RecordBatch] = self._codec.create_batch_decoder()

    def push(self, data: Any) -> list[StreamPart]:  # noqa: ANN401  any buffer
        """Take the next bytes, or a whole message."""
        parts: list[StreamPart] = []
        for batch in self._decoder.push(data):
            parts += [batch] if table_of(batch) else self._events(batch)
        return parts

    def end(self) -> None:
        """Say that no more bytes come."""
        self._decoder.end()

    def _events(self, batch: pa.RecordBatch) -> list[StreamEvent]:
        """Events are few: once more through the codec that checks them."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return self._codec.decode(sink.getvalue().to_pybytes())


def table_of(batch: pa.RecordBatch) -> str:
    """Name of the table whose records a batch holds; empty for a hello and for gaps."""
    metadata = batch.schema.metadata or {}
    name: bytes = metadata.get(b"ruvector.table", b"")
    return name.decode()


def take_batch(progress: StreamProgress, part: StreamPart) -> pa.RecordBatch | None:
    """Note a batch; gives what of it was not seen before."""
    if not isinstance(part, pa.RecordBatch):
        progress.note(part)
        return None
    table = table_of(part)
    sequences = part.column("sequence").to_numpy()
    seen = (sequences > 0) & (sequences <= progress.sequence_of(table))
    # Numbers of a table only grow: what was seen is in front.
    fresh = part.slice(int(np.count_nonzero(seen)))
    if fresh.num_rows == 0:
        return None
    times = fresh.column("timestamp").cast(pa.int64()).to_numpy()
    same = int(np.argmax(times[::-1] != times[-1])) or len(times)
    progress.note_rows(table, int(sequences[-1]), int(times[-1]), same)
    return fresh
