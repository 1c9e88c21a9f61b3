"""The other side of pipelines: pyarrow over ZeroMQ, and sqlite3. One command, a JSON line as answer."""

import json
import sqlite3
import sys

import pyarrow as pa
import zmq

TYPES = pa.table(
    {
        "i8": pa.array([1, None, -128], pa.int8()),
        "u32": pa.array([0, None, 2**32 - 1], pa.uint32()),
        "i64": pa.array([2**62, None, -(2**63)], pa.int64()),
        "f32": pa.array([0.5, None, float("inf")], pa.float32()),
        "flag": pa.array([True, None, False]),
        "text": pa.array(["Grüße", None, ""]),
        "raw": pa.array([b"\x00\xff", None, b""]),
        "at": pa.array([1, None, -1], pa.timestamp("us", "UTC")),
        "day": pa.array([0, None, -1], pa.date32()),
        "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
    }
)


def encode(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def push(endpoint: str, batches: int) -> dict[str, object]:
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.connect(endpoint)
    for _ in range(batches):
        socket.send_multipart([b"", encode(TYPES)])
    socket.send_multipart([b"", b""])
    socket.close(linger=30_000)
    zmq.Context.instance().term()
    return {"rows": batches * TYPES.num_rows}


def subscribe(endpoint: str, topic: str) -> dict[str, object]:
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
    socket.connect(endpoint)
    tables = []
    while (frames := socket.recv_multipart())[1]:
        tables.append(pa.ipc.open_stream(frames[1]).read_all())
    socket.close(linger=0)
    table = pa.concat_tables(tables)
    table.validate(full=True)
    return {
        "rows": table.num_rows,
        "schema": [str(f.type) for f in table.schema],
        "first": {key: str(value) for key, value in table.slice(0, 1).to_pylist()[0].items()},
    }


def read_table(path: str) -> dict[str, object]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM kept").fetchall()
    check = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return {"rows": repr(rows), "check": check}


commands = {
    "push": lambda a, b: push(a, int(b)),
    "subscribe": subscribe,
    "sqlite": lambda a, _: read_table(a),
}
print(json.dumps(commands[sys.argv[1]](sys.argv[2], sys.argv[3])), flush=True)
