"""DataStream over a source made of lists: what is asked, what comes, and what is not for it."""

import inspect
import math
from datetime import datetime, timezone

import pyarrow as pa
import pytest

import ruvector
from repository import ROOT
from ruvector import DataStream, StreamRecord
from ruvector._exceptions import ConnectionLostError, ProtocolError, StreamRequestError
from ruvector._stream.columns import columns_of
from ruvector._stream.source import ByteSource

MONDAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
POSITION = '"sequences":{"memory":0},"timestamps":{},"repeats":{}'
HELLO = f'{{"event":"hello","epoch":"e","tables":["memory"],"anonymized":true,{POSITION}}}\n'


def line(sequence, table="memory"):
    start = f'{{"event":"record","table":"{table}","sequence":{sequence}'
    return f'{start},"timestamp":"2024-01-01T00:00:00.000Z"}}\n'


class ListSource(ByteSource):
    def __init__(self, pieces, whole_messages):
        self.pieces, self.whole_messages = list(pieces), whole_messages
        self.closed = False

    def receive(self, timeout):
        return self.pieces.pop(0) if self.pieces else None

    def close(self):
        self.closed = True


@pytest.fixture
def served(monkeypatch):
    """Sets what the next connections bring, and shows what they asked for."""
    calls = []

    def serve(*pieces, whole_messages=True):
        def open_source(endpoint, request, *, token, timeout, ca):
            calls.append((endpoint, dict(request), token))
            calls[-1] += (ListSource(pieces, whole_messages),)
            return calls[-1][3]

        monkeypatch.setattr("ruvector._stream.data_stream.open_source", open_source)
        return calls

    return serve


def bytes_of(*lines):
    return "".join(lines).encode()


def test_rows_records_and_the_request(served):
    calls = served(bytes_of(HELLO, line(1)), bytes_of(line(2)))
    stream = DataStream(
        "ws://x:1",
        tables=["memory"],
        filters=["used_percent>90", ("pid", "==", 1)],
        interval=1.5,
        overflow="block",
        token="secret",
        reconnect=0,
    )
    records = list(stream.subscribe_all())
    assert [(record.table, record.sequence) for record in records] == [("memory", 1), ("memory", 2)]
    assert isinstance(records[0], StreamRecord)
    assert calls[0][:3] == (
        "ws://x:1",
        {
            "filters": ["used_percent>90", {"column": "pid", "op": "==", "value": 1}],
            "interval_ms": 1500,
            "overflow": "block",
            "tables": ["memory"],
            "format": "jsonlines",
        },
        "secret",
    )
    rows = list(stream.subscribe_memory())
    assert [row["timestamp"] for row in rows] == [MONDAY, MONDAY]


@pytest.mark.parametrize(
    ("method", "table"),
    [
        ("subscribe_memory", "memory"),
        ("subscribe_processes", "process"),
        ("subscribe_optimizations", "optimization"),
    ],
)
def test_data_stream_asks_for_the_table_of_each_subscription(served, method, table):
    calls = served(HELLO.encode())
    getattr(DataStream("ws://x:1", reconnect=0), method)()
    assert calls[0][1] == {"tables": [table], "format": "jsonlines"}


def test_data_stream_continues_after_a_position_of_an_earlier_one(served):
    calls = served(bytes_of(HELLO, line(1)))
    first = DataStream("ws://x:1", reconnect=0).subscribe_memory()
    list(first)
    DataStream("ws://x:1", reconnect=0, after=first.position).subscribe_memory()
    assert calls[1][1]["after"] == first.position
    assert first.position["sequences"] == {"memory": 1}


def test_data_stream_reads_a_pipe_that_is_cut_anywhere_and_carries_more_than_was_asked_for(served):
    text = bytes_of(HELLO, line(1), line(1, "process"), line(2))
    pieces = [text[i : i + 7] for i in range(0, len(text), 7)]
    served(*pieces, whole_messages=False)
    subscription = DataStream("pipe:/x", reconnect=0).subscribe_memory()
    assert len(list(subscription)) == 2
    assert subscription.position["sequences"] == {"memory": 2}


def test_data_stream_takes_an_end_within_an_event_for_a_loss_within_a_message_for_an_error(
    served,
):
    served(bytes_of(HELLO, line(1))[:-5], whole_messages=False)
    with pytest.raises(ConnectionLostError, match="within an event"):
        list(DataStream("pipe:/x", reconnect=0).subscribe_memory())
    served(bytes_of(HELLO), bytes_of(line(1))[:-5])
    with pytest.raises(ProtocolError):
        list(DataStream("ws://x:1", reconnect=0).subscribe_memory())


