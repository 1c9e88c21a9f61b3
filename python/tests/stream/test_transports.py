"""The three doors of a stream, against servers written here by hand so that they can misbehave."""

import json
import os
import threading
import time

import pytest
import zmq
from websockets.sync.server import serve

from ruvector._exceptions import (
    AuthenticationError,
    ConnectionLostError,
    NoDaemonError,
    ProtocolError,
    StreamRequestError,
    WireTimeoutError,
)
from ruvector._stream.transports import open_source

REQUEST = {"tables": ["memory"], "format": "jsonlines"}
REFUSED = {"code": "ERR_WIRE_STREAM_REQUEST", "message": "no such column"}


def open_at(endpoint, request=REQUEST, token=None):
    return open_source(endpoint, request, token=token, timeout=2.0)


# WebSocket


class WebSocketServer:
    """Sends each subscriber what a script gives: messages, then a close code."""

    def __init__(self, messages=(), code=1001, token=None):
        self.requests = []
        self.messages, self.code, self.token = messages, code, token
        self.server = serve(self.handle, "127.0.0.1", 0, process_request=self.check)
        port = self.server.socket.getsockname()[1]
        self.endpoint = f"ws://127.0.0.1:{port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def check(self, connection, request):
        assert request.path == "/request"
        shown = request.headers.get("Authorization")
        if self.token is not None and shown != f"Bearer {self.token}":
            return connection.respond(401, "")
        return None

    def handle(self, connection):
        self.requests.append(json.loads(connection.recv()))
        for message in self.messages:
            connection.send(message)
        if self.code is None:
            connection.socket.close()
        else:
            connection.close(self.code)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()


def test_websocket_sends_the_request_and_gives_messages_until_the_end(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with WebSocketServer(["a\n", b"\x01"]) as server:
        source = open_at(server.endpoint)
        assert source.whole_messages
        assert [source.receive(2), source.receive(2), source.receive(2)] == [b"a\n", b"\x01", None]
        assert server.requests == [REQUEST]
        source.close()
        source.close()


def test_websocket_shows_its_token_and_hears_that_it_is_wrong():
    with WebSocketServer([b"x"], token="secret") as server:
        with pytest.raises(AuthenticationError, match="answers 401"):
            open_at(server.endpoint, token="guess")
        source = open_at(server.endpoint, token="secret")
        assert source.receive(2) == b"x"
        source.close()


def test_websocket_raises_the_error_of_the_server():
    with WebSocketServer(
        [json.dumps({"event": "error", **REFUSED}, separators=(",", ":"))]
    ) as server:
        source = open_at(server.endpoint)
        with pytest.raises(StreamRequestError, match="no such column"):
            source.receive(2)
        source.close()


@pytest.mark.parametrize("code", [None, 1000, 1011])
def test_websocket_without_an_end_is_lost(code):
    with WebSocketServer([b"x"], code) as server:
        source = open_at(server.endpoint)
        assert source.receive(2) == b"x"
        with pytest.raises(ConnectionLostError, match="the connection ended"):
            source.receive(2)
        source.close()


# ZeroMQ


class RouterServer:
    """Answers SUBSCRIBE with given messages and keeps what it is sent."""

    def __init__(self, *answers):
        self.answers = answers
        self.seen = []
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            if self.socket.poll(5):
                peer, kind, payload = self.socket.recv_multipart()
                self.seen.append((kind.decode(), json.loads(payload) if payload else None))
                if kind == b"SUBSCRIBE":
                    for answer in self.answers:
                        self.socket.send_multipart([peer, *answer])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.socket.close()
        self.context.term()

    def until(self, kind):
        deadline = time.monotonic() + 5
        while kind not in [seen for seen, _ in self.seen] and time.monotonic() < deadline:
            time.sleep(0.01)
        return [payload for seen, payload in self.seen if seen == kind]


def test_zeromq_subscribes_reads_grants_credit_and_says_bye():
    events = [(b"EVENTS", b"%d" % i) for i in range(9)]
    with RouterServer((b"PING", b""), *events, (b"BYE", b"")) as server:
        source = open_at(server.endpoint, token="secret")
        assert [bytes(source.receive(2)) for _ in events] == [payload for _, payload in events]
        assert source.receive(2) is None
        source.close()
        source.close()
        assert server.until("SUBSCRIBE") == [{**REQUEST, "token": "secret", "credit": 16}]
        assert server.until("BYE") == [None]
        assert server.until("CREDIT") == [{"credit": 20}, {"credit": 24}]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((b"ERROR", json.dumps(REFUSED).encode()), StreamRequestError, "ERR_WIRE_STREAM_REQUEST"),
        ((b"ERROR", b"{"), ProtocolError, "ERR_WIRE_FRAME"),
        ((b"ERROR", b"[]"), Exception, "ERR_WIRE_HANDLER"),
        ((b"NEWS", b""), ProtocolError, "ERR_WIRE_TYPE"),
        ((b"EVENTS",), ProtocolError, "ERR_WIRE_FRAME"),
    ],
)
def test_zeromq_raises_what_the_server_answers(answer, kind, code):
    with RouterServer(answer) as server:
        source = open_at(server.endpoint)
        with pytest.raises(kind) as caught:
            source.receive(2)
        assert caught.value.code == code
        source.close()


