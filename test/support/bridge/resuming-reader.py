"""Reads numbered batches from where the last reader stopped: ``resuming-reader.py <home> <file> <last>``.

Each batch must be exactly the next one, whole. How far it got is written behind each batch, into
the page of the file that this process has mapped: it is there for others at once and outlives the
process, so that a reader that is killed is followed by one that goes on. Prints one JSON line each
time that it begins to read, and one at the end.
"""

import json
import mmap
import os
import sys
import time

import numpy as np

import ruvector

ROWS = 8192
COUNTING = np.arange(ROWS, dtype=np.int32)
PROGRESS_BYTES = 8
OUT_OF_STEP = 3
# The daemon was killed, or comes up; everything else is a batch that was not the next one.
GONE = {"ERR_WIRE_DISCONNECTED", "ERR_WIRE_NO_DAEMON", "ERR_WIRE_TIMEOUT"}


def say(**fields):
    print(json.dumps(fields), flush=True)


def rows_of(number):
    """Few are large."""
    return (ROWS if number % 16 == 0 else ROWS // 8) - number % 7


def check(batch, number):
    """Every value is what this batch holds, and no other."""
    index = batch.column("index").to_numpy()
    if len(index) != rows_of(number):
        return False
    # They begin again at 2^31, a multiple of ROWS: never within a batch.
    expected = COUNTING[: len(index)] + np.int32(number * ROWS % 2**31)
    return bool(np.array_equal(index, expected))


def read_on(home, progress, number, last):
    with (
        ruvector.connect(home, timeout=20) as client,
        client.stream("numbered", first=number, last=last) as stream,
    ):
        say(reading=number)
        for batch in stream:
            if not check(batch, number):
                say(error="out of step", number=number, found=batch.column("index")[0].as_py())
                sys.exit(OUT_OF_STEP)
            number += 1
            progress[0] = number
    # The way may have changed meanwhile.
    return {"transport": stream.transport, "reason": stream.transport_reason}


def main():
    home, path, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(file, PROGRESS_BYTES)
    # One aligned store: no kill comes in the middle of it.
    progress = np.frombuffer(mmap.mmap(file, PROGRESS_BYTES), np.uint64)
    ways = {}
    while True:
        number = int(progress[0])
        if number >= last:
            break
        try:
            ways = read_on(home, progress, number, last)
        except ruvector.RuvectorError as error:
            if error.code not in GONE:
                say(error=str(error), code=error.code)
                sys.exit(OUT_OF_STEP)
            time.sleep(0.05)
    say(done=number, **ways)


main()