def test_close_closes_every_connection(served):
    calls = served(*[HELLO.encode()] * 3)
    with DataStream("ws://x:1") as stream:
        kept = [stream.subscribe_memory(), stream.subscribe_all()]
    assert [source.closed for *_, source in calls] == [True, True]
    assert [list(subscription) for subscription in kept] == [[], []]


def test_data_stream_refuses_an_unknown_format_and_batches_without_columns(served):
    calls = served()
    with pytest.raises(StreamRequestError, match="jsonlines, msgpack, protobuf and arrow"):
        DataStream("ws://x:1", "xml").subscribe_memory()
    with pytest.raises(StreamRequestError, match="only Arrow has columns"):
        DataStream("ws://x:1").batches()
    assert calls == []


# Batches


def ipc(metadata, columns):
    schema = pa.schema([pa.field(name, array.type) for name, array in columns.items()], metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
    return sink.getvalue().to_pybytes()


ARROW_HELLO = ipc(
    {"ruvector.event": "hello"},
    {
        "epoch": pa.array(["e"]),
        "anonymized": pa.array([True]),
        "table": pa.array(["memory"]),
        "sequence": pa.array([0], pa.int64()),
        "timestamp": pa.array([None], pa.timestamp("ms", "UTC")),
        "repeats": pa.array([None], pa.int64()),
    },
)


def arrow_rows(sequences, times, table="memory"):
    return ipc(
        {"ruvector.event": "record", "ruvector.table": table},
        {
            "sequence": pa.array(sequences, pa.int64()),
            "timestamp": pa.array(times, pa.timestamp("ms", "UTC")),
            "used_percent": pa.array([float(n) for n in sequences], pa.float32()),
        },
    )


def test_batches_come_as_they_are_and_move_the_position(served):
    served(ARROW_HELLO + arrow_rows([1, 2], [5, 7]), arrow_rows([3, 4], [7, 7]))
    subscription = DataStream("ws://x:1", "arrow", reconnect=0).batches()
    batches = list(subscription)
    assert [batch.column("used_percent").to_pylist() for batch in batches] == [[1, 2], [3, 4]]
    assert subscription.position == {
        "epoch": "e",
        "sequences": {"memory": 4},
        "timestamps": {"memory": 7},
        "repeats": {"memory": 3},
    }


def test_batches_hold_nothing_twice_and_nothing_of_other_tables(served):
    pieces = ARROW_HELLO + arrow_rows([1, 2], [5, 6]) + arrow_rows([9], [6], "optimization")
    served(pieces, arrow_rows([2, 3], [6, 7]), arrow_rows([3], [7]), whole_messages=False)
    batches = DataStream("pipe:/x", "arrow", reconnect=0).batches("memory")
    assert [batch.column("sequence").to_pylist() for batch in batches] == [[1, 2], [3]]


def test_batches_tell_gaps(served):
    gap = ipc(
        {"ruvector.event": "gap"},
        {
            "table": pa.array(["memory"]),
            "from_sequence": pa.array([2], pa.int64()),
            "to_sequence": pa.array([3], pa.int64()),
            "dropped": pa.array([2], pa.int64()),
            "reason": pa.array(["overflow"]),
        },
    )
    served(ARROW_HELLO + arrow_rows([1], [5]) + gap + arrow_rows([4], [9]))
    seen = []
    stream = DataStream("ws://x:1", "arrow", reconnect=0, on_gap=seen.append)
    assert [batch.num_rows for batch in stream.batches()] == [1, 1]
    assert seen == [ruvector.StreamGap("memory", 2, 3, 2, "overflow")]


# Rows


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("memory", ruvector.MemorySnapshot),
        ("process", ruvector.ProcessRecord),
        ("optimization", ruvector.OptimizationEvent),
    ],
)
def test_rows_have_the_columns_that_are_published(table, rows):
    assert list(rows.__annotations__) == [name for name, _ in columns_of(table)]


def test_data_stream_has_the_defaults_of_the_typescript_client():
    parameters = inspect.signature(DataStream).parameters
    assert parameters["format"].default == "jsonlines"
    assert parameters["reconnect"].default == math.inf
    # That the table of options has the format too: test/conformance/python/python-options.test.ts
    client = next((ROOT / "src").rglob("data-stream.ts")).read_text("utf-8")
    assert "options.format ?? streamDefaults.format" in client
    assert "reconnectTimeoutMs = Infinity" in client
