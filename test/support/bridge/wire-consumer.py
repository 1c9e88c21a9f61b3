"""A Python client for the wire tests: ``wire-consumer.py <command> <home> [json]``.

Prints one JSON object a line. It must not depend on anything but ``ruvector`` and its packages.
"""

import hashlib
import json
import os
import signal
import sys
import time

import pyarrow as pa

import ruvector


def say(**fields):
    print(json.dumps(fields), flush=True)


def entry(batch):
    """First row, rows, checksum of a counting batch."""
    column = batch.column("index")
    digest = hashlib.sha256(memoryview(column.buffers()[1])[: 4 * len(column)])
    return [column[0].as_py(), len(column), digest.hexdigest()]


def ledger(client, job):
    """Read a stream and account for each batch: number, first row, checksum, and how it came."""
    entries = []
    with client.stream("count", **job) as stream:
        for batch in stream:
            entries.append(entry(batch))
        ways = {"transport": stream.transport, "reason": stream.transport_reason}
    say(entries=entries, allocated=pa.total_allocated_bytes(), **ways)


def keep(client, job):
    """Keep batches, all or every third, and account for them when the last one has come."""
    with client.stream("count", **job["params"]) as stream:
        kept = [batch for i, batch in enumerate(stream) if i % job["every"] == 0]
    say(entries=[entry(batch) for batch in kept], transport=stream.transport)


def table(client, job):
    """Read a stream into a table."""
    with client.stream("count", **job) as stream:
        whole = stream.read_all()
    batches = whole.to_batches()
    say(entries=[entry(batch) for batch in batches], transport=stream.transport)


def zero_copy(client, job):
    """Show that every buffer of a batch lies inside one foreign buffer."""
    with client.stream("count", **job) as stream:
        batch = next(stream)
        values = [
            b for column in batch.columns for b in column.buffers() if b is not None and b.size
        ]
        lowest = min(b.address for b in values)
        highest = max(b.address + b.size for b in values)
        say(
            allocated=pa.total_allocated_bytes(),
            span=highest - lowest,
            nbytes=batch.nbytes,
            mutable=any(b.is_mutable for b in values),
            foreign=all(b.parent is not None for b in values),
            aligned=all(b.address % 8 == 0 for b in values),
        )


def hold(client, job):
    """Read some batches, say so, and keep the stream open without reading."""
    stream = client.stream("count", **job.get("params", {}))
    for _ in range(job["read"]):
        next(stream)
    say(read=job["read"])
    signal.pause()


def read_until_error(client, job):
    """Read until the stream fails and say how, and how long after the batch before."""
    read = 0
    last = time.monotonic()
    try:
        with client.stream("count", **job) as stream:
            say(opened=True)
            for _batch in stream:
                read += 1
                last = time.monotonic()
        say(read=read, code=None)
    except ruvector.RuvectorError as error:
        say(read=read, code=error.code, seconds=time.monotonic() - last)


def trainer(client, job):
    """Hold the GIL for longer than the lease, as a trainer does, then read on."""
    with client.stream("count", **job["params"]) as stream:
        next(stream)
        ends = time.monotonic() + job["seconds"]
        # One C call that never lets go of the interpreter: a regular expression that backtracks.
        import re

        pattern = re.compile("(a+)+$")
        length = 18
        while time.monotonic() < ends:
            pattern.match("a" * length + "b")
            length = min(length + 1, 23)
        rest = sum(1 for _ in stream)
    say(read=rest + 1, status=client.status())


def attach(client, job):
    """Send attachments and have them back, from shared memory and as messages."""
    sent = [bytes([i + 1]) * size for i, size in enumerate(job["sizes"])]
    folder = client._transport._shared_folder
    back = client.request("echo", attachments=sent).attachments
    client._transport._shared_folder = "/dev/shm/there is none"
    again = client.request("echo", attachments=sent).attachments
    say(
        folder=folder,
        same=[bytes(part) for part in back] == [bytes(part) for part in again] == sent,
    )


def errors(client, _job):
    """Collect the classes and codes of what goes wrong."""
    seen = []
    for call in (
        lambda: client.request("fail"),
        lambda: client.request("no such request"),
        lambda: client.stream("no such stream"),
        lambda: client.request("echo", attachments=[bytes(65 * 2**20)]),
        lambda: client.request("echo", {"x": float("nan")}),
    ):
        try:
            call()
        except ruvector.RuvectorError as error:
            seen.append([type(error).__name__, error.code, bool(error.traceback)])
    say(errors=seen, after=client.request("echo", {"ä": [1, None]}).result)


def interrupt(client, _job):
    """Cancel a request as Ctrl-C does."""
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        client.request("wait", {"ms": 60_000})
    except KeyboardInterrupt:
        # The status before is still at its end when the next one asks: it counts as active for a moment.
        while (status := client.status())["stats"]["activeRequests"] > 0:
            time.sleep(0.02)
        say(interrupted=True, status=status)


def endless(client, job):
    """Read a stream that only its daemon ends, and say how it ended."""
    batches = 0
    try:
        for _ in client.stream("count", **job):
            batches += 1
            if batches == 20:
                say(reading=True)
        say(end="clean", batches=batches)
    except ruvector.RuvectorError as error:
        say(end=type(error).__name__, code=error.code, batches=batches)


def verdicts():
    """Judge frames given as JSON lines of hexadecimal strings."""
    from ruvector._bridge.protocol import decode_message

    for line in sys.stdin:
        try:
            decode_message([bytes.fromhex(frame) for frame in json.loads(line)])
            print("ok")
        except ruvector.RuvectorError as error:
            print(error.code)


def main():
    command = sys.argv[1]
    if command == "verdicts":
        verdicts()
        return
    job = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with ruvector.connect(
        sys.argv[2],
        key=os.environ.get("WIRE_KEY"),
        token=os.environ.get("WIRE_TOKEN"),
        timeout=float(os.environ.get("WIRE_TIMEOUT", "10")),
    ) as client:
        globals()[command](client, job)


if __name__ == "__main__":
    main()
