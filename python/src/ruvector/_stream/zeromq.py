"""A data stream over ZeroMQ: SUBSCRIBE, then EVENTS as far as the credit goes. docs/streams.md."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import zmq

from .._buffer import Buffer
from .._exceptions import ProtocolError, RuvectorError, WireError, error_from_payload
from .._zmq_socket import DEFAULT_LEASE_MS, ZmqSocket
from .source import ByteSource, nothing_listens

__all__ = ["ZeromqSource"]

_CREDIT_WINDOW = 16
_CREDIT_STEP = 4


class ZeromqSource(ByteSource):
    """A subscription over ZeroMQ."""

    def __init__(self, endpoint: str, request: Mapping[str, Any], *, token: str | None) -> None:
        self._endpoint = endpoint
        self._received = 0
        self._granted = _CREDIT_WINDOW
        self._context: zmq.Context[Any] = zmq.Context()
        self._socket = ZmqSocket(
            self._context,
            endpoint,
            peer="stream",
            io_thread=0,
            lease_ms=DEFAULT_LEASE_MS,
            absent=nothing_listens,
        )
        shown = {} if token is None else {"token": token}
        self._send("SUBSCRIBE", {**request, **shown, "credit": self._granted})

    def receive(self, timeout: float | None) -> Buffer | None:
        """Next message."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            kind, payload = self._frames(left)
            if kind == b"EVENTS":
                self._count()
                return payload
            if kind == b"BYE":
                return None
            if kind == b"ERROR":
                raise self._error(payload)
            if kind != b"PING":
                raise ProtocolError(
                    f'Cannot continue stream at "{self._endpoint}": {bytes(kind[:32])!r} came, '
                    "which does not belong here; update the older side",
                    code="ERR_WIRE_TYPE",
                )

    def close(self) -> None:
        """Say that nothing more is wanted, and close the socket."""
        if self._context.closed:
            return
        try:
            self._send("BYE")
        except WireError:
            pass  # the server is gone already
        finally:
            self._socket.close()
            self._context.term()

    def _frames(self, timeout: float | None) -> tuple[Buffer, Buffer]:
        frames = self._socket.receive(timeout)
        if len(frames) != 2:
            raise ProtocolError(
                f'Cannot read stream at "{self._endpoint}": a message of {len(frames)} frames '
                "came; is it a stream of ruvector-memopt?"
            )
        return frames[0], frames[1]

    def _count(self) -> None:
        self._received += 1
        limit = self._received + _CREDIT_WINDOW
        if limit - self._granted >= _CREDIT_STEP:
            self._granted = limit
            self._send("CREDIT", {"credit": limit})

    def _error(self, payload: Buffer) -> RuvectorError:
        try:
            fields = json.loads(str(payload, "utf-8"))
        except ValueError as error:
            return ProtocolError(f'Cannot read the error of "{self._endpoint}": {error}')
        return error_from_payload(fields if isinstance(fields, dict) else None)

    def _send(self, kind: str, payload: Mapping[str, Any] | None = None) -> None:
        body = b"" if payload is None else json.dumps(payload).encode()
        self._socket.send([kind.encode("ascii"), body])
