import os
from dataclasses import fields
from pathlib import Path

import pytest

from ruvector import (
    Client,
    DataExporter,
    ExportConfig,
    ExportStats,
    MockTransport,
    TrainingDataConfig,
)
from ruvector._exceptions import (
    ExportCancelledError,
    ExportOptionsError,
    ExportWriteError,
    error_from_payload,
)

RESULT = {
    "rows": 30,
    "bytes": 4096,
    "ms": 250,
    "rowsPerSecond": 120.0,
    "tables": {
        "memory": {"rows": 20, "path": "/data/a.memory.csv"},
        "process": {"rows": 10, "path": "/data/a.process.csv"},
    },
    "privacy": {"method": "k-anonymity", "k": 5},
    "problems": ['Cannot read segment "a.parquet": it is damaged; restore it'],
}
TRAINING = {
    **RESULT,
    "splits": {"train": 20, "gap": 2, "test": 8},
    "features": ["usage_percent", "usage_trend"],
    "classWeights": {"Critical": 3.0},
    "datasetId": "ds-1",
    "cardPath": "/data/dataset.json",
}
PROGRESS = [
    {"table": "memory", "rows": 5, "totalRows": None, "rowsPerSecond": 9.5, "etaSeconds": None},
    {"table": "memory", "rows": 20, "totalRows": 30, "rowsPerSecond": 10, "etaSeconds": 1.0},
]
EXPORTS = ["export.range", "export.recent", "export.training"]


def exporter_of(answer=TRAINING, **requests):
    def handle(params, attachments):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    handlers = dict.fromkeys(EXPORTS, handle)
    transport = MockTransport({**handlers, **requests}, progress=dict.fromkeys(EXPORTS, PROGRESS))
    return DataExporter(Client(transport=transport)), transport.calls


def test_export_range_asks_in_the_words_of_the_daemon(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exporter, calls = exporter_of()
    exporter.export_range(1.5, 2, "csv", "a.csv")
    assert calls == [
        (
            "export.range",
            {
                "from_ms": 1500,
                "to_ms": 2000,
                "format": "csv",
                "path": str(tmp_path / "a.csv"),
                "anonymize": True,
                "include_processes": False,
                "include_events": False,
                "sample_interval_ms": 0,
                "excel": False,
                "columns": "all",
                "time_precision_ms": 3_600_000,
                "k": 5,
            },
        )
    ]


def test_export_recent_and_training_name_what_they_are_about(tmp_path):
    exporter, calls = exporter_of()
    exporter.export_recent(24, path=tmp_path / "a.parquet")
    exporter.export_training_data(path=tmp_path / "b.parquet")
    [(recent, asked), (training, wanted)] = calls
    assert (recent, asked["hours"], "format" in asked, "from_ms" in asked) == (
        "export.recent", 24, False, False,
    )  # fmt: skip
    assert (training, wanted["train_test_split"], wanted["label_type"]) == (
        "export.training", 0.8, "class",
    )  # fmt: skip
    assert wanted["balance_classes"] is False


def test_data_exporter_lets_keywords_override_the_fields_of_a_config(tmp_path):
    exporter, calls = exporter_of()
    config = ExportConfig(include_processes=True, tables=("process",), k=9)
    exporter.export_range(None, None, path=tmp_path / "a.csv", config=config, k=3, anonymize=False)
    params = calls[0][1]
    assert (params["include_processes"], params["tables"]) == (True, ["process"])
    assert (params["k"], params["anonymize"]) == (3, False)
    assert (config.k, config.anonymize) == (9, True)


def test_data_exporter_anonymises_as_the_config_says_unless_it_is_named(tmp_path):
    exporter, calls = exporter_of()
    exporter.export_recent(1, path=tmp_path / "a.csv", config=ExportConfig(anonymize=False))
    assert calls[0][1]["anonymize"] is False


def test_data_exporter_refuses_a_field_that_there_is_not_before_the_daemon_is_asked(tmp_path):
    exporter, calls = exporter_of()
    with pytest.raises(ExportOptionsError, match="no field 'hours', 'x'; use anonymize, include_p"):
        exporter.export_range(None, None, path=tmp_path / "a.csv", hours=3, x=1)
    with pytest.raises(ExportOptionsError, match="no path was given"):
        exporter.export_range(None, None, "csv")
    assert calls == []


@pytest.mark.parametrize("kind", [ExportConfig, TrainingDataConfig])
def test_config_documents_every_field(kind):
    for field in fields(kind):
        assert f"    {field.name} : " in kind.__doc__


def test_export_stats_hold_what_the_daemon_wrote(tmp_path):
    exporter, _calls = exporter_of()
    stats = exporter.export_recent(1, path=tmp_path / "a.csv")
    assert stats == ExportStats(
        rows=30,
        bytes=4096,
        seconds=0.25,
        rows_per_second=120.0,
        tables={"memory": 20, "process": 10},
        path=tmp_path / "a.csv",
        paths=(Path("/data/a.memory.csv"), Path("/data/a.process.csv")),
        privacy={"method": "k-anonymity", "k": 5},
        problems=('Cannot read segment "a.parquet": it is damaged; restore it',),
    )


def test_export_stats_name_a_file_that_holds_all_tables_once(tmp_path):
    tables = {name: {"rows": 1, "path": "/data/a.sqlite"} for name in ("memory", "process")}
    result = {**RESULT, "tables": tables, "privacy": None}
    exporter, _calls = exporter_of(result)
    stats = exporter.export_recent(1, path=tmp_path / "a.sqlite")
    assert (stats.paths, stats.privacy) == ((Path("/data/a.sqlite"),), None)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~/data.csv", os.path.expanduser("~/data.csv")),
        ("../data.csv", None),
        ("training/", None),
        (Path("/data/x.csv"), "/data/x.csv"),
    ],
)
def test_data_exporter_sends_an_absolute_path_and_a_folder_stays_one(path, expected):
    exporter, calls = exporter_of()
    exporter.export_recent(1, "csv", path)
    sent = calls[0][1]["path"]
    assert os.path.isabs(sent)
    assert ".." not in sent
    assert sent.endswith("/") == str(path).endswith("/")
    assert expected in (None, sent)


