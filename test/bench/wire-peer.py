"""The Python side of wire.bench.ts: consumers of the same bytes by five ways.

``wire-peer.py consume`` reads one JSON job a line on standard input and answers with the seconds from
the request to the last batch read; every consumer reads one value of every cache line.
``wire-peer.py serve-flight`` is an anchor: a Flight server with the same bytes.
"""

import json
import multiprocessing as mp
import sys
import threading
import time
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pyarrow as pa
import pyarrow.flight as flight
import zmq

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
        self._context = zmq.Context()

    def bridge(self, job):
        import ruvector

        key = job.get("bridgeFile") or job["endpoint"]
        if key not in self._clients:
            self._clients[key] = (
                ruvector.connect(bridge_file=key)
                if "bridgeFile" in job
                else ruvector.connect(key, key=job["key"])
            )
        seen = 0
        receive_us = []
        with self._clients[key].stream(
            "bench", window=job.get("window"), batchBytes=job["batchBytes"], batches=job["batches"]
        ) as stream:
            take = stream._take
            if job.get("timed"):
                # Between a message that has come and its batch, ready to be read.
                def timed(message):
                    started = time.perf_counter_ns()
                    take(message)
                    receive_us.append(
                        (time.perf_counter_ns() - started) / 1e3 / message.correlation
                    )

                stream._take = timed
            for batch in stream:
                touch(batch)
                seen += 1
            transport = stream.transport
        receive = float(np.median(receive_us)) if receive_us else None
        return {"seen": seen, "receiveUs": receive, "transport": transport}

    def flight(self, job):
        key = job["location"]
        if key not in self._clients:
            self._clients[key] = flight.connect(key)
        seen = 0
        for chunk in self._clients[key].do_get(flight.Ticket(json.dumps(job).encode())):
            touch(chunk.data)
            seen += 1
        return {"seen": seen}

    def zeromq(self, job):
        """PULL of what Node pushes over ipc, received without a copy."""
        socket = self._context.socket(zmq.PULL)
        socket.rcvhwm = 16
        if "curve" in job:
            public, secret, server = (bytes.fromhex(text) for text in job["curve"])
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_serverkey = server
        socket.connect(job["endpoint"])
        schema = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(job["schema"])))
        for _ in range(job["batches"]):
            frame = socket.recv(copy=False)
            touch(pa.ipc.read_record_batch(pa.ipc.read_message(pa.py_buffer(frame.buffer)), schema))
        socket.close(0)
        return {"seen": job["batches"]}

    def multiprocessing(self, job):
        """Slots of multiprocessing.shared_memory, filled by a Python process, told over a pipe."""
        reader, writer = mp.Pipe(duplex=True)
        size, slots = job["batchBytes"], job["slots"]
        memory = SharedMemory(create=True, size=size * slots)
        process = mp.Process(target=fill, args=(writer, memory.name, size, slots, job["batches"]))
        process.start()
        reader.recv()
        started = time.perf_counter()
        reader.send(slots)
        for _ in range(job["batches"]):
            slot = reader.recv()
            values = np.frombuffer(memory.buf, np.float64, size // 8, slot * size)
            values[:: CACHE_LINE // 8].sum()
            del values
            reader.send(slot)
        seconds = time.perf_counter() - started
        process.join()
        memory.close()
        memory.unlink()
        return {"seen": job["batches"], "seconds": seconds}

    def lines(self, job):
        for _ in range(job["rows"]):
            json.loads(sys.stdin.buffer.readline())
        return {"seen": job["rows"]}


def fill(pipe, name, size, slots, batches):
    memory = SharedMemory(name=name)
    distinct = [np.arange(size // 8, dtype=np.float64) + i for i in range(4)]
    views = [np.frombuffer(memory.buf, np.float64, size // 8, i * size) for i in range(slots)]
    for view in views:
        view[:] = 0
    pipe.send("ready")
    pipe.recv()
    for i in range(batches):
        slot = i % slots
        if i >= slots:
            slot = pipe.recv()
        views[slot][:] = distinct[i % 4]
        pipe.send(slot)
    for _ in range(min(slots, batches)):
        pipe.recv()
    del view, views
    memory.close()


def consume():
    consumer = Consumer()
    while line := sys.stdin.buffer.readline():
        job = json.loads(line)
        started, started_cpu = time.perf_counter(), time.process_time()
        answer = getattr(consumer, job["kind"])(job)
        seconds = time.perf_counter() - started
        cost = {"cpuSeconds": time.process_time() - started_cpu}
        print(
            json.dumps(
                {"seconds": seconds, "allocated": pa.total_allocated_bytes(), **cost, **answer}
            ),
            flush=True,
        )


if __name__ == "__main__":
    consume() if sys.argv[1] == "consume" else serve_flight(sys.argv[2])
