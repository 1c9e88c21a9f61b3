"""Python side of ruvector-memopt: stream host telemetry, train, deploy models that go live at once.

>>> import ruvector
>>> with ruvector.connect() as client:  # doctest: +SKIP
...     result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())
...     ruvector.deploy(result, name="memory-pressure", client=client)
"""

from ._client import Client, connect
from ._dataset import Dataset
from ._exceptions import RuvectorError
from ._transport import BatchStream, MockTransport, Reply, Transport

__all__ = [
    "BatchStream",
    "Client",
    "Dataset",
    "MockTransport",
    "Reply",
    "RuvectorError",
    "Transport",
    "connect",
]
