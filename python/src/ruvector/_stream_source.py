"""Where the bytes of a data stream come from: a seam and its three doors. docs/streams.md."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ._exceptions import ConnectionLostError, NoDaemonError, StreamRequestError
from ._protocol import Buffer

__all__ = ["StreamSource", "lost", "nothing_listens", "open_source"]


class StreamSource(ABC):
    """Bytes of one subscription.

    Attributes
    ----------
    whole_messages : bool
        True when each piece is a message of its own, False for a stream of bytes.

    """

    whole_messages: bool = True

    @abstractmethod
    def receive(self, timeout: float | None) -> Buffer | None:
        """Next piece, or None when the server ended the stream.

        Raises
        ------
        WireTimeoutError
            Nothing came in ``timeout`` seconds; it may be asked again.
        ConnectionLostError
            The server went away without an end.
        RuvectorError
            What the server answered.

        """

    @abstractmethod
    def close(self) -> None:
        """Leave. Twice is once."""


def open_source(
    endpoint: str, request: Mapping[str, Any], *, token: str | None, timeout: float
) -> StreamSource:
    """Subscribe at an endpoint: ``ws://…``, ``tcp://…``, ``ipc://…`` or ``pipe:/path``.

    Raises
    ------
    NoDaemonError
        Nothing listens there.
    AuthenticationError, StreamRequestError, StreamServerError
        The server refuses.

    """
    if re.match(r"wss?://", endpoint):
        from ._stream_websocket import WebSocketSource

        return WebSocketSource(endpoint, request, token=token, timeout=timeout)
    if re.match(r"(tcp|ipc)://", endpoint):
        from ._stream_zeromq import ZeromqSource

        return ZeromqSource(endpoint, request, token=token)
    pipe = re.match(r"pipe:(?://)?(/.+)$", endpoint)
    if pipe is None:
        raise StreamRequestError(
            f'Cannot read stream at "{endpoint}": it is no stream endpoint; use '
            "ws://127.0.0.1:9999, tcp://127.0.0.1:9999, ipc:///path or pipe:/path",
            code="ERR_WIRE_ENDPOINT",
        )
    from ._stream_pipe import PipeSource

    return PipeSource(endpoint, pipe[1], request)


def nothing_listens(endpoint: str) -> NoDaemonError:
    """Build the error of a server that is not there."""
    return NoDaemonError(
        f'Cannot connect to stream at "{endpoint}": nothing listens there; serve it with '
        "`ruvector-memopt export --stream` or DataExporter.start_stream()"
    )


def lost(endpoint: str, state: str) -> ConnectionLostError:
    """Build the error of a server that was there and is gone."""
    return ConnectionLostError(
        f'Cannot continue stream at "{endpoint}": {state}; subscribe again with '
        "after=subscription.position when the server is back"
    )
