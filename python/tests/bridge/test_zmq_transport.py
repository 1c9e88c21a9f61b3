"""The client against a daemon written here by hand, so that it can misbehave."""

import threading
import time

import numpy as np
import pyarrow as pa
import pytest
import zmq

from ruvector import Client
from ruvector._bridge.bridge_file import BridgeFile
from ruvector._bridge.protocol import Message, MessageType, decode_message, encode_message
from ruvector._bridge.zmq_transport import ZmqTransport
from ruvector._exceptions import (
    AuthenticationError,
    ClientClosedError,
    ConnectionLostError,
    HandlerError,
    NoDaemonError,
    ProtocolError,
    WireTimeoutError,
)
from ruvector._zmq_socket import _ERRORS

SCHEMA = pa.schema([pa.field("index", pa.int64(), nullable=False)])


def batch_bytes(first, rows=10_000):
    values = np.arange(first, first + rows)
    return pa.record_batch([pa.array(values)], schema=SCHEMA).serialize().to_pybytes()


class Daemon:
    """Answers each message with what a script function returns."""

    def __init__(self, control=None, data=None):
        self.context = zmq.Context()
        self.seen = []
        self.sockets = [self.context.socket(zmq.ROUTER) for _ in range(2)]
        ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in self.sockets]
        endpoints = [f"tcp://127.0.0.1:{port}" for port in ports]
        self.bridge = BridgeFile(*endpoints, token="t", pid=1, protocol=1)
        self.scripts = [control or self.control, data]
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def control(self, message):
        if message.type is MessageType.HELLO:
            payload = {"protocol": 1, "maxMessageBytes": 1000, "leaseMs": 2000}
            return [Message(MessageType.HELLO, correlation=message.correlation, payload=payload)]
        return []

    def run(self):
        while not self.stopped.is_set():
            for socket, script in zip(self.sockets, self.scripts, strict=True):
                if socket.poll(5):
                    peer, *frames = socket.recv_multipart()
                    message = decode_message(frames)
                    self.seen.append(message)
                    for answer in script(message):
                        raw = encode_message(answer) if isinstance(answer, Message) else answer
                        socket.send_multipart([peer, *raw])

    def __enter__(self):
        return self

    def stop(self):
        self.stopped.set()
        self.thread.join()
        for socket in self.sockets:
            socket.close(0)
        self.context.term()

    def __exit__(self, *_):
        if not self.stopped.is_set():
            self.stop()


def connect(daemon, timeout=5.0):
    return Client(transport=ZmqTransport(lambda: daemon.bridge, timeout))


def hello(*rest):
    """Script of a data endpoint: HELLO, then the given messages; a BYE is answered."""

    def script(message):
        if message.type is MessageType.HELLO:
            reply = Message(
                MessageType.HELLO, 1, payload={"meta": 7}, attachments=[SCHEMA.serialize()]
            )
            return [reply, *rest]
        return [Message(MessageType.BYE, 1)] if message.type is MessageType.BYE else []

    return script


def batch(sequence, count=1, body=None):
    body = batch_bytes(sequence) * count if body is None else body
    return Message(MessageType.BATCH, 1, sequence, count, attachments=[body])


def test_zmq_socket_maps_every_error_of_pyzmq():
    kinds = [
        kind
        for kind in vars(zmq.error).values()
        if isinstance(kind, type) and issubclass(kind, zmq.error.ZMQBaseError)
    ]
    assert {kind for kind in kinds if kind is not zmq.error.ZMQBaseError} == set(_ERRORS)


def test_stream_yields_batches_checks_their_numbers_and_answers_the_bye():
    ending = [Message(MessageType.DRAIN, 1, 3), Message(MessageType.BYE, 1, 3)]
    with Daemon(data=hello(batch(1), batch(3, 2), *ending)) as daemon, connect(daemon) as client:
        stream = client.stream("x")
        assert (stream.schema, stream.meta) == (SCHEMA, 7)
        assert [one.column(0)[0].as_py() for one in stream] == [1, 3, 3]
        deadline = time.monotonic() + 5
        while daemon.seen[-1].type is not MessageType.BYE and time.monotonic() < deadline:
            time.sleep(0.01)
        acks = [m for m in daemon.seen if m.type is MessageType.ACK]
        assert acks[-1].sequence == 3
        assert daemon.seen[-1].type is MessageType.BYE
        assert list(stream) == []


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([batch(2)], "ERR_WIRE_SEQUENCE"),
        ([batch(1), batch(1)], "ERR_WIRE_SEQUENCE"),
        ([batch(1), Message(MessageType.DRAIN, 1, 2)], "ERR_WIRE_TYPE"),
        ([batch(1), Message(MessageType.BYE, 1, 2)], "ERR_WIRE_TYPE"),
        ([batch(1, body=b"not arrow")], "ERR_WIRE_BATCH"),
        ([batch(1, body=batch_bytes(1)[:-9])], "ERR_WIRE_BATCH"),
        ([Message(MessageType.BATCH, 1, 1, 1)], "ERR_WIRE_SEQUENCE"),
        ([Message(MessageType.REPLY, 1)], "ERR_WIRE_TYPE"),
        ([[b"RVB1", b""]], "ERR_WIRE_FRAME"),
    ],
)
def test_stream_refuses_what_breaks_the_protocol_and_ends(messages, code):
    with Daemon(data=hello(*messages)) as daemon, connect(daemon) as client:
        stream = client.stream("x")
        with pytest.raises(ProtocolError) as caught:
            list(stream)
        assert caught.value.code == code
        # Asked again, it does not look as if it had ended.
        with pytest.raises(ProtocolError):
            stream.read_all()


