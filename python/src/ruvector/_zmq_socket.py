"""One ZeroMQ socket to one endpoint: frames out, frames in, and the news that the peer is gone.

The only module that knows ZeroMQ. Heartbeats run in ZeroMQ's own thread, so a lease lives on while
Python trains and holds the GIL. A socket belongs to one thread at a time and never reconnects.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import zmq
from zmq.utils.monitor import recv_monitor_message

from ._buffer import Buffer
from ._exceptions import (
    AuthenticationError,
    ClientClosedError,
    ConnectionLostError,
    RequestCancelledError,
    RuvectorError,
    WireError,
    WireTimeoutError,
)
from ._fork import check_same_process, is_forked

__all__ = ["DEFAULT_LEASE_MS", "Curve", "ZmqSocket"]

# A daemon that is not heard of for so long is gone.
DEFAULT_LEASE_MS = 10_000

# Below this a copy is cheaper than a shared frame, and Python's own bytes are aligned.
# Of poll(): an int of C. Whoever waits longer waits again.
_LONGEST_WAIT_MS = 2**31 - 1
_COPY_BELOW_BYTES = 65536
_LINGER_MS = 250
_HOUR_MS = 3_600_000
# Who connects and does not speak ZeroMQ is given up after this.
_HANDSHAKE_MS = 10_000

_GONE_EVENTS = (
    zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CONNECT_RETRIED
    | zmq.EVENT_CLOSED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)

# Every error of pyzmq and what it means to a caller.
_ERRORS: dict[type[zmq.error.ZMQBaseError], type[RuvectorError]] = {
    zmq.error.Again: WireTimeoutError,
    zmq.error.ContextTerminated: ClientClosedError,
    zmq.error.InterruptedSystemCall: RequestCancelledError,
    zmq.error.NotDone: WireTimeoutError,
    zmq.error.ZMQBindError: WireError,
    zmq.error.ZMQError: ClientClosedError,
}


class Curve(NamedTuple):
    """Keys of CURVE (ZeroMQ RFC 26), 32 bytes each: the own pair, the public one of the peer."""

    public: bytes
    secret: bytes
    peer: bytes


class ZmqSocket:
    """A DEALER.

    Parameters
    ----------
    context : zmq.Context
        Owned by the caller.
    endpoint : str
        Address of the other side.
    peer : str
        What the other side is, for the text of errors.
    io_thread : int
        Which thread of the context moves its bytes.
    lease_ms : int
        A peer silent for this long on the ZeroMQ level is gone.
    absent : callable
        Makes the error when nothing listens at the endpoint.
    curve : Curve, optional
        Encrypt, and prove who both sides are.

    """

    def __init__(
        self,
        context: zmq.Context[Any],
        endpoint: str,
        *,
        peer: str,
        io_thread: int,
        lease_ms: int,
        absent: Callable[[str], WireError],
        curve: Curve | None = None,
    ) -> None:
        self._curve = curve
        self._refused = False
        self._proven = False
        self._endpoint = endpoint
        self._peer = peer
        self._absent = absent
        self._gone = False
        self._connected = False
        self._pid = os.getpid()
        self._socket = context.socket(zmq.DEALER)
        for option, value in (
            (zmq.AFFINITY, 1 << io_thread),
            (zmq.LINGER, _LINGER_MS),
            (zmq.SNDHWM, 0),
            # A mark here could end the process (libzmq 4364).
            (zmq.RCVHWM, 0),
            # Not -1: that would throw away what arrived before the end.
            (zmq.RECONNECT_IVL, _HOUR_MS),
            (zmq.HANDSHAKE_IVL, _HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, max(50, lease_ms // 3)),
            (zmq.HEARTBEAT_TIMEOUT, lease_ms),
            (zmq.HEARTBEAT_TTL, lease_ms),
        ):
            self._socket.set(option, value)
        if curve is not None:
            self._socket.curve_publickey, self._socket.curve_secretkey = curve[:2]
            self._socket.curve_serverkey = curve.peer
        self._monitor = self._socket.get_monitor_socket(
            _GONE_EVENTS | zmq.EVENT_CONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED
        )
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._socket.connect(endpoint)

    @property
    def _peer_name(self) -> str:
        return f'connection to {self._peer} at "{self._endpoint}"'

    @property
    def closed(self) -> bool:
        """True when it cannot be used any more."""
        return self._gone or bool(self._socket.closed)

    def is_lost(self) -> bool:
        """Tell, without waiting, whether it is closed or the other side is gone."""
        if not self.closed:
            try:
                while self._monitor.poll(0):
                    self._note(recv_monitor_message(self._monitor)["event"])
            except zmq.error.ZMQBaseError as error:
                raise self._mapped(error, f"look for {self._peer}") from error
        return self.closed

    def send(self, frames: Sequence[Buffer]) -> None:
        """Queue the frames of a message.

        Raises
        ------
        ClientClosedError

        """
        check_same_process(self._pid, self._peer_name)
        size = sum(memoryview(frame).nbytes for frame in frames)
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK, copy=size < _COPY_BELOW_BYTES)
        except zmq.error.ZMQBaseError as error:
            raise self._mapped(error, "send message") from error

    def receive(self, timeout: float | None = None) -> list[Buffer]:
        """Wait for a message; without a timeout as long as the other side lives.

        Raises
        ------
        ConnectionLostError, WireTimeoutError, ClientClosedError
            And the error of ``absent``.

        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            # What arrived before the connection ended is read first.
            was_gone = self._gone
            frames = self.receive_now()
            if frames is not None:
                return frames
            if was_gone:
                raise self._gone_error()
            self._wait(deadline)

    def receive_now(self) -> list[Buffer] | None:
        """Return the next message if it is here already, else None."""
        check_same_process(self._pid, self._peer_name)
        try:
            return self._receive_frames()
        except zmq.error.Again:
            return None
        except zmq.error.ZMQBaseError as error:
            raise self._mapped(error, "receive message") from error

    def close(self) -> None:
        """Close the sockets. Twice is once."""
        if is_forked(self._pid) or self._socket.closed:
            return
        self._poller.unregister(self._monitor)
        self._poller.unregister(self._socket)
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close()

    def _receive_frames(self) -> list[Buffer]:
        frames: list[Buffer] = [self._socket.recv(zmq.NOBLOCK)]
        while self._socket.getsockopt(zmq.RCVMORE):
            # The rest of a message is here: ZeroMQ delivers it whole.
            frame = self._socket.recv(zmq.NOBLOCK, copy=False)
            buffer = frame.buffer
            frames.append(bytes(buffer) if buffer.nbytes < _COPY_BELOW_BYTES else buffer)
        return frames

    def _wait(self, deadline: float | None) -> None:
        timeout_ms = None if deadline is None else math.ceil((deadline - time.monotonic()) * 1000)
        if timeout_ms is not None and timeout_ms <= 0:
            raise WireTimeoutError(
                f'Cannot hear from {self._peer} at "{self._endpoint}": no answer in time; '
                "see whether it is stuck"
            )
        try:
            ready = dict(self._poller.poll(timeout_ms and min(timeout_ms, _LONGEST_WAIT_MS)))
            if self._monitor in ready:
                self._note(recv_monitor_message(self._monitor)["event"])
        except zmq.error.ZMQBaseError as error:
            raise self._mapped(error, f"wait for {self._peer}") from error

    def _note(self, event: int) -> None:
        if event & _GONE_EVENTS:
            self._gone = True
            self._refused |= bool(event & zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        elif event & zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._proven = True
        else:
            self._connected = True

    def _gone_error(self) -> WireError:
        if self._curve is not None and self._connected and not self._proven:
            return self._unproven_error(self._curve)
        if self._connected:
            return ConnectionLostError(
                f'Cannot reach {self._peer} at "{self._endpoint}": the connection ended; '
                "see its log and connect again"
            )
        return self._absent(self._endpoint)

    def _unproven_error(self, curve: Curve) -> WireError:
        own, theirs = curve.public.hex(), curve.peer.hex()
        state = (
            f"it does not allow key {own}; on its host: ruvector-memopt keys allow NAME {own}"
            if self._refused
            else f"what listens there does not have key {theirs}, or asks for none; "
            "compare it with `ruvector-memopt keys list` on that host"
        )
        return AuthenticationError(
            f'Cannot connect to {self._peer} at "{self._endpoint}": {state}', code="ERR_WIRE_AUTH"
        )

    def _mapped(self, error: zmq.error.ZMQBaseError, what: str) -> RuvectorError:
        kind = next(_ERRORS[base] for base in type(error).__mro__ if base in _ERRORS)
        return kind(f'Cannot {what} at "{self._endpoint}": {error or type(error).__name__}')