def test_zeromq_waits_as_long_as_it_is_told():
    with RouterServer() as server:
        source = open_at(server.endpoint)
        with pytest.raises(WireTimeoutError):
            source.receive(0.05)
        source.close()


def test_zeromq_whose_server_goes_is_lost():
    with RouterServer((b"EVENTS", b"x")) as server:
        source = open_at(server.endpoint)
        assert source.receive(2) == b"x"
    with pytest.raises(ConnectionLostError):
        source.receive(5)
    source.close()


def test_open_source_raises_that_there_is_no_daemon_and_how_to_serve_when_nothing_listens(tmp_path):
    with pytest.raises(NoDaemonError, match="export --stream"):
        open_at("ws://127.0.0.1:1")
    with pytest.raises(NoDaemonError, match="start_stream"):
        open_at(f"pipe:{tmp_path}/none")
    source = open_at("tcp://127.0.0.1:1")
    with pytest.raises(NoDaemonError, match="nothing listens"):
        source.receive(5)
    source.close()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9999", "http://127.0.0.1", "pipe:relative", ""])
def test_open_source_refuses_what_is_no_endpoint_with_examples(endpoint):
    with pytest.raises(StreamRequestError, match="use ws://127") as caught:
        open_at(endpoint)
    assert caught.value.code == "ERR_WIRE_ENDPOINT"


# Named pipe


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "stream.pipe"
    os.mkfifo(path)
    return path


def test_pipe_gives_bytes_until_its_server_removes_it(pipe):
    source = open_at(f"pipe:{pipe}")
    assert not source.whole_messages
    with pytest.raises(WireTimeoutError):
        source.receive(0.01)
    with pipe.open("wb", buffering=0) as server:
        server.write(b"one")
        assert source.receive(2) == b"one"
        server.write(b"two")
    pipe.unlink()
    assert [source.receive(2), source.receive(2), source.receive(2)] == [b"two", None, None]
    source.close()


def test_pipe_that_stays_without_a_writer_is_lost(pipe):
    source = open_at(f"pipe://{pipe}")
    pipe.open("wb").close()
    with pytest.raises(ConnectionLostError, match="nobody writes"):
        source.receive(2)
    source.close()


def test_pipe_refuses_what_only_its_server_decides_and_what_is_no_pipe(pipe, tmp_path):
    with pytest.raises(StreamRequestError, match="filters, overflow"):
        open_at(f"pipe:{pipe}", {"filters": ["a>1"], "overflow": "block"})
    (tmp_path / "file").write_text("x")
    with pytest.raises(StreamRequestError, match="no named pipe"):
        open_at(f"pipe:{tmp_path}/file")