def test_stream_raises_the_error_of_its_source_after_the_batches_before_it():
    payload = {"code": "ERR_WIRE_HANDLER", "message": "the disk is gone"}
    failing = hello(batch(1), Message(MessageType.ERROR, 1, 1, payload=payload))
    with Daemon(data=failing) as daemon, connect(daemon) as client:
        stream = client.stream("x")
        assert next(stream).num_rows == 10_000
        for ask in (next, list, lambda stream: stream.read_all()):
            with pytest.raises(HandlerError, match="the disk is gone"):
                ask(stream)
        stream.close()


def test_stream_grants_its_window_and_grows_it_for_small_batches():
    small = batch(1, body=batch_bytes(1, rows=8))
    with Daemon(data=hello(small)) as daemon, connect(daemon) as client:
        with client.stream("x", window=5), client.stream("x") as stream:
            next(stream)
        credits = [m.correlation for m in daemon.seen if m.type is MessageType.HELLO]
        assert credits[-2:] == [5, 4]
        assert stream._window == 256


def test_stream_raises_a_typed_error_after_what_had_arrived_when_the_daemon_goes_away():
    with Daemon(data=hello(batch(1), batch(2))) as daemon, connect(daemon) as client:
        stream = client.stream("x")
        next(stream)
        time.sleep(0.1)
        daemon.stop()
        assert next(stream).column(0)[0].as_py() == 2
        with pytest.raises(ConnectionLostError):
            next(stream)
        with pytest.raises(ConnectionError):
            client.request("x")


def test_stream_raises_an_error_after_its_last_batch_when_the_daemon_cuts_it_short():
    gone = {"code": "ERR_WIRE_DISCONNECTED", "message": "the daemon is closing"}
    ending = [Message(MessageType.DRAIN, 1, 1), Message(MessageType.ERROR, 1, 1, payload=gone)]
    with Daemon(data=hello(batch(1), *ending)) as daemon, connect(daemon) as client:
        stream = client.stream("x")
        assert next(stream).num_rows == 10_000
        with pytest.raises(ConnectionLostError, match="closing"):
            next(stream)


def test_stream_says_that_it_waits_too_long_and_goes_on():
    def script(message):
        if message.type is MessageType.CREDIT:
            return [batch(1), Message(MessageType.DRAIN, 1, 1), Message(MessageType.BYE, 1, 1)]
        return hello()(message)

    with Daemon(data=script) as daemon, connect(daemon) as client:
        stream = client.stream("x", timeout=0.5)
        with pytest.raises(WireTimeoutError):
            next(stream)
        stream._connection.send(Message(MessageType.CREDIT, 1))
        assert [one.num_rows for one in stream] == [10_000]


def test_request_times_out_when_the_daemon_does_not_answer():
    started = time.monotonic()
    with Daemon(control=lambda _: []) as daemon, pytest.raises(WireTimeoutError):
        connect(daemon, timeout=0.2)
    assert time.monotonic() - started < 3


def test_zmq_transport_raises_an_authentication_error_when_the_token_is_refused():
    refused = {"code": "ERR_WIRE_AUTH", "message": "no"}

    def control(message):
        return [Message(MessageType.ERROR, correlation=message.correlation, payload=refused)]

    with Daemon(control=control) as daemon, pytest.raises(AuthenticationError):
        connect(daemon)


def test_zmq_transport_raises_that_there_is_no_daemon_when_nothing_listens(tmp_path):
    bridge = BridgeFile(f"ipc://{tmp_path}/none", "ipc:///none", token="t", pid=1, protocol=1)
    with pytest.raises(NoDaemonError, match="ruvector-memopt serve"):
        ZmqTransport(lambda: bridge, 5.0)


