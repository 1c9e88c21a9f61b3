"""Make test/golden/stream: data stream messages written by json, msgpack, protobuf and pyarrow.

None of our encoders has a part in it: TypeScript and Python are both tested against these bytes.
Columns come from the published schema. Run it with the project's Python after a change of the schema:

    .venv/bin/python test/support/stream/make-stream-golden.py
"""

import datetime
import io
import json
from pathlib import Path

import msgpack
import pyarrow as pa
import pyarrow.ipc
from google.protobuf.internal.encoder import _VarintBytes

from ruvector.telemetry.v1 import stream_pb2 as pb

FOLDER = Path(__file__).parents[2] / "golden" / "stream"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MESSAGES = {
    "memory": pb.MemorySnapshot,
    "process": pb.ProcessRecord,
    "optimization": pb.OptimizationEvent,
}
ARROW_TYPES = {
    "TYPE_MESSAGE": pa.timestamp("ms", "UTC"),
    "TYPE_INT64": pa.int64(),
    "TYPE_FIXED64": pa.uint64(),
    "TYPE_INT32": pa.int32(),
    "TYPE_FLOAT": pa.float32(),
    "TYPE_DOUBLE": pa.float64(),
    "TYPE_BOOL": pa.bool_(),
    "TYPE_STRING": pa.string(),
}
TYPE_NAMES = {getattr(pb.Gap.DESCRIPTOR.fields[0], name): name for name in ARROW_TYPES}
FLOATS = {"TYPE_FLOAT", "TYPE_DOUBLE"}


def columns_of(table):
    return [(field.name, TYPE_NAMES[field.type]) for field in MESSAGES[table].DESCRIPTOR.fields]


def record(table, sequence, **columns):
    row = dict.fromkeys(name for name, _ in columns_of(table))
    assert set(columns) <= set(row)
    return {"type": "record", "table": table, "sequence": sequence, "row": {**row, **columns}}


def gap(table, first, last, dropped, reason):
    numbers = {"fromSequence": first, "toSequence": last, "dropped": dropped}
    return {"type": "gap", "table": table, **numbers, "reason": reason}


def hello(tables, anonymized, **position):
    empty = {"sequences": {}, "timestamps": {}}
    start = {"type": "hello", "epoch": "0198c0de-é", "tables": tables, "anonymized": anonymized}
    return {**start, **empty, **position}


