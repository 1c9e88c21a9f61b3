"""Data streams, read: three transports, four formats, one subscription, see docs/streams.md.

Not the batches of the bridge, which a client streams (``_bridge``), and not the serving side, which
is the daemon's: ``_export`` asks for it.
"""

from __future__ import annotations

from .data_stream import DataStream
from .events import StreamGap, StreamHello, StreamRecord
from .progress import StreamPosition
from .rows import MemorySnapshot, OptimizationEvent, ProcessRecord
from .subscription import Subscription

__all__ = [
    "DataStream",
    "MemorySnapshot",
    "OptimizationEvent",
    "ProcessRecord",
    "StreamGap",
    "StreamHello",
    "StreamPosition",
    "StreamRecord",
    "Subscription",
]
