"""One connection to one endpoint of the daemon: messages of the bridge out and in.

It never reconnects: a new daemon knows nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import zmq

from .._buffer import Buffer
from .._exceptions import MessageTooLargeError, NoDaemonError, SealError, WireTimeoutError
from .._zmq_socket import Curve, ZmqSocket
from .keys import ClientKey, SealKeys
from .protocol import Message, MessageType, decode_message, encode_message

__all__ = ["Connection"]

_INITIAL_MAX_BYTES = 2**20
# The daemon says at once that it has accepted HELLO, whatever its source takes: within a lease, but
# at least so long.
_MIN_FIRST_MESSAGE_S = 3.0
# It asks every third lease whether its clients are there.
_SILENT_LEASES = 7


class Connection:
    """Messages over a socket.

    Parameters
    ----------
    context : zmq.Context
        Owned by the transport.
    endpoint : str
        Address of the daemon.
    io_thread : int
        0 for control, 1 for data: bulk never delays a reply.
    lease_ms : int
        A daemon silent for this long on the ZeroMQ level is gone.
    key : ClientKey, optional
        Connect by CURVE, to a daemon on another host.
    seal : SealKeys, optional
        Messages are sealed.

    """

    def __init__(
        self,
        context: zmq.Context[Any],
        endpoint: str,
        *,
        lease_ms: int,
        io_thread: int,
        key: ClientKey | None = None,
        seal: SealKeys | None = None,
    ) -> None:
        self._sealer = self._opener = None
        self._lease_ms = lease_ms
        self._silence = max(_MIN_FIRST_MESSAGE_S, lease_ms / 1000)
        if seal is not None:
            from .seal import Direction, Opener, Sealer

            self._sealer = Sealer(seal, Direction.TO_DAEMON)
            self._opener = Opener(seal, Direction.TO_CLIENT)
        self.max_message_bytes = _INITIAL_MAX_BYTES
        self._socket = ZmqSocket(
            context,
            endpoint,
            peer="daemon",
            io_thread=io_thread,
            lease_ms=lease_ms,
            absent=_no_daemon,
            curve=None if key is None else Curve(key.public, key.secret, key.daemon),
        )

    @property
    def closed(self) -> bool:
        """True when it cannot be used any more."""
        return self._socket.closed

    def is_lost(self) -> bool:
        """Tell, without waiting, whether it is closed or the daemon is gone."""
        return self._socket.is_lost()

    def send(self, message: Message) -> None:
        """Queue a message.

        Raises
        ------
        MessageTooLargeError
            Before anything is sent.
        ClientClosedError

        """
        frames = encode_message(message)
        size = sum(memoryview(frame).nbytes for frame in frames)
        if size > self.max_message_bytes:
            raise MessageTooLargeError(
                f"Cannot send message: it has {size} bytes, the daemon takes "
                f"{self.max_message_bytes}; send it in parts",
                details={"sizeBytes": size, "maxMessageBytes": self.max_message_bytes},
            )
        self._socket.send(frames if self._sealer is None else self._sealer.seal(frames))

    def receive(self, timeout: float | None = None) -> Message:
        """Wait for a message; without a timeout as long as the daemon lives.

        Raises
        ------
        ConnectionLostError, NoDaemonError, WireTimeoutError, ProtocolError, ClientClosedError

        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            message = self._decode(self._receive_frames(left))
            if not self._is_probe(message):
                return message

    def receive_now(self) -> Message | None:
        """Return the next message if it is here already, else None."""
        while True:
            frames = self._socket.receive_now()
            if frames is None:
                return None
            message = self._decode(frames)
            if not self._is_probe(message):
                return message

    def _receive_frames(self, left: float | None) -> list[Buffer]:
        """Wait; on a sealed connection the daemon says at times that it is there."""
        if self._opener is None:
            return self._socket.receive(left)
        limit = self._silence
        try:
            frames = self._socket.receive(limit if left is None else min(left, limit))
        except WireTimeoutError as error:
            if left is not None and left < limit:
                raise
            self.close()
            raise SealError(
                f"Cannot open sealed message: none came in {limit:g} s; somebody on the way "
                "withholds messages: nothing of it was used, connect again",
                code="ERR_WIRE_REPLAYED",
            ) from error
        self._silence = _SILENT_LEASES * self._lease_ms / 1000
        return frames

    def _is_probe(self, message: Message) -> bool:
        """Tell whether it is the daemon's question if we are still here.

        ZeroMQ has answered it; a sealed one is answered, so that a withheld message shows by the
        number of the next one.
        """
        is_probe = message.type is MessageType.PROBE
        if is_probe and self._sealer is not None:
            self.send(message)
        return is_probe

    def _decode(self, frames: Sequence[Buffer]) -> Message:
        return decode_message(frames if self._opener is None else self._opener.open(frames))

    def close(self) -> None:
        """Close the sockets. Twice is once."""
        self._socket.close()


def _no_daemon(endpoint: str) -> NoDaemonError:
    return NoDaemonError(
        f'Cannot connect to daemon at "{endpoint}": nothing listens there; '
        "start it with `ruvector-memopt serve`"
    )
