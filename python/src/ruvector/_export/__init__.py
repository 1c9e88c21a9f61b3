"""What the daemon is asked to write to files or to stream, see docs/export.md; it writes nothing.

Not the export of a model to ONNX, which is part of training (``_training``).
"""

from __future__ import annotations

from .config import ExportStats, TrainingDataStats
from .exporter import DataExporter, StreamHandle
from .options import ExportConfig, TrainingDataConfig

__all__ = [
    "DataExporter",
    "ExportConfig",
    "ExportStats",
    "StreamHandle",
    "TrainingDataConfig",
    "TrainingDataStats",
]
