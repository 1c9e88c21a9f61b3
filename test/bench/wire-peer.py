"""The Python side of wire.bench.ts.

``wire-peer.py consume`` reads one JSON job a line on standard input and answers with the seconds
from the request of the stream to the last batch read. ``wire-peer.py serve-flight`` is the anchor:
a Flight server with the same bytes. Every consumer reads one value of every cache line.
"""

import json
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.flight as flight

CACHE_LINE = 64
COLUMNS = 4
DISTINCT_BATCHES = 4


def touch(batch):
    """Read one value of every cache line of every column."""
    total = 0.0
    for column in batch.columns:
        values = column.to_numpy()
        total += values[:: CACHE_LINE // values.itemsize].sum()
    return total


def build_batches(batch_bytes):
    rows = batch_bytes // (8 * COLUMNS)
    names = [f"c{i}" for i in range(COLUMNS)]
    return [
        pa.record_batch(
            [pa.array(np.arange(rows, dtype=np.float64) + b + i) for i in range(COLUMNS)], names
        )
        for b in range(DISTINCT_BATCHES)
    ]


class FlightServer(flight.FlightServerBase):
    def __init__(self, location):
        super().__init__(location)
        self._batches = {}

    def do_get(self, context, ticket):
        job = json.loads(ticket.ticket)
        size, count = job["batchBytes"], job["batches"]
        distinct = self._batches.setdefault(size, build_batches(size))
        batches = [distinct[i % DISTINCT_BATCHES] for i in range(count)]
        return flight.RecordBatchStream(
            pa.RecordBatchReader.from_batches(distinct[0].schema, batches)
        )


def serve_flight(location):
    server = FlightServer(location)
    print(json.dumps({"port": server.port}), flush=True)
    # The parent ends us by closing our standard input.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve()


class Consumer:
    def __init__(self):
        self._clients = {}

    def wire(self, job):
        import ruvector

        key = job["bridgeFile"]
        client = self._clients.setdefault(key, None) or ruvector.connect(bridge_file=key)
        self._clients[key] = client
        total, seen = 0.0, 0
        with client.stream(
            "bench", window=job.get("window"), batchBytes=job["batchBytes"], batches=job["batches"]
        ) as stream:
            for batch in stream:
                total += touch(batch)
                seen += 1
        return seen, total

    def flight(self, job):
        key = job["location"]
        client = self._clients.setdefault(key, None) or flight.connect(key)
        self._clients[key] = client
        ticket = flight.Ticket(json.dumps(job).encode())
        total, seen = 0.0, 0
        for chunk in client.do_get(ticket):
            total += touch(chunk.data)
            seen += 1
        return seen, total

    def lines(self, job):
        total, seen = 0.0, 0
        for _ in range(job["rows"]):
            row = json.loads(sys.stdin.buffer.readline())
            total += sum(row.values())
            seen += 1
        return seen, total


def consume():
    consumer = Consumer()
    while line := sys.stdin.buffer.readline():
        job = json.loads(line)
        started = time.perf_counter()
        seen, total = getattr(consumer, job["kind"])(job)
        seconds = time.perf_counter() - started
        allocated = pa.total_allocated_bytes()
        answer = {"seconds": seconds, "seen": seen, "total": total, "allocated": allocated}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    consume() if sys.argv[1] == "consume" else serve_flight(sys.argv[2])