def iso_8601(ms):
    text = (EPOCH + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def plain(event, to_timestamp, to_uint64):
    """Map of an event with the keys of JSON Lines and MessagePack."""
    if event["type"] == "gap":
        first, last = event["fromSequence"], event["toSequence"]
        numbers = {"from_sequence": first, "to_sequence": last, "dropped": event["dropped"]}
        return {"event": "gap", "table": event["table"], **numbers, "reason": event["reason"]}
    if event["type"] == "hello":
        times = {table: to_timestamp(ms) for table, ms in event["timestamps"].items()}
        position = {"sequences": event["sequences"], "timestamps": times}
        names = {key: event[key] for key in ("epoch", "tables", "anonymized")}
        return {"event": "hello", **names, **position, "repeats": event.get("repeats", {})}
    head = {"event": "record", "table": event["table"], "sequence": event["sequence"]}
    convert = {"TYPE_MESSAGE": to_timestamp, "TYPE_FIXED64": to_uint64}
    return head | {
        name: None if value is None else convert.get(kind, lambda same: same)(value)
        for (name, kind), value in zip(
            columns_of(event["table"]), event["row"].values(), strict=True
        )
    }


def to_json_lines(events):
    lines = [
        json.dumps(plain(event, iso_8601, str), separators=(",", ":"), ensure_ascii=False)
        for event in events
    ]
    return "".join(line + "\n" for line in lines).encode()


def to_msgpack(events):
    return b"".join(pack_event(event) for event in events)


def pack_event(event):
    packer = msgpack.Packer(datetime=True, autoreset=False)
    single = msgpack.Packer(use_single_float=True)
    values = plain(event, lambda ms: EPOCH + datetime.timedelta(milliseconds=ms), int)
    kinds = dict(columns_of(event["table"])) if event["type"] == "record" else {}
    packer.pack_map_header(len(values))
    out = packer.bytes()
    for key, value in values.items():
        packer.reset()
        packer.pack(key)
        if kinds.get(key) == "TYPE_FLOAT" and value is not None:
            out += packer.bytes() + single.pack(value)
        else:
            packer.pack(value)
            out += packer.bytes()
    return out


def to_protobuf(events):
    messages = [to_data_event(event).SerializeToString(deterministic=True) for event in events]
    return b"".join(_VarintBytes(len(message)) + message for message in messages)


def to_data_event(event):
    message = pb.DataEvent()
    if event["type"] == "gap":
        first, last = event["fromSequence"], event["toSequence"]
        numbers = {"from_sequence": first, "to_sequence": last, "dropped": event["dropped"]}
        message.gap.CopyFrom(pb.Gap(table=event["table"], reason=event["reason"], **numbers))
    elif event["type"] == "hello":
        names = {key: event[key] for key in ("epoch", "tables", "anonymized", "sequences")}
        message.hello.CopyFrom(pb.Hello(**names, repeats=event.get("repeats", {})))
        for table, ms in event["timestamps"].items():
            set_timestamp(message.hello.timestamps[table], ms)
    else:
        message.sequence = event["sequence"]
        target = getattr(message, event["table"])
        for (name, kind), value in zip(
            columns_of(event["table"]), event["row"].values(), strict=True
        ):
            if value is not None and kind == "TYPE_MESSAGE":
                set_timestamp(target.timestamp, value)
            elif value is not None:
                setattr(target, name, int(value) if kind == "TYPE_FIXED64" else value)
    return message


def set_timestamp(target, ms):
    target.seconds = ms // 1000
    target.nanos = ms % 1000 * 1_000_000


def to_arrow(events):
    out = b""
    at = 0
    while at < len(events):
        end = at + 1
        while end < len(events) and is_same_run(events[at], events[end]):
            end += 1
        out += write_stream(*to_columns(events[at:end]))
        at = end
    return out


def is_same_run(a, b):
    same_table = a["type"] == "record" and a["table"] == b.get("table")
    return a["type"] == b["type"] and (a["type"] == "gap" or same_table)


def to_columns(events):
    if events[0]["type"] == "gap":
        rows = [plain(event, None, None) for event in events]
        names = ("table", "from_sequence", "to_sequence", "dropped", "reason")
        kinds = [pa.string(), pa.int64(), pa.int64(), pa.int64(), pa.string()]
        columns = zip(names, kinds, strict=True)
        return {"ruvector.event": "gap"}, [(n, k, [row[n] for row in rows]) for n, k in columns]
    if events[0]["type"] == "hello":
        return {"ruvector.event": "hello"}, hello_columns(events[0])
    table = events[0]["table"]
    columns = [("sequence", pa.int64(), [event["sequence"] for event in events])]
    for name, kind in columns_of(table):
        values = [event["row"][name] for event in events]
        if kind == "TYPE_FIXED64":
            values = [None if value is None else int(value) for value in values]
        columns.append((name, ARROW_TYPES[kind], values))
    return {"ruvector.event": "record", "ruvector.table": table}, columns


def hello_columns(event):
    tables = event["tables"]
    by_table = {"sequence": "sequences", "timestamp": "timestamps", "repeats": "repeats"}
    columns = [
        ("epoch", pa.string(), [event["epoch"] for _ in tables]),
        ("anonymized", pa.bool_(), [event["anonymized"] for _ in tables]),
        ("table", pa.string(), tables),
    ]
    for name, key in by_table.items():
        kind = pa.timestamp("ms", "UTC") if name == "timestamp" else pa.int64()
        columns.append((name, kind, [event.get(key, {}).get(table) for table in tables]))
    return columns


def write_stream(metadata, columns, **options):
    schema = pa.schema([(name, kind) for name, kind, _ in columns], metadata=metadata)
    arrays = [pa.array(values, type=kind) for _, kind, values in columns]
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return sink.getvalue()


ENCODERS = {
    "jsonlines": to_json_lines,
    "msgpack": to_msgpack,
    "protobuf": to_protobuf,
    "arrow": to_arrow,
}
SAFE = 2**53 - 1
NOON = 1_767_265_200_123
COUNTS = {
    name: i * 1000 for i, (name, kind) in enumerate(columns_of("memory")) if kind == "TYPE_INT64"
}
MEMORY = record(
    "memory",
    1,
    **{**COUNTS, "swap_free_kib": None, "cgroup_limit_bytes": None},
    timestamp=NOON,
    total_mb=15625.0,
    available_mb=7812.501953125,
    used_percent=52.5,
    page_file_used_mb=None,
    processes_count=312,
)
HASHED = record(
    "process",
    2,
    timestamp=NOON,
    pid=4242,
    name_hash=str(2**64 - 1),
    working_set_mb=0.25,
    private_bytes_mb=None,
    cpu_percent=12.5,
    io_read_bytes=70_000,
    io_write_bytes=SAFE,
    threads=1,
)
NAMED = record("process", 3, timestamp=NOON, pid=1, name='a "é" \\ 内存 🐘\n', working_set_mb=3.0)
ACTION = record(
    "optimization",
    1,
    timestamp=NOON,
    trigger="model",
    before_available_mb=1024.0,
    after_available_mb=1536.5,
    freed_mb=-0.5,
    processes_trimmed=3,
    duration_ms=12.75,
    success=True,
    label="ShouldOptimize",
    mode="act",
    actuator="process_madvise",
    model_version="baseline@1.0.0",
    before_free_kib=100_000,
    drift_kib=-2048,
    error="x" * 300,
    goal="relieve",
    scarce="host",
    taken_kib=4096,
    returned_kib=0,
    compressed_kib=1024,
    host_freed_kib=-512,
    host_noise_kib=8192,
    target_stall_us=70_000,
    own_rss_kib=90_000,
)
POSITION = {
    "sequences": {"memory": 41, "process": 0},
    "timestamps": {"memory": NOON, "process": 1_767_265_200_000},
    "repeats": {"memory": 1, "process": 2},
}
CASES = {
    "memory": [MEMORY],
    "memory-batch": [{**MEMORY, "sequence": i} for i in (1, 2, 5)],
    "process-hashed": [HASHED],
    "process-named": [NAMED],
    "optimization": [ACTION],
    "optimization-dry": [record("optimization", 300, timestamp=NOON, success=False, label="")],
    "gap": [gap("process", 3, 70_000, 5, "overflow"), gap("memory", 0, 0, 0, "expired")],
    "hello": [hello(["memory", "process"], True, **POSITION)],
    "hello-first": [hello(["optimization"], False)],
    "mixed": [
        hello(["memory", "process", "optimization"], True),
        MEMORY,
        HASHED,
        {**HASHED, "sequence": 3},
        gap("process", 4, 9, 6, "overflow"),
        {**MEMORY, "sequence": 2},
        ACTION,
    ],
    "extremes": [
        record(
            "process",
            SAFE,
            timestamp=253_402_300_799_999,
            pid=-(2**31),
            name_hash="0",
            working_set_mb=-0.0,
            cpu_percent=-0.0,
            io_read_bytes=-SAFE,
            io_write_bytes=-1,
            shared_kib=-32,
            swap_kib=-33,
            cpu_time_ms=-129,
            minor_faults=2**32,
            major_faults=-(2**31) - 1,
            threads=2**31 - 1,
            start_time_ticks=-32_769,
        ),
        record("process", 0, timestamp=-1, pid=0, name="", name_hash=str(2**63), threads=0),
        record("process", 127, timestamp=1000, pid=128, io_read_bytes=255, swap_kib=65_536),
    ],
}


def infinities():
    row = {"total_mb": float("nan"), "available_mb": float("inf"), "used_percent": float("-inf")}
    return [record("memory", 1, timestamp=NOON, **row)]


def to_neutral(value):
    """NaN and infinities by name: JSON has none."""
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, dict):
        return {key: to_neutral(item) for key, item in value.items()}
    return [to_neutral(item) for item in value] if isinstance(value, list) else value


