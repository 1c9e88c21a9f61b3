"""The bridge to the running daemon: its file, messages, connections, requests and batches.

Not the client that people use (``_client``), and not data streams (``_stream``), which have a
protocol of their own. Specification: docs/protocol.md
"""

from __future__ import annotations

from .bridge_file import BridgeFile
from .remote import is_remote, name_remote
from .running_daemon import daemon_finder
from .transport import BatchStream, MockTransport, OnProgress, Reply, Transport
from .zmq_transport import ZmqTransport

__all__ = [
    "BatchStream",
    "BridgeFile",
    "MockTransport",
    "OnProgress",
    "Reply",
    "Transport",
    "ZmqTransport",
    "daemon_finder",
    "is_remote",
    "name_remote",
]
