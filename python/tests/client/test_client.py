import copy
import json
import os
import pickle
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ruvector
from ruvector import Client, MockTransport, Reply
from ruvector._bridge.bridge_file import read_bridge_file
from ruvector._exceptions import ArgumentsError, ExportOptionsError, NoDaemonError, UnknownNameError
from ruvector._times import end_ms, span_ms, start_ms

PUBLIC_NAMES = [
    "BatchStream",
    "Client",
    "DataExporter",
    "DataStream",
    "Dataset",
    "Decision",
    "Deployment",
    "ExportConfig",
    "ExportStats",
    "FitResult",
    "Leaderboard",
    "LeaderboardRow",
    "MemorySnapshot",
    "MockTransport",
    "OnnxModel",
    "OptimizationEvent",
    "ParityReport",
    "ProcessRecord",
    "Reply",
    "Report",
    "RuvectorError",
    "SearchResult",
    "StreamGap",
    "StreamHandle",
    "StreamHello",
    "StreamPosition",
    "StreamRecord",
    "Subscription",
    "TrainingDataConfig",
    "TrainingDataStats",
    "Transport",
    "connect",
    "create_estimator",
    "deploy",
    "events",
    "export_onnx",
    "fit",
    "search",
    "trainers",
]


def test_ruvector_has_exactly_these_public_names_sorted():
    assert ruvector.__all__ == sorted(ruvector.__all__)
    assert ruvector.__all__ == PUBLIC_NAMES
    for name in ruvector.__all__:
        assert getattr(ruvector, name) is not None


def test_ruvector_loads_nothing_that_streaming_does_not_need():
    unwanted = "sklearn", "onnx", "pandas"
    code = f"import ruvector, sys; print([m for m in {unwanted} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_request_hands_everything_to_the_transport():
    transport = MockTransport(
        requests={"echo": lambda params, attachments: Reply(params, attachments)}
    )
    with Client(transport=transport) as client:
        reply = client.request("echo", {"a": 1}, attachments=[b"x"])
    assert (reply.result, list(reply.attachments)) == ({"a": 1}, [b"x"])
    assert transport.calls == [("echo", {"a": 1})]
    assert transport.closed


def test_status_returns_the_result():
    client = Client(transport=MockTransport(requests={"status": lambda *_: {"rows": 3}}))
    assert client.status() == {"rows": 3}


def test_stream_gives_schema_and_meta_first_and_drops_parameters_not_given():
    table = pa.table({"a": [1, 2, 3]})
    transport = MockTransport(streams={"memory": lambda params: table}, meta={"memory": {"k": 1}})
    with Client(transport=transport).stream("memory", follow=False, end=None) as stream:
        assert (stream.schema, stream.meta) == (table.schema, {"k": 1})
        assert pa.Table.from_batches(list(stream)) == table
    assert transport.calls == [("memory", {"follow": False})]
    assert list(stream) == []


def test_stream_takes_times_as_people_write_them_and_its_own_names_win():
    transport = MockTransport(streams={"process": lambda _: pa.table({"a": [1]})})
    client = Client(transport=transport)
    client.stream("process", start=1, end=2.5, from_ms=7, timeout=3, anonymize=False)
    expected = {"from_ms": 1000, "to_ms": 2500, "anonymize": False}
    assert transport.calls == [("process", expected)]


def test_mock_transport_says_what_it_knows():
    client = Client(transport=MockTransport(requests={"b": print, "a": print}))
    with pytest.raises(UnknownNameError, match="known are a, b"):
        client.request("c")
    with pytest.raises(UnknownNameError) as caught:
        client.stream("c")
    assert caught.value.code == "ERR_WIRE_UNKNOWN_STREAM"


# Where the daemon is


def bridge_json(pid):
    endpoints = {"control": "ipc:///c", "data": "ipc:///d"}
    return json.dumps({"endpoints": endpoints, "token": "secret", "pid": pid, "protocol": 1})


def test_read_bridge_file_reads_a_live_one_and_never_shows_the_token(tmp_path):
    path = tmp_path / "bridge.json"
    path.write_text(bridge_json(os.getpid()))
    bridge = read_bridge_file(path)
    assert (bridge.control, bridge.token, bridge.protocol) == ("ipc:///c", "secret", 1)
    assert "secret" not in repr(bridge)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"endpoints": 1}', "\xff"])
def test_connect_refuses_a_broken_bridge_file(tmp_path, text):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "bridge.json").write_text(text, encoding="latin-1")
    with pytest.raises(NoDaemonError, match="ruvector-memopt serve"):
        ruvector.connect(tmp_path)