def newer_messages():
    """What a later version may send: columns we do not know, fewer of ours, in another order."""
    event = {**NAMED, "row": {**NAMED["row"], "working_set_mb": None}}
    times = {"TYPE_MESSAGE": iso_8601}
    known = {k: v for k, v in event["row"].items() if v is not None}
    line = {"later": [{"deep": [1]}], **known, "timestamp": times["TYPE_MESSAGE"](NOON)}
    line |= {"sequence": 3, "table": "process", "event": "record"}
    packed = {**line, "timestamp": EPOCH + datetime.timedelta(milliseconds=NOON)}
    packed |= {"raw": b"\x00\xff", "extension": msgpack.ExtType(5, b"12345")}
    unknown = b"\xca\x3e\x03abc" + b"\xc8\x3e\x01" + b"\xcd\x3e\x01\x02\x03\x04"
    message = to_data_event(event)
    message.process.MergeFromString(unknown)
    body = message.SerializeToString() + unknown
    columns = [("later", pa.float16(), [1.5]), ("none", pa.null(), [None])]
    columns += [("sequence", pa.int64(), [3]), ("blob", pa.large_binary(), [b"x"])]
    columns += [
        (name, ARROW_TYPES[kind], [known[name]])
        for name, kind in reversed(columns_of("process"))
        if name in known
    ]
    metadata = {"ruvector.event": "record", "ruvector.table": "process", "later": "x" * 10_000}
    return [event], {
        "jsonlines": (" " + json.dumps(line) + "\r\n\n").encode(),
        "msgpack": msgpack.packb(packed, datetime=True),
        "protobuf": _VarintBytes(len(body)) + body,
        "arrow": write_stream(metadata, columns),
    }


