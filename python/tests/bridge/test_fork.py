"""A connection in a fork of the process that opened it: told, where it would hang."""

import multiprocessing
import os

import pytest
import zmq

from ruvector._exceptions import ClientClosedError
from ruvector._fork import check_same_process, is_forked
from ruvector._zmq_socket import ZmqSocket

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def in_fork(act):
    """What ``act`` gave or raised in a forked process, within ten seconds."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def run():
        try:
            theirs.send(str(act()))
        except BaseException as error:
            theirs.send(f"{type(error).__name__}: {error}")

    child = context.Process(target=run)
    child.start()
    try:
        assert ours.poll(10), "it hangs"
        return ours.recv()
    finally:
        child.kill()
        child.join()


def test_check_same_process_is_silent_in_the_process_that_opened():
    check_same_process(os.getpid(), "client")
    assert not is_forked(os.getpid())


@pytest.mark.parametrize("call", ["send", "receive", "receive_now"])
def test_zmq_socket_refuses_in_a_fork(call, tmp_path):
    context = zmq.Context()
    socket = ZmqSocket(
        context,
        f"ipc://{tmp_path}/nobody",
        peer="daemon",
        io_thread=0,
        lease_ms=1000,
        absent=lambda _: ClientClosedError("absent"),
    )
    arguments = ([b"x"],) if call == "send" else ()
    told = in_fork(lambda: getattr(socket, call)(*arguments))
    assert told.startswith("ClientClosedError: Cannot use connection to daemon")
    assert "connect again in this process" in told
    assert in_fork(socket.close) == "None"
    socket.close()
    context.term()