def test_progress_comes_as_rows_total_rate_and_eta(tmp_path):
    exporter, _calls = exporter_of()
    seen = []
    exporter.export_recent(1, path=tmp_path / "a", on_progress=lambda *news: seen.append(news))
    assert seen == [(5, None, 9.5, None), (20, 30, 10, 1.0)]


@pytest.mark.parametrize(
    ("code", "kind", "builtin"),
    [
        ("ERR_EXPORT_OPTIONS", ExportOptionsError, ValueError),
        ("ERR_EXPORT_WRITE", ExportWriteError, OSError),
        ("ERR_EXPORT_CANCELLED", ExportCancelledError, Exception),
    ],
)
def test_data_exporter_raises_errors_of_the_daemon_with_their_codes(tmp_path, code, kind, builtin):
    exporter, _calls = exporter_of(error_from_payload({"code": code, "message": "no"}))
    with pytest.raises(kind, match="no") as caught:
        exporter.export_recent(1, path=tmp_path / "a.csv")
    assert (caught.value.code, isinstance(caught.value, builtin)) == (code, True)


def test_export_training_data_says_what_the_set_is(tmp_path):
    exporter, _calls = exporter_of()
    stats = exporter.export_training_data(path=tmp_path / "training.parquet")
    assert (stats.rows, stats.splits["gap"], stats.features[1]) == (30, 2, "usage_trend")
    assert (stats.class_weights, stats.dataset_id) == ({"Critical": 3.0}, "ds-1")
    assert stats.card_path == Path("/data/dataset.json")


SERVED = {
    "endpoint": "ws://127.0.0.1:4711",
    "transport": "websocket",
    "format": "arrow",
    "anonymized": True,
}


def test_start_stream_gives_a_handle_that_stops_once():
    stops = {"stream.start": lambda *_: SERVED, "stream.stop": lambda *_: {}}
    exporter, calls = exporter_of(**stops)
    served = exporter.start_stream("arrow", "ws://127.0.0.1:0", tables=("memory",), interval=0.5)
    with served as handle:
        assert (handle.transport, handle.endpoint) == ("websocket", "ws://127.0.0.1:4711")
        assert "arrow" in repr(handle)
        handle.stop()
        assert "stopped" in repr(handle)
    asked = {
        "endpoint": "ws://127.0.0.1:0",
        "format": "arrow",
        "tables": ["memory"],
        "interval_ms": 500,
        "anonymize": True,
    }
    stopped = {"endpoint": "ws://127.0.0.1:4711"}
    assert calls == [("stream.start", asked), ("stream.stop", stopped)]


def test_start_stream_shows_names_only_when_told_to():
    exporter, calls = exporter_of(**{"stream.start": lambda *_: SERVED})
    exporter.start_stream(anonymize=False)
    expected = {"format": "jsonlines", "endpoint": "ws://127.0.0.1:0", "anonymize": False}
    assert calls[0][1] == expected


def test_data_exporter_leaves_a_client_open_that_was_given():
    exporter, _calls = exporter_of()
    with exporter:
        client = exporter._connected()
    assert not client._transport.closed
