"""Subscriptions over connections made of lists, so that every ending can be tried."""

import gc
import math
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest

from ruvector import StreamGap, StreamRecord, Subscription
from ruvector._exceptions import (
    ConnectionLostError,
    NoDaemonError,
    ProtocolError,
    StreamRequestError,
    WireTimeoutError,
)
from ruvector._stream.events import StreamHello
from ruvector._stream.progress import StreamProgress

MONDAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
MONDAY_MS = round(MONDAY.timestamp() * 1000)


def hello(sequence=0, epoch="e1", **position):
    return StreamHello(epoch, ("memory",), True, {"memory": sequence}, {}, {}, **position)


def record(sequence, ms=None, table="memory"):
    time = MONDAY + timedelta(milliseconds=sequence if ms is None else ms)
    return StreamRecord(table, sequence, {"timestamp": time, "n": sequence})


class Server:
    """Gives each connection its own script: lists of events, errors to raise, None for the end."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.asked = []
        self.open = 0

    def connect(self, after):
        self.asked.append(after)
        script = self.scripts.pop(0) if self.scripts else NoDaemonError("nothing listens")
        if isinstance(script, Exception):
            raise script
        self.open += 1
        return ScriptedConnection(self, list(script))


class ScriptedConnection:
    def __init__(self, server, script):
        self.server, self.script = server, script
        self.closed = False

    def receive(self, timeout):
        if not self.script:
            time.sleep(min(timeout, 0.02))
            raise WireTimeoutError("nothing came")
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self):
        if not self.closed:
            self.closed = True
            self.server.open -= 1


def take(progress, event):
    return event.row["n"] if progress.note(event) and isinstance(event, StreamRecord) else None


def subscribe(server, **options):
    given = {"after": None, "timeout": None, "reconnect": 0.3, "on_gap": None, **options}
    return Subscription(server.connect, take, **given)


LOST = ConnectionLostError("the connection ended")


def test_subscription_gives_items_in_order_until_the_server_ends_the_stream():
    server = Server([[hello()], [record(1), record(2)], [], [record(3)], None])
    assert list(subscribe(server, reconnect=0)) == [1, 2, 3]
    assert server.open == 0


def test_subscription_has_a_position_and_a_hello_before_its_first_item():
    subscription = subscribe(Server([[hello(4)]]))
    assert subscription.hello.anonymized
    assert subscription.position["sequences"] == {"memory": 4}


def test_subscription_connects_again_after_the_last_item_when_it_lost_its_connection():
    server = Server(
        [[hello()], [record(1), record(2)], LOST],
        NoDaemonError("not yet"),
        [[hello(2)], [record(3)], None],
    )
    assert list(subscribe(server)) == [1, 2, 3]
    first, second, third = server.asked[:3]
    assert first is None
    assert second == third
    assert second == {
        "epoch": "e1",
        "sequences": {"memory": 2},
        "timestamps": {"memory": MONDAY_MS + 2},
        "repeats": {"memory": 1},
    }


def test_subscription_gives_no_record_twice():
    server = Server([[hello()], [record(1), record(2)], LOST], [[hello(0)], [record(1)], None])
    server.scripts[1][0] = [hello(2)]
    assert list(subscribe(server)) == [1, 2]


def test_subscription_raises_that_its_server_is_lost_after_what_had_arrived():
    server = Server([[hello()], [record(1)], LOST])
    subscription = subscribe(server, reconnect=0.1)
    assert next(subscription) == 1
    with pytest.raises(ConnectionLostError, match="the connection ended"):
        next(subscription)
    # Who asks again does not take it for the end, unless he closes it.
    with pytest.raises(ConnectionLostError, match="the connection ended"):
        list(subscription)
    subscription.close()
    assert list(subscription) == []


def test_subscription_goes_on_behind_no_message_that_could_not_be_read():
    server = Server([[hello()], [record(1)], ProtocolError("half an event"), [record(2)]])
    subscription = subscribe(server)
    assert next(subscription) == 1
    for _ in range(2):
        with pytest.raises(ProtocolError, match="half an event"):
            next(subscription)
    assert server.open == 0


def test_subscription_connects_without_limit_until_closed_when_reconnect_has_none():
    server = Server([[hello()], [record(1)], LOST], *[NoDaemonError("not yet")] * 3)
    subscription = subscribe(server, reconnect=math.inf)
    assert next(subscription) == 1
    reader = threading.Thread(target=list, args=(subscription,))
    reader.start()
    while len(server.asked) < 6:
        time.sleep(0.01)
    subscription.close()
    reader.join(5)
    assert not reader.is_alive()


def test_subscription_continues_when_an_ended_stream_is_served_again():
    server = Server([[hello()], [record(1)], None], [[hello(1)], [record(2)], None])
    assert list(subscribe(server)) == [1, 2]


def test_subscription_continues_by_time_in_a_new_run_of_the_server():
    earlier = StreamRecord("memory", 0, {"timestamp": MONDAY, "n": 7})
    again = hello(0, "e2")._replace(timestamps={"memory": record(5).row["timestamp"]})
    server = Server([[hello(4)], [record(5)], LOST], [[again], [earlier, record(1)], None])
    subscription = subscribe(server)
    assert list(subscription) == [5, 7, 1]
    assert subscription.position["epoch"] == "e2"
    assert subscription.position["sequences"] == {"memory": 1}


def test_subscription_raises_at_once_what_no_new_try_mends():
    server = Server([[hello()], LOST], StreamRequestError("no such column"))
    with pytest.raises(StreamRequestError):
        list(subscribe(server))
    assert len(server.asked) == 2
    with pytest.raises(ProtocolError):
        list(subscribe(Server([[hello()], ProtocolError("bad bytes")])))


def test_subscription_fails_at_once_when_nothing_listens_and_leaves_nothing_open():
    with pytest.raises(NoDaemonError):
        subscribe(Server())
    server = Server([StreamRequestError("no such column")])
    with pytest.raises(StreamRequestError):
        subscribe(server)
    assert server.open == 0


def test_subscription_raises_a_timeout_while_waiting_and_goes_on():
    server = Server([[hello()]])
    subscription = subscribe(server, timeout=0.05)
    started = time.monotonic()
    with pytest.raises(WireTimeoutError, match=r"nothing came in 0\.05 s"):
        next(subscription)
    assert time.monotonic() - started < 1
    subscription._connection.script.append([record(1)])
    assert next(subscription) == 1


def test_subscription_tells_and_counts_gaps():
    gap = StreamGap("memory", 2, 4, 3, "overflow")
    seen = []
    server = Server([[hello()], [record(1), gap, record(5)], None])
    subscription = subscribe(server, on_gap=seen.append, reconnect=0)
    assert list(subscription) == [1, 5]
    assert (seen, subscription.gaps, subscription.dropped) == ([gap], 1, 3)


def test_subscription_warns_of_a_gap_that_nobody_asked_for():
    server = Server([[hello()], [StreamGap("memory", 2, 4, 3, "overflow")], None])
    with pytest.warns(RuntimeWarning, match="3 records of memory do not come: overflow"):
        assert list(subscribe(server, reconnect=0)) == []


def test_subscription_moves_its_position_by_a_gap():
    progress = StreamProgress()
    for event in (hello(), record(1), StreamGap("memory", 2, 4, 3, "overflow")):
        progress.note(event)
    assert progress.position["sequences"] == {"memory": 4}


def test_subscription_counts_records_of_one_time_in_its_position():
    progress = StreamProgress()
    assert progress.position is None
    for event in (hello(), record(1, 5), record(2, 5), record(3, 5)):
        progress.note(event)
    assert progress.position["repeats"] == {"memory": 3}
    continued = StreamProgress(progress.position)
    continued.note(hello(3)._replace(repeats={"memory": 3}))
    continued.note(record(4, 5))
    assert continued.position["repeats"] == {"memory": 4}
    assert continued.position["timestamps"] == {"memory": MONDAY_MS + 5}


def test_subscription_tells_a_gap_of_what_a_pipe_carried_while_nobody_read():
    seen = []
    server = Server([[hello()], [record(1)], None], [[hello(5)], [record(6)], None])
    assert list(subscribe(server, on_gap=seen.append)) == [1, 6]
    assert seen == [StreamGap("memory", 2, 5, 0, "expired")]


def test_subscription_tells_a_gap_when_a_new_run_does_not_continue():
    seen = []
    later = hello(0, "e2")._replace(timestamps={"memory": MONDAY + timedelta(hours=1)})
    server = Server([[hello()], [record(1)], None], [[later], [record(1)], None])
    assert list(subscribe(server, on_gap=seen.append)) == [1, 1]
    assert seen == [StreamGap("memory", 0, 0, 0, "expired")]


def test_subscription_closes_its_connection_when_the_block_is_left():
    server = Server([[hello()], [record(1)]])
    with subscribe(server) as subscription:
        assert next(subscription) == 1
    assert server.open == 0
    assert list(subscription) == []
    subscription.close()


def test_close_ends_a_loop_that_waits_in_another_thread():
    server = Server([[hello()]])
    subscription = subscribe(server)
    threading.Timer(0.1, subscription.close).start()
    assert list(subscription) == []
    assert server.open == 0


def test_close_ends_trying_again():
    server = Server([[hello()], LOST])
    subscription = subscribe(server, reconnect=30)
    threading.Timer(0.1, subscription.close).start()
    started = time.monotonic()
    assert list(subscription) == []
    assert time.monotonic() - started < 5


def test_subscription_is_closed_when_nobody_holds_it():
    server = Server([[hello()]])
    subscription = subscribe(server)
    assert server.open == 1
    del subscription
    gc.collect()
    assert server.open == 0