def test_connect_says_that_the_daemon_is_dead(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    path = tmp_path / "bridge.json"
    path.write_text(bridge_json(child.pid))
    with pytest.raises(NoDaemonError, match=f"process {child.pid} that wrote it is dead"):
        ruvector.connect(bridge_file=path)


def test_connect_looks_in_the_home_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("RUVECTOR_HOME", str(tmp_path))
    with pytest.raises(NoDaemonError, match=str(tmp_path / "run" / "bridge.json")):
        ruvector.connect()


# Times


def test_span_ms_of_a_date_begins_at_its_first_instant_and_ends_after_its_last_in_local_time():
    begin = datetime(2024, 1, 31).astimezone().timestamp() * 1000
    assert start_ms("2024-01-31") == start_ms(date(2024, 1, 31)) == begin
    assert end_ms("2024-01-31") == end_ms(date(2024, 1, 31))
    assert end_ms("2024-01-31") == datetime(2024, 2, 1).astimezone().timestamp() * 1000


def test_start_ms_and_end_ms_of_a_time_are_itself():
    moment = datetime(2024, 1, 31, 12, tzinfo=timezone(timedelta(hours=1)))
    expected = 1706698800000
    for value in (
        "2024-01-31T12:00:00+01:00",
        "2024-01-31T11:00:00Z",
        moment,
        1706698800,
        1706698800.0,
    ):
        assert start_ms(value) == end_ms(value) == expected
    assert start_ms(None) is end_ms(None) is None


def test_start_ms_counts_back_from_now(monkeypatch):
    monkeypatch.setattr("ruvector._times.clock.time", lambda: 1_706_698_800.0)
    now = 1_706_698_800_000
    expected = {
        "now": 0,
        "-2h": 7_200_000,
        "-30m": 1_800_000,
        "-1.5d": 129_600_000,
        "-1w": 604_800_000,
    }
    for text, back in expected.items():
        assert start_ms(text) == end_ms(text) == now - back


def test_span_ms_that_counts_back_from_now_ends_now(monkeypatch):
    monkeypatch.setattr("ruvector._times.clock.time", lambda: 1_706_698_800.0)
    now = 1_706_698_800_000
    assert span_ms("-5m", None) == {"from_ms": now - 300_000, "to_ms": now + 1}
    assert span_ms("-5m", "-1m") == {"from_ms": now - 300_000, "to_ms": now - 60_000}
    assert span_ms("2024-01-31T12:00:00Z", None)["to_ms"] is None
    assert span_ms(None, None) == {"from_ms": None, "to_ms": None}


@pytest.mark.parametrize(
    "text", ["yesterday", "-2", "-2y", "2024-13-01", "01.02.2024", "2024-01-31T25:00"]
)
def test_start_ms_refuses_what_is_no_time_with_an_example(text):
    with pytest.raises(ExportOptionsError, match='write "2024-01-31"'):
        start_ms(text)


NOON = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.timestamp(),
        np.float64(NOON.timestamp()),
        pd.Timestamp(NOON),
        pd.Timestamp(NOON).tz_convert("Europe/Berlin"),
        pd.Timestamp(NOON).tz_convert(None).tz_localize("UTC"),
        pa.scalar(NOON),
        np.datetime64(NOON.astimezone().replace(tzinfo=None), "ms"),
        np.datetime64(NOON.astimezone().replace(tzinfo=None), "ns"),
        pd.Series([pd.Timestamp(NOON)])[0],
    ],
)
def test_start_ms_takes_the_times_of_pandas_numpy_and_pyarrow(value):
    assert start_ms(value) == 1706702400000


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1706702400000, "divide milliseconds by 1000"),
        (np.int64(1706702400000), "divide milliseconds by 1000"),
        (10**30, "beyond the year 9999"),
        (pd.NaT, "no such time"),
        (np.datetime64("NaT"), "of type datetime64"),
        (timedelta(seconds=30), "of type timedelta"),
        (pa.scalar("soon"), "not ISO 8601"),
    ],
)
def test_start_ms_refuses_what_is_no_time_or_counts_milliseconds(value, words):
    with pytest.raises(ExportOptionsError, match=words):
        start_ms(value)


@pytest.mark.parametrize("is_open", [True, False])
def test_span_ms_refuses_a_range_that_ends_before_it_begins(is_open):
    with pytest.raises(ExportOptionsError, match="ends before it begins; swap them"):
        span_ms(NOON, NOON - timedelta(seconds=1), is_open=is_open)
    assert span_ms(NOON, NOON, is_open=is_open)["to_ms"] == 1706702400000


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_client_is_neither_pickled_nor_copied(take):
    client = Client(transport=MockTransport())
    with pytest.raises(ArgumentsError, match="it is a connection of this process"):
        take(client)


@pytest.mark.parametrize("address", ["http://db1:7700", "db1:7700", "10.0.0.1:7700", "ws://db1"])
def test_connect_says_how_an_address_of_another_host_begins(address):
    with pytest.raises(NoDaemonError, match="begins with tcp://"):
        ruvector.connect(address)
