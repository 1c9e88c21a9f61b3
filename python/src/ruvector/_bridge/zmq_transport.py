"""Requests to a running daemon, and batches. Threads may share it: each call has a connection."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import zmq

from .._buffer import Buffer
from .._exceptions import ClientClosedError, ProtocolError, WireError, error_from_payload
from .._fork import check_same_process, is_forked
from .._shared_memory import HandedFile
from .._versions import check_daemon_version
from .._zmq_socket import DEFAULT_LEASE_MS
from .batch_reader import BatchReader
from .bridge_file import BridgeFile
from .connection import Connection
from .keys import SealKeys, build_proof
from .protocol import PROTOCOL_VERSION, Message, MessageType
from .remote import BulkOffer, parse_bulk
from .shared_batches import offer_shared_memory
from .transport import BatchStream, Json, OnProgress, Params, Reply, Transport

__all__ = ["ZmqTransport"]

_CONTROL, _DATA = 0, 1
# Smaller attachments are sent: a file costs some system calls.
_HANDED_MIN_BYTES = 2**20
# How long the end of a cancelled request is waited for.
_END_S = 2.0


class ZmqTransport(Transport):
    """Transport over ZeroMQ.

    Parameters
    ----------
    find : callable
        Says what the endpoints and the token are: now, and whenever the daemon was lost.
    timeout : float
        Seconds for a connection and its HELLO. Calls have no limit but the daemon's life.

    """

    def __init__(self, find: Callable[[], BridgeFile], timeout: float) -> None:
        self._find = find
        self._bridge = find()
        self._timeout = timeout
        self._client_id = str(uuid.uuid4())
        self._context: zmq.Context[Any] = zmq.Context(io_threads=2)
        self._lock = threading.Lock()
        # Held to the end and never used for requests: its heartbeats are the lease.
        self._lease: Connection | None = None
        self._lease_lock = threading.Lock()
        self._idle: list[Connection] = []
        self._open_batches: weakref.WeakSet[BatchReader] = weakref.WeakSet()
        self._last_number = 0
        self._max_message_bytes = 0
        # Where batches are read; a daemon on another host says so.
        self._bulk = BulkOffer(self._bridge.data, self._bridge.token)
        self._last_bulk = 0
        self._lease_ms = DEFAULT_LEASE_MS
        # Where attachments can be handed over; the daemon says so.
        self._shared_folder: str | None = None
        self._closed = False
        self._pid = os.getpid()
        try:
            self._lease = self._connect()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"process {self._bridge.pid}"
        return f"daemon at {self._bridge.control!r}, {state}"

    def request(
        self, name: str, params: Json, attachments: Sequence[Buffer], on_progress: OnProgress | None
    ) -> Reply:
        """Send a request and wait for its reply; an interrupt ends it on the daemon."""
        payload = {"name": name, "params": params}
        handed = self._hand_over(attachments)
        if handed is not None:
            try:
                shared = {"path": handed.path, "sizes": handed.sizes}
                return self._ask({**payload, "shared": shared}, (), on_progress)
            except ProtocolError as error:
                if error.code != "ERR_WIRE_SLOT":
                    raise
                # The daemon cannot read it there, and has done nothing.
                self._shared_folder = None
            finally:
                handed.remove()
        return self._ask(payload, attachments, on_progress)

    def _ask(
        self,
        payload: Mapping[str, Any],
        attachments: Sequence[Buffer],
        on_progress: OnProgress | None,
    ) -> Reply:
        connection = self._take()
        number = self._next_number()
        try:
            connection.send(Message(MessageType.REQUEST, 0, 0, number, payload, tuple(attachments)))
            answer = _await_answer(connection, number, on_progress)
        except BaseException as error:
            self._cancel(connection, number, waits=not isinstance(error, WireError))
            raise
        self._give_back(connection)
        if answer.type is MessageType.ERROR:
            raise error_from_payload(answer.payload)
        return Reply((answer.payload or {}).get("result"), answer.attachments)

    def _hand_over(self, attachments: Sequence[Buffer]) -> HandedFile | None:
        """Put large attachments into shared memory; None when they go as messages."""
        parts = [memoryview(attachment) for attachment in attachments]
        size = sum(part.nbytes for part in parts)
        if self._shared_folder is None or not _HANDED_MIN_BYTES <= size <= self._max_message_bytes:
            return None
        try:
            return HandedFile(self._shared_folder, parts)
        except OSError:
            return None  # no room

    def stream(
        self, name: str, params: Params, window: int | None = None, timeout: float | None = None
    ) -> BatchStream:
        """Ask for batches on a connection of their own."""
        self._check_open()
        self._follow()
        with self._lock:
            # Each connection has keys of its own.
            seal = self._bulk.seal(self._last_bulk)
            self._last_bulk += 1
        connection = self._new_connection(self._bulk.endpoint, _DATA, seal)
        known = {} if self._bulk.token is None else {"token": self._bulk.token}
        hello = {**known, "client": self._client_id, "stream": name, "params": params}
        try:
            batches = BatchReader(
                connection,
                hello,
                window=window,
                timeout=timeout,
                transport=self._bulk.endpoint.partition(":")[0] if seal is None else "sealed",
                on_close=self._open_batches.discard,
            )
        except BaseException:
            connection.close()
            raise
        self._open_batches.add(batches)
        return batches

    def close(self) -> None:
        """End what is still read and close all connections."""
        self._closed = True
        if is_forked(self._pid):
            return  # the sockets are the parent's
        for batches in list(self._open_batches):
            batches.abandon(
                ClientClosedError("Cannot read on: the client is closed; connect again")
            )
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle if self._lease is None else [*idle, self._lease]:
            connection.close()
        # Requests running in other threads end with ContextTerminated.
        self._context.destroy(linger=250)

    def _credentials(self) -> dict[str, Any]:
        key = self._bridge.key
        if key is None:
            return {"token": self._bridge.token, "client": self._client_id}
        return {"key": key.public.hex(), "proof": build_proof(key), "client": self._client_id}

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("Cannot use client: it is closed; connect again")
        check_same_process(self._pid, "client")

    def _next_number(self) -> int:
        with self._lock:
            self._last_number += 1
            return self._last_number

    def _take(self) -> Connection:
        self._check_open()
        self._follow()
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_lost():
                    return connection
                connection.close()
        return self._connect()

    def _follow(self) -> None:
        """Go to the daemon that took the place of a lost one, and forget what that one said."""
        with self._lease_lock:
            self._check_open()
            if self._lease is not None:
                if not self._lease.is_lost():
                    return
                self._lease.close()
                self._lease = None
            self._bridge = self._find()
            with self._lock:
                self._bulk = BulkOffer(self._bridge.data, self._bridge.token)
                self._last_bulk = 0
                self._shared_folder = None
            self._lease = self._connect()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _connect(self) -> Connection:
        connection = self._new_connection(self._bridge.control, _CONTROL)
        number = self._next_number()
        payload = {
            "protocol": PROTOCOL_VERSION,
            **self._credentials(),
            **offer_shared_memory(),
        }
        try:
            connection.send(Message(MessageType.HELLO, correlation=number, payload=payload))
            answer = connection.receive(self._timeout)
        except BaseException:
            connection.close()
            raise
        if answer.type is not MessageType.HELLO:
            connection.close()
            raise error_from_payload(answer.payload)
        fields = answer.payload or {}
        try:
            check_daemon_version(fields.get("version"))
        except BaseException:
            connection.close()
            raise
        self._max_message_bytes = int(fields.get("maxMessageBytes", self._max_message_bytes))
        self._lease_ms = int(fields.get("leaseMs", self._lease_ms))
        if self._lease is None:
            self._bulk = parse_bulk(fields.get("bulk"), self._bridge.control) or self._bulk
            self._shared_folder = (fields.get("shared") or {}).get("folder")
        connection.max_message_bytes = self._max_message_bytes
        return connection

    def _new_connection(
        self, endpoint: str, io_thread: int, seal: SealKeys | None = None
    ) -> Connection:
        return Connection(
            self._context,
            endpoint,
            io_thread=io_thread,
            lease_ms=self._lease_ms,
            key=self._bridge.key if io_thread == _CONTROL else None,
            seal=seal,
        )

    @staticmethod
    def _cancel(connection: Connection, number: int, *, waits: bool) -> None:
        """End a request; this connection is not used again."""
        try:
            if not connection.closed:
                connection.send(Message(MessageType.CANCEL, correlation=number))
                if waits:
                    _await_end(connection, number)
        finally:
            connection.close()


def _await_end(connection: Connection, number: int) -> None:
    """Wait a moment for the answer of what was cancelled.

    Then nothing of it goes on; and a process that ends at once would take CANCEL with it.
    """
    deadline = time.monotonic() + _END_S
    with contextlib.suppress(WireError):
        while (left := deadline - time.monotonic()) > 0:
            message = connection.receive(left)
            if message.correlation == number and message.type is not MessageType.PROGRESS:
                return


def _await_answer(connection: Connection, number: int, on_progress: OnProgress | None) -> Message:
    while True:
        message = connection.receive()
        if message.type is MessageType.ERROR and message.correlation == 0:
            # Of no request: the connection is of no more use.
            raise error_from_payload(message.payload)
        if message.correlation != number:
            continue
        if message.type is not MessageType.PROGRESS:
            return message
        if on_progress is not None:
            on_progress((message.payload or {}).get("progress"))
