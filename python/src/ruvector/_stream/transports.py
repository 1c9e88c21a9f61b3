"""Which transport an endpoint means: WebSocket, ZeroMQ or a named pipe. docs/streams.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from .._exceptions import StreamRequestError
from .pipe import PipeSource
from .source import ByteSource
from .websocket import WebSocketSource
from .zeromq import ZeromqSource

__all__ = ["open_source"]


def open_source(
    endpoint: str,
    request: Mapping[str, Any],
    *,
    token: str | None,
    timeout: float,
    ca: str | os.PathLike[str] | None = None,
) -> ByteSource:
    """Subscribe at ``ws://…``, ``wss://…``, ``tcp://…``, ``ipc://…`` or ``pipe:/path``.

    Raises
    ------
    NoDaemonError
        Nothing listens there.
    AuthenticationError, StreamRequestError, StreamServerError
        The server refuses.
    CertificateError
        The certificate of a ``wss`` server is not trusted.

    """
    if re.match(r"wss?://", endpoint):
        return WebSocketSource(endpoint, request, token=token, timeout=timeout, ca=ca)
    if re.match(r"(tcp|ipc)://", endpoint):
        return ZeromqSource(endpoint, request, token=token)
    pipe = re.match(r"pipe:(?://)?(/.+)$", endpoint)
    if pipe is None:
        raise StreamRequestError(
            f'Cannot read stream at "{endpoint}": it is no stream endpoint; use '
            "ws://127.0.0.1:9999, wss://host:9999, tcp://127.0.0.1:9999, ipc:///path or pipe:/path",
            code="ERR_WIRE_ENDPOINT",
        )
    return PipeSource(endpoint, pipe[1], request)