def answering(name):
    """Script of a control endpoint whose daemon says its name to each request."""

    def script(message):
        if message.type is MessageType.REQUEST:
            return [
                Message(
                    MessageType.REPLY, correlation=message.correlation, payload={"result": name}
                )
            ]
        return Daemon.control(None, message)

    return script


def ask_once_noticed(ask):
    """Ask; the end of a connection is noticed a moment late, and what is asked before is lost."""
    for _ in range(500):
        try:
            return ask("x")
        except ConnectionLostError:
            time.sleep(0.01)
    raise AssertionError("the end of the daemon is not noticed")


def test_client_goes_to_the_daemon_that_took_the_place_of_a_lost_one():
    running = []

    def find():
        if not running:
            raise NoDaemonError("Cannot find a running daemon: it is dead; start it")
        return running[-1].bridge

    first = Daemon(control=answering("first"), data=hello(batch(1)))
    running.append(first)
    with Client(transport=ZmqTransport(find, 5.0)) as client:
        assert client.request("who").result == "first"
        stream = client.stream("x")
        next(stream)
        running.clear()
        first.stop()
        with pytest.raises(ConnectionLostError):
            list(stream)
        for ask in (client.request, client.stream):
            with pytest.raises(NoDaemonError):
                ask_once_noticed(ask)
        with Daemon(control=answering("second"), data=hello(batch(1))) as second:
            running.append(second)
            assert client.request("who").result == "second"
            assert client.request("who").result == "second"
            hellos = [each for each in second.seen if each.type is MessageType.HELLO]
            assert len(hellos) == 2  # the lease, and one connection for requests
            assert next(client.stream("x")).num_rows > 0


@pytest.mark.parametrize("answers", [True, False], ids=["a daemon that ends it", "a silent one"])
def test_request_that_is_interrupted_has_ended_on_the_daemon_or_is_waited_for_a_moment(answers):
    ended = []

    def control(message):
        number = message.correlation
        if message.type is MessageType.REQUEST:
            return [Message(MessageType.PROGRESS, correlation=number, payload={"progress": 1})]
        if message.type is MessageType.CANCEL and answers:
            time.sleep(0.3)
            ended.append(number)
            payload = {"code": "ERR_WIRE_CANCELLED", "message": "cancelled"}
            return [Message(MessageType.ERROR, correlation=number, payload=payload)]
        return Daemon.control(None, message)

    def interrupt(_):
        raise KeyboardInterrupt

    with Daemon(control=control) as daemon, connect(daemon) as client:
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.request("x", on_progress=interrupt)
        assert time.monotonic() - started < 4
        assert len(ended) == answers
        assert [each.type for each in daemon.seen].count(MessageType.CANCEL) == 1


def test_close_ends_open_streams_and_refuses_what_follows():
    with Daemon(data=hello(batch(1))) as daemon:
        client = connect(daemon)
        stream = client.stream("x")
        next(stream)
        client.close()
        client.close()
        with pytest.raises(ClientClosedError, match="Cannot read on"):
            list(stream)
        with pytest.raises(ClientClosedError):
            client.request("x")
        with pytest.raises(ClientClosedError):
            client.stream("x")


def test_close_of_a_client_is_no_end_of_a_stream_that_is_being_read():
    with Daemon(data=hello(batch(1), batch(2))) as daemon:
        client = connect(daemon)
        stream = client.stream("x")
        next(stream)
        client.close()
        with pytest.raises(ClientClosedError):
            next(stream)


def test_close_of_a_stream_that_is_through_leaves_it_at_its_end():
    ending = [Message(MessageType.DRAIN, 1, 1), Message(MessageType.BYE, 1, 1)]
    with Daemon(data=hello(batch(1), *ending)) as daemon:
        client = connect(daemon)
        stream = client.stream("x")
        assert len(list(stream)) == 1
        client.close()
        assert list(stream) == []


def test_close_ends_a_request_that_waits_in_another_thread():
    with Daemon() as daemon:
        client = connect(daemon)
        threading.Timer(0.2, client.close).start()
        with pytest.raises(ClientClosedError):
            client.request("never answered")


def test_client_serves_several_threads():
    daemon_control = Daemon.control

    def control(message):
        if message.type is MessageType.REQUEST:
            payload = {"result": message.payload["params"]}
            return [Message(MessageType.REPLY, correlation=message.correlation, payload=payload)]
        return daemon_control(None, message)

    with Daemon(control=control) as daemon, connect(daemon) as client:
        results = {}
        threads = [
            threading.Thread(
                target=lambda i=i: results.update({i: client.request("echo", i).result})
            )
            for i in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {i: i for i in range(8)}
