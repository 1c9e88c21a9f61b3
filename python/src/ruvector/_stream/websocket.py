"""A data stream over WebSocket: the request as the first message, then events. docs/streams.md."""

from __future__ import annotations

import json
import os
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._buffer import Buffer
from .._exceptions import (
    AuthenticationError,
    CertificateError,
    RuvectorError,
    StreamRequestError,
    WireTimeoutError,
    error_from_payload,
)
from .source import ByteSource, lost, nothing_listens

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

__all__ = ["WebSocketSource"]

_REFUSED = (401, 403)
# What a server says that ends a stream; any other end is a loss, also one in order.
_GOING_AWAY = 1001
_MAX_MESSAGE_BYTES = 16 * 2**20
_ERROR = b'{"event":"error",'


class WebSocketSource(ByteSource):
    """A subscription over WebSocket."""

    def __init__(
        self,
        endpoint: str,
        request: Mapping[str, Any],
        *,
        ca: str | os.PathLike[str] | None = None,
        timeout: float,
        token: str | None,
    ) -> None:
        try:
            from websockets import exceptions
        except ImportError as error:
            raise StreamRequestError(
                f'Cannot read stream at "{endpoint}": the package websockets is missing; '
                "pip install websockets"
            ) from error
        self._endpoint = endpoint
        self._errors = exceptions
        self._stack = ExitStack()
        self._closed = False
        self._tls = _read_ca(ca) if endpoint.startswith("wss:") else None
        try:
            self._connection = self._connect(token, timeout)
            self._connection.send(json.dumps(request))
        except exceptions.InvalidStatus as error:
            self.close()
            raise self._refusal(error.response.status_code) from error
        except TimeoutError as error:
            self.close()
            raise WireTimeoutError(f'Cannot connect to stream at "{endpoint}": {error}') from error
        except ssl.SSLError as error:
            self.close()
            raise CertificateError(
                f'Cannot trust stream at "{endpoint}": {error}; name the certificate of its CA '
                "with ca=, or renew that of the server"
            ) from error
        except (OSError, exceptions.WebSocketException) as error:
            self.close()
            raise nothing_listens(endpoint) from error

    def receive(self, timeout: float | None) -> Buffer | None:
        """Next message."""
        try:
            message: bytes = self._connection.recv(timeout, decode=False)
        except TimeoutError as error:
            raise WireTimeoutError(
                f'Cannot hear from stream at "{self._endpoint}": nothing came in {timeout} s'
            ) from error
        except self._errors.ConnectionClosed as error:
            if self._closed or (error.rcvd is not None and error.rcvd.code == _GOING_AWAY):
                return None
            raise lost(self._endpoint, "the connection ended") from error
        if message.startswith(_ERROR):
            raise error_from_payload(json.loads(message))
        return message

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._stack.close()

    def _connect(self, token: str | None, timeout: float) -> ClientConnection:
        from websockets.sync.client import connect

        url = urlsplit(self._endpoint)
        deadline = time.monotonic() + timeout
        port = url.port or (443 if url.scheme == "wss" else 80)
        # A socket of our own never goes through a proxy of the environment.
        sock = socket.create_connection((url.hostname, port), timeout)
        sock.settimeout(None)
        self._stack.callback(sock.close)
        connection = connect(
            f"{url.scheme}://{url.netloc}/request",
            sock=sock,
            ssl=self._tls,
            compression=None,
            additional_headers={} if token is None else {"Authorization": f"Bearer {token}"},
            open_timeout=max(0.1, deadline - time.monotonic()),
            # Finds a dead connection by TCP; a reader that is busy for long may answer late.
            ping_interval=15,
            ping_timeout=None,
            close_timeout=1,
            max_size=_MAX_MESSAGE_BYTES,
        )
        return self._stack.enter_context(connection)

    def _refusal(self, status: int) -> RuvectorError:
        if status in _REFUSED:
            return AuthenticationError(
                f'Cannot subscribe at "{self._endpoint}": the server answers {status}; '
                "give its token"
            )
        return StreamRequestError(
            f'Cannot subscribe at "{self._endpoint}": the server answers {status}; '
            "is it a stream of ruvector-memopt?"
        )


def _read_ca(ca: str | os.PathLike[str] | None) -> ssl.SSLContext:
    """Trust the CAs of a file, or those of this system."""
    try:
        return ssl.create_default_context(cafile=None if ca is None else os.fspath(ca))
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(
            f'Cannot use "{ca}" for TLS: {error}; name a PEM file that this user may read'
        ) from error
