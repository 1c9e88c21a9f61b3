"""Entry of ``python -m ruvector.trainer``: import everything, say ready, take one job, report."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import NoReturn

from ._channel import Channel, open_channel
from ._memory import describe_limit, guard_memory, is_out_of_memory

__all__ = ["main"]

EXIT_FAILED = 1
EXIT_ORPHANED = 3


def main() -> int:
    """Run one job; exit status 0 when a result was sent, 1 when an error was sent."""
    channel = open_channel()
    lines: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read_stdin, args=(lines,), name="ruvector-stdin", daemon=True).start()
    signal.signal(signal.SIGTERM, _cancel)
    signal.signal(signal.SIGINT, _cancel)
    channel.start_heartbeat()
    guard_memory()
    try:
        # Late, so that a missing package is reported like every other failure.
        from .._training import warm_up

        warm_up()
        channel.send("ready", pid=os.getpid())
        line = lines.get()
        if line is None:
            return 0  # a spare trainer that was never needed
        channel.send("result", **_run(line, channel))
    except BaseException as error:
        return _report(channel, error)
    finally:
        channel.close()
    return 0


def _run(line: bytes, channel: Channel) -> dict[str, object]:
    from .._client import connect
    from ._job import parse_job
    from ._run import run_job

    job = parse_job(line)
    with connect(bridge_file=job.bridge_file or None) as client:
        return run_job(job, client, channel.progress)


def _read_stdin(lines: queue.Queue[bytes | None]) -> None:
    # os.read, not sys.stdin: a buffered reader blocks the interpreter from closing down.
    pending = b""
    while chunk := os.read(0, 65536):
        pending += chunk
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            lines.put(line)
    if os.environ.get("RUVECTOR_TRAINER_FD") is None:
        lines.put(pending or None)  # by hand: `echo '{...}' | python -m ruvector.trainer`
        return
    lines.put(None)
    _end_orphan()


def _end_orphan() -> None:
    # The parent is gone, however it died: nobody waits for this model, so nothing is deployed.
    # An idle trainer ends by itself in main(); one in the middle of a fit ends here.
    if not threading.main_thread().is_alive():
        return
    threading.Event().wait(0.2)
    os._exit(EXIT_ORPHANED)


def _cancel(number: int, _frame: FrameType | None) -> NoReturn:
    from .._exceptions import CancelledError

    name = signal.Signals(number).name
    raise CancelledError(f"Cannot finish training: it was stopped by {name}; start it again")


def _report(channel: Channel, error: BaseException) -> int:
    # Once reported, a second signal must not break the report in half.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = getattr(error, "code", None)
    message = str(error) or type(error).__name__
    if isinstance(error, ImportError):
        code = "ERR_TRAIN_NO_PACKAGE"
    if is_out_of_memory(error):
        code, message = "ERR_TRAIN_MEMORY", describe_limit(message)
    try:
        channel.send(
            "error",
            code=code if isinstance(code, str) else None,
            kind=type(error).__name__,
            message=message,
            traceback=traceback.format_exc(),
        )
    except OSError:  # the parent is gone: the log is all that is left
        traceback.print_exc()
    return EXIT_FAILED


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: taking scikit-learn, ONNX and ZeroMQ down in order costs time and gains nothing.
    os._exit(status)