def refused():
    """Messages that every decoder refuses, by name."""
    yield from refused_json_lines()
    yield from refused_msgpack()
    yield from refused_protobuf()
    yield from refused_arrow()


def refused_json_lines():
    record_line = '{"event":"record","table":"memory","sequence":%s,"timestamp":%s%s}\n'
    now = '"2026-01-01T11:00:00.123Z"'
    lines = {
        "cut": '{"event":"gap"',
        "no-newline": '{"event":"gap","table":"memory","from_sequence":1,"to_sequence":1,"dropped":1,"reason":"expired"}',
        "no-event": '{"table":"memory"}\n',
        "unknown-event": '{"event":"later"}\n',
        "list": "[]\n",
        "table": record_line.replace("memory", "constructor") % (1, now, ""),
        "no-timestamp": record_line % (1, "null", ""),
        "timestamp": record_line % (1, '"yesterday"', ""),
        "timestamp-number": record_line % (1, NOON, ""),
        "sequence": record_line % (-1, now, ""),
        "sequence-beyond-2-53": record_line % (2**53, now, ""),
        "nan": record_line % (1, now, ',"total_mb":NaN'),
        "infinity": record_line % (1, now, ',"total_mb":1e999'),
        "float32": record_line % (1, now, ',"used_percent":1e300'),
        "text-as-number": record_line % (1, now, ',"total_mb":"1"'),
        "int32": record_line % (1, now, ',"processes_count":2147483648'),
        "fraction": record_line % (1, now, ',"mem_free_kib":0.5'),
        "uint64": record_line.replace("memory", "process")
        % (1, now, ',"name_hash":"18446744073709551616"'),
        "uint64-number": record_line.replace("memory", "process") % (1, now, ',"name_hash":1'),
        "deep": "[" * 3000 + "\n",
        "reason": '{"event":"gap","table":"memory","from_sequence":1,"to_sequence":1,"dropped":1,"reason":"x"}\n',
    }
    for name, line in lines.items():
        yield f"jsonlines-{name}", "jsonlines", line.encode()
    yield "jsonlines-utf-8", "jsonlines", b'{"event":"\xff"}\n'
    yield "jsonlines-byte-order-mark", "jsonlines", b'\xef\xbb\xbf{"event":"gap"}\n'


def refused_msgpack():
    head = {"event": "record", "table": "memory", "sequence": 1, "timestamp": msgpack.Timestamp(1)}
    values = {
        "list": [],
        "key": {1: 2},
        "no-timestamp": {**head, "timestamp": None},
        "timestamp-number": {**head, "timestamp": NOON},
        "extension": {**head, "timestamp": msgpack.ExtType(4, b"1234")},
        "sequence": {**head, "sequence": -1},
        "binary": {**head, "total_mb": b"x"},
        "text-as-number": {**head, "total_mb": "1"},
        "int32": {**head, "processes_count": -(2**31) - 1},
        "float32": {**head, "used_percent": 1e300},
        "uint64": {**head, "table": "process", "name_hash": -1},
        "no-event": {"table": "memory"},
        "table": {**head, "table": "__proto__"},
    }
    for name, value in values.items():
        yield f"msgpack-{name}", "msgpack", msgpack.packb(value)
    yield "msgpack-cut", "msgpack", msgpack.packb(head)[:-1]
    yield "msgpack-c1", "msgpack", b"\xc1"
    yield "msgpack-text-of-4-gib", "msgpack", b"\x81\xdb\xff\xff\xff\xff"
    yield "msgpack-map-of-4-gib", "msgpack", b"\xdf\xff\xff\xff\xff"
    yield "msgpack-deep", "msgpack", b"\x91" * 3000
    yield "msgpack-utf-8", "msgpack", msgpack.packb({**head, "later": ""})[:-1] + b"\xa1\xff"


