import json
from datetime import datetime, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ruvector import Client, DataExporter, Dataset, MockTransport
from ruvector._exceptions import ExportOptionsError, NoRowsError, PrepareError

LABELS = ["NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical"]
FEATURES = ["usage_percent", "usage_trend", "process_count"]
META = {
    "id": "ds-1",
    "sha256": "ab",
    "labels": LABELS,
    "features": [{"name": name} for name in FEATURES],
    "classWeights": {"NoActionNeeded": 0.5, "Critical": 2.0},
}


def training_batch(rows=10, columns=None):
    values = {
        name: pa.array(np.arange(rows, dtype=np.float32) + 100 * i)
        for i, name in enumerate(FEATURES)
    }
    return pa.record_batch(
        {
            "timestamp": pa.array(range(rows), pa.timestamp("ms", tz="UTC")),
            **values,
            **(columns or {}),
            "label": pa.array([0, 3] * (rows // 2), pa.int8()),
            "split": pa.array(["train"] * (rows - 4) + ["gap"] + ["test"] * 3),
        }
    )


def contiguous(batch):
    """The batch as it comes from the wire: all columns in one piece of memory."""
    buffer = batch.serialize()
    return pa.ipc.read_record_batch(pa.ipc.read_message(buffer), batch.schema)


def client_of(*batches, error=None, held=None):
    def source(params):
        if error is not None:
            raise error
        return pa.Table.from_batches(batches, schema=training_batch(4).schema)

    held = {"kinds": {"memory": held}} if held else None
    requests = {"history.range": lambda *_: held} if held else {}
    transport = MockTransport(
        requests=requests, streams={"training": source}, meta={"training": META}
    )
    return Client(transport=transport)


# Dataset


def test_dataset_shows_features_labels_and_identity():
    dataset = client_of(training_batch()).dataset()
    assert (dataset.id, dataset.sha256, dataset.labels) == ("ds-1", "ab", tuple(LABELS))
    assert dataset.feature_names == tuple(FEATURES)
    assert len(dataset) == 10
    assert repr(dataset) == "Dataset('ds-1', 10 rows: train 6, gap 1, test 3; 3 features)"


def test_dataset_x_and_y_hold_the_rows_of_their_split():
    dataset = client_of(training_batch()).dataset()
    assert dataset.X("test").tolist() == [[7, 107, 207], [8, 108, 208], [9, 109, 209]]
    assert dataset.X("test").dtype == np.float32
    assert dataset.y("test").tolist() == [3, 0, 3]
    assert dataset.y().dtype == np.int8
    assert dataset.sample_weight("test").tolist() == [2.0, 0.5, 2.0]


def test_dataset_x_is_a_view_of_the_received_bytes_when_they_lie_evenly():
    batch = contiguous(training_batch(64))
    dataset = Dataset(pa.Table.from_batches([batch]), META)
    first = batch.column("usage_percent").buffers()[1]
    assert dataset.X("train").__array_interface__["data"][0] == first.address
    expected = pa.Table.from_batches([training_batch(64)]).select(FEATURES).to_pandas().to_numpy()
    assert np.array_equal(dataset.X("train"), expected[:60])


def test_dataset_x_outlives_the_dataset():
    values = Dataset(pa.Table.from_batches([contiguous(training_batch(4096))]), META).X("train")
    noise = [np.full(4096, 7.0, np.float32) for _ in range(50)]
    assert len(noise) == 50
    assert values[:, 0].tolist() == list(range(4092))


def test_dataset_x_is_the_same_from_many_batches_and_from_mixed_splits():
    whole = Dataset(pa.Table.from_batches([training_batch(20)]), META)
    parts = [training_batch(20).slice(0, 7), training_batch(20).slice(7)]
    split = Dataset(pa.Table.from_batches(parts), META)
    assert np.array_equal(whole.X("train"), split.X("train"))
    mixed = pa.Table.from_batches([training_batch(4), training_batch(6)])
    rows = [i for i, name in enumerate(mixed["split"].to_pylist()) if name == "train"]
    assert Dataset(mixed, META).X("train")[:, 0].tolist() == [
        mixed["usage_percent"][i].as_py() for i in rows
    ]


def test_dataset_x_shows_missing_values_as_nan():
    batch = training_batch(10)
    columns = {"usage_trend": pa.array([None] * 10, pa.float32())}
    table = pa.Table.from_batches([batch]).set_column(2, "usage_trend", columns["usage_trend"])
    assert np.isnan(Dataset(table, META).X("train")[:, 1]).all()


def test_dataset_refuses_a_split_it_does_not_know():
    with pytest.raises(ExportOptionsError, match="use one of train, gap, test"):
        client_of(training_batch()).dataset().X("validation")


def test_client_dataset_asks_in_the_words_of_the_daemon():
    client = client_of(training_batch())
    client.dataset({"blocks": 2, "from_ms": 1}, start=0.002, horizon=30.0, balance="none")
    _name, params = client._transport.calls[0]
    assert params == {"blocks": 2, "from_ms": 2, "horizon_ms": 30_000, "balance": "none"}


# Exporter


@pytest.mark.parametrize("form", ["parquet", "csv", "arrow", "jsonl"])
def test_every_format_is_read_back_by_pandas(tmp_path, form):
    path = tmp_path / f"data.{form}"
    stats = DataExporter(client_of(training_batch())).export_training_data(format=form, path=path)
    assert (stats.rows, stats.bytes, stats.path) == (10, path.stat().st_size, path)
    assert stats.seconds > 0
    readers = {
        "parquet": pd.read_parquet,
        "csv": pd.read_csv,
        "arrow": lambda file: pa.ipc.open_file(file).read_all().to_pandas(),
        "jsonl": lambda file: pd.read_json(file, lines=True),
    }
    frame = readers[form](path)
    assert list(frame.columns) == [
        "timestamp", *FEATURES, "trend", "label", "label_index", "split",
    ]  # fmt: skip
    assert frame["usage_percent"].tolist() == list(range(10))
    assert frame["trend"].equals(frame["usage_trend"].rename("trend"))
    assert frame["label"].tolist() == ["NoActionNeeded", "Critical"] * 5
    assert frame["label_index"].tolist() == [0, 3] * 5
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_the_example_of_the_export_document_runs(tmp_path, monkeypatch):
    from sklearn.ensemble import RandomForestClassifier

    monkeypatch.chdir(tmp_path)
    exporter = DataExporter(client_of(training_batch(40)))
    exporter.export_training_data(
        start="2024-01-01", end="2024-01-31", format="parquet", path="training_data.parquet"
    )
    df = pd.read_parquet("training_data.parquet")
    X = df[["usage_percent", "trend", "process_count"]]
    y = df["label"]
    model = RandomForestClassifier(n_estimators=5).fit(X, y)
    assert set(model.predict(X)) <= set(LABELS)


def test_jsonl_writes_missing_values_as_null_and_times_with_zone(tmp_path):
    batch = training_batch(10, {"process_count": pa.array([float("nan")] * 10, pa.float32())})
    path = tmp_path / "data.jsonl"
    DataExporter(client_of(batch)).export_training_data(format="jsonl", path=path)
    row = json.loads(path.read_text("utf-8").splitlines()[0])
    assert row["process_count"] is None
    assert datetime.fromisoformat(row["timestamp"]) == datetime(1970, 1, 1, tzinfo=timezone.utc)


def test_a_range_without_rows_names_the_one_the_history_holds(tmp_path):
    held = {"rows": 60, "firstMs": 1_700_000_000_000, "lastMs": 1_700_000_060_000}
    counts = {"train": [0, 0, 0, 0], "gap": [0, 0, 0, 0], "test": [0, 0, 0, 0]}
    error = PrepareError("few", code="ERR_PREPARE_TOO_FEW_ROWS", details={"counts": counts})
    first = datetime.fromtimestamp(1_700_000_000).astimezone().isoformat(timespec="seconds")
    exporter = DataExporter(client_of(error=error, held=held))
    with pytest.raises(NoRowsError) as caught:
        exporter.export_training_data(start="2001-01-01", end="2001-01-02", path=tmp_path / "x")
    assert f"the history holds 60 samples from {first}" in str(caught.value)
    assert caught.value.code == "ERR_EXPORT_NO_ROWS"
    assert list(tmp_path.iterdir()) == []


def test_a_daemon_that_sends_no_rows_or_has_none_is_the_same_error(tmp_path):
    empty = client_of(held={"rows": 0, "firstMs": None, "lastMs": None})
    with pytest.raises(NoRowsError, match="nothing yet"):
        DataExporter(empty).export_training_data(path=tmp_path / "x")
    with pytest.raises(NoRowsError, match="a range the daemon did not name"):
        DataExporter(client_of()).export_training_data(path=tmp_path / "x")


def test_what_the_daemon_says_better_is_left_as_it_is(tmp_path):
    counts = {"train": [5, 0, 0, 0], "gap": [0, 0, 0, 0], "test": [0, 0, 0, 0]}
    error = PrepareError("few", code="ERR_PREPARE_TOO_FEW_ROWS", details={"counts": counts})
    with pytest.raises(PrepareError, match="few"):
        DataExporter(client_of(error=error)).export_training_data(path=tmp_path / "x")


def test_a_failed_export_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "data.parquet"
    path.write_text("old")

    def fail(table, where, **_):
        where.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pa.parquet, "write_table", fail)
    with pytest.raises(ExportOptionsError, match="No space left") as caught:
        DataExporter(client_of(training_batch())).export_training_data(path=path)
    assert caught.value.code == "ERR_EXPORT_WRITE"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_format_is_refused_before_the_daemon_is_asked(tmp_path):
    client = client_of(training_batch())
    with pytest.raises(ExportOptionsError, match="use one of arrow, csv, jsonl, parquet"):
        DataExporter(client).export_training_data(format="excel", path=tmp_path / "x")
    assert client._transport.calls == []


def test_stream_is_the_clients_and_a_client_that_was_given_stays_open():
    client = Client(transport=MockTransport(streams={"memory": lambda _: pa.table({"a": [1]})}))
    with DataExporter(client) as exporter, exporter.stream() as stream:
        assert next(stream).to_pydict() == {"a": [1]}
    assert not client._transport.closed
