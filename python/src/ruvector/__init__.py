"""Python side of ruvector-memopt: stream host telemetry, train, deploy models that go live at once.

>>> import ruvector
>>> with ruvector.connect() as client:  # doctest: +SKIP
...     result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())
...     ruvector.deploy(result, name="memopt", client=client)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._bridge import BatchStream, MockTransport, Reply, Transport
from ._client import Client, Dataset, Decision, connect
from ._exceptions import RuvectorError
from ._identity import DISTRIBUTION, VERSION

if TYPE_CHECKING:
    from . import events, trainers
    from ._engines import fit, search
    from ._export import (
        DataExporter,
        ExportConfig,
        ExportStats,
        StreamHandle,
        TrainingDataConfig,
        TrainingDataStats,
    )
    from ._report import Report
    from ._search import Leaderboard, LeaderboardRow, SearchResult
    from ._stream import (
        DataStream,
        MemorySnapshot,
        OptimizationEvent,
        ProcessRecord,
        StreamGap,
        StreamHello,
        StreamPosition,
        StreamRecord,
        Subscription,
    )
    from ._training import (
        Deployment,
        FitResult,
        OnnxModel,
        ParityReport,
        create_estimator,
        deploy,
        export_onnx,
    )

__distribution__ = DISTRIBUTION
__version__ = VERSION

# Imported on first use: they take seconds that streaming does not need.
_LAZY = {
    "DataExporter": "_export",
    "DataStream": "_stream",
    "Deployment": "_training",
    "ExportConfig": "_export",
    "ExportStats": "_export",
    "FitResult": "_training",
    "Leaderboard": "_search",
    "LeaderboardRow": "_search",
    "MemorySnapshot": "_stream",
    "OnnxModel": "_training",
    "OptimizationEvent": "_stream",
    "ParityReport": "_training",
    "ProcessRecord": "_stream",
    "Report": "_report",
    "SearchResult": "_search",
    "StreamGap": "_stream",
    "StreamHandle": "_export",
    "StreamHello": "_stream",
    "StreamPosition": "_stream",
    "StreamRecord": "_stream",
    "Subscription": "_stream",
    "TrainingDataConfig": "_export",
    "TrainingDataStats": "_export",
    "create_estimator": "_training",
    "deploy": "_training",
    "export_onnx": "_training",
    "fit": "_engines",
    "search": "_engines",
}

__all__ = [
    "BatchStream",
    "Client",
    "DataExporter",
    "DataStream",
    "Dataset",
    "Decision",
    "Deployment",
    "ExportConfig",
    "ExportStats",
    "FitResult",
    "Leaderboard",
    "LeaderboardRow",
    "MemorySnapshot",
    "MockTransport",
    "OnnxModel",
    "OptimizationEvent",
    "ParityReport",
    "ProcessRecord",
    "Reply",
    "Report",
    "RuvectorError",
    "SearchResult",
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
    "events",
    "export_onnx",
    "fit",
    "search",
    "trainers",
]


def __getattr__(name: str) -> object:
    if name in ("events", "trainers"):
        return importlib.import_module(f".{name}", __name__)
    if name not in _LAZY:
        raise AttributeError(f'Cannot find "{name}" in ruvector: there is no such name')
    return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
