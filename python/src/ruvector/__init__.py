"""Python side of ruvector-memopt: stream host telemetry, train, deploy models that go live at once.

>>> import ruvector
>>> with ruvector.connect() as client:  # doctest: +SKIP
...     result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())
...     ruvector.deploy(result, name="memopt", client=client)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._client import Client, connect
from ._dataset import Dataset
from ._exceptions import RuvectorError
from ._identity import DISTRIBUTION, VERSION
from ._transport import BatchStream, MockTransport, Reply, Transport

if TYPE_CHECKING:
    from ._data_stream import DataStream
    from ._deploy import Deployment, deploy
    from ._estimators import create_estimator
    from ._export_config import ExportConfig, ExportStats, TrainingDataConfig, TrainingDataStats
    from ._exporter import DataExporter, StreamHandle
    from ._fit import FitResult, fit
    from ._onnx import OnnxModel, export_onnx
    from ._parity import ParityReport
    from ._stream_events import StreamGap, StreamHello, StreamRecord
    from ._stream_progress import StreamPosition
    from ._stream_rows import MemorySnapshot, OptimizationEvent, ProcessRecord
    from ._subscription import Subscription

__distribution__ = DISTRIBUTION
__version__ = VERSION

# Imported on first use: they take seconds that streaming does not need.
_LAZY = {
    "DataExporter": "_exporter",
    "DataStream": "_data_stream",
    "Deployment": "_deploy",
    "ExportConfig": "_export_config",
    "ExportStats": "_export_config",
    "FitResult": "_fit",
    "MemorySnapshot": "_stream_rows",
    "OnnxModel": "_onnx",
    "OptimizationEvent": "_stream_rows",
    "ParityReport": "_parity",
    "ProcessRecord": "_stream_rows",
    "StreamGap": "_stream_events",
    "StreamHandle": "_exporter",
    "StreamHello": "_stream_events",
    "StreamPosition": "_stream_progress",
    "StreamRecord": "_stream_events",
    "Subscription": "_subscription",
    "TrainingDataConfig": "_export_config",
    "TrainingDataStats": "_export_config",
    "create_estimator": "_estimators",
    "deploy": "_deploy",
    "export_onnx": "_onnx",
    "fit": "_fit",
}

__all__ = [
    "BatchStream",
    "Client",
    "DataExporter",
    "DataStream",
    "Dataset",
    "Deployment",
    "ExportConfig",
    "ExportStats",
    "FitResult",
    "MemorySnapshot",
    "MockTransport",
    "OnnxModel",
    "OptimizationEvent",
    "ParityReport",
    "ProcessRecord",
    "Reply",
    "RuvectorError",
    "StreamGap",
    "StreamHandle",
    "StreamHello",
    "StreamPosition",
    "StreamRecord",
    "Subscription",
    "TrainingDataConfig",
    "TrainingDataStats",
    "Transport",
    "connect",
    "create_estimator",
    "deploy",
    "export_onnx",
    "fit",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f'Cannot find "{name}" in ruvector: there is no such name')
    return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