def refused_protobuf():
    def delimited(body):
        return _VarintBytes(len(body)) + body

    event = to_data_event(MEMORY).SerializeToString()
    untimed = pb.DataEvent(sequence=1, memory=pb.MemorySnapshot(total_mb=1))
    nanos = pb.DataEvent()
    nanos.memory.timestamp.nanos = -1
    beyond = pb.DataEvent(sequence=2**53)
    set_timestamp(beyond.memory.timestamp, NOON)
    bodies = {
        "empty": b"",
        "cut-inside": event[:-1],
        "no-timestamp": untimed.SerializeToString(),
        "nanos": nanos.SerializeToString(),
        "sequence-beyond-2-53": beyond.SerializeToString(),
        "gap-table": pb.DataEvent(gap=pb.Gap(reason="expired")).SerializeToString(),
        "gap-reason": pb.DataEvent(gap=pb.Gap(table="memory")).SerializeToString(),
        "hello-table": pb.DataEvent(hello=pb.Hello(tables=["x"])).SerializeToString(),
        "length-beyond": b"\x12\xff\xff\xff\xff\x0f\x00",
        "varint": b"\x08" + b"\xff" * 11,
        "wire-type": b"\x0f",
        "utf-8": b"\x1a\x07\x0a\x02\x08\x01\x1a\x01\xff",
    }
    for name, body in bodies.items():
        yield f"protobuf-{name}", "protobuf", delimited(body)
    yield "protobuf-cut", "protobuf", delimited(event)[:-1]
    yield "protobuf-length-of-4-gib", "protobuf", b"\xff\xff\xff\xff\x0f\x00"
    yield "protobuf-length", "protobuf", b"\xff" * 20


def refused_arrow():
    good = {"ruvector.event": "record", "ruvector.table": "memory"}
    sequence = ("sequence", pa.int64(), [1, 2])
    times = ("timestamp", pa.timestamp("ms", "UTC"), [NOON, NOON])
    texts = ("later", pa.dictionary(pa.int32(), pa.string()), ["x", "x"])
    whole = write_stream(good, [sequence, times])
    compressible = ("timestamp", pa.timestamp("ms", "UTC"), [NOON] * 1000)
    many = ("sequence", pa.int64(), [1] * 1000)
    streams = {
        "no-metadata": write_stream({}, [sequence, times]),
        "event": write_stream({**good, "ruvector.event": "later"}, [sequence, times]),
        "table": write_stream({**good, "ruvector.table": "x"}, [sequence, times]),
        "no-sequence": write_stream(good, [times]),
        "no-timestamp": write_stream(good, [sequence]),
        "sequence-null": write_stream(good, [("sequence", pa.int64(), [1, None]), times]),
        "seconds": write_stream(good, [sequence, ("timestamp", pa.timestamp("s"), [1, 2])]),
        "dictionary": write_stream(good, [sequence, times, texts]),
        "compressed": write_stream(good, [many, compressible], compression="zstd"),
        "cut": whole[:-1],
        "no-end": whole[:-8],
        "prefix": whole[4:],
        "empty-hello": write_stream({"ruvector.event": "hello"}, hello_columns(hello([], True))),
    }
    for name, stream in streams.items():
        yield f"arrow-{name}", "arrow", stream
    yield "arrow-metadata-of-2-gib", "arrow", b"\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\0" * 64


def write(name, content):
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.json"):
        if old.name != "field-numbers.json":
            old.unlink()
    for name, events in CASES.items():
        for stream_format, encode in ENCODERS.items():
            # pyarrow pads and orders its bytes its own way; the other encodings have one form.
            case = {"format": stream_format, "canonical": stream_format != "arrow"}
            write(
                f"{stream_format}-{name}", {**case, "events": events, "bytes": encode(events).hex()}
            )
    for stream_format in ("msgpack", "protobuf", "arrow"):
        case = {"format": stream_format, "canonical": False, "events": to_neutral(infinities())}
        write(
            f"{stream_format}-infinities",
            {**case, "bytes": ENCODERS[stream_format](infinities()).hex()},
        )
    events, messages = newer_messages()
    for stream_format, message in messages.items():
        case = {"format": stream_format, "canonical": False, "events": events}
        write(f"{stream_format}-newer", {**case, "bytes": message.hex()})
    for name, stream_format, message in refused():
        code = {"format": stream_format, "code": "ERR_WIRE_STREAM_DECODE"}
        write(f"refused-{name}", {**code, "bytes": message.hex()})


main()
