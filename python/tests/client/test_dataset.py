import numpy as np
import pyarrow as pa
import pytest

from ruvector import Client, Dataset, MockTransport
from ruvector._exceptions import ExportOptionsError, NoRowsError

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


def client_of(*batches):
    def source(params):
        return pa.Table.from_batches(batches, schema=training_batch(4).schema)

    return Client(transport=MockTransport(streams={"training": source}, meta={"training": META}))


def test_dataset_shows_features_labels_and_identity():
    dataset = client_of(training_batch()).dataset()
    assert (dataset.id, dataset.sha256, dataset.labels) == ("ds-1", "ab", tuple(LABELS))
    assert dataset.feature_names == tuple(FEATURES)
    assert len(dataset) == 10
    assert repr(dataset) == "Dataset('ds-1', 10 rows: train 6, gap 1, test 3; 3 features)"


def test_dataset_target_holds_the_rows_of_its_split():
    batch = training_batch()
    target = pa.array([float(row) for row in range(9)] + [None], pa.float32())
    dataset = Dataset(pa.table(batch).append_column("target", target), META)
    assert dataset.target("train").tolist() == [0, 1, 2, 3, 4, 5]
    assert np.isnan(dataset.target("test")[-1])
    assert Dataset(pa.table(batch)).target() is None
    assert Dataset(dataset.table).feature_names == tuple(FEATURES)


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


def test_client_dataset_asks_for_a_window_and_the_data_set_tells_it():
    table = pa.Table.from_batches([training_batch()])
    meta = {"training": {**META, "window": {"steps": 16, "everyMs": 1000}}}
    client = Client(transport=MockTransport(streams={"training": lambda _: table}, meta=meta))
    dataset = client.dataset(window={"steps": 16, "every_ms": 1000})
    assert client._transport.calls[0][1] == {"window": {"steps": 16, "every_ms": 1000}}
    assert dataset.window == {"steps": 16, "every_ms": 1000}
    assert client_of(training_batch()).dataset().window is None


def test_client_dataset_says_that_no_rows_came():
    with pytest.raises(NoRowsError, match="the daemon sent no rows"):
        client_of().dataset()


def test_read_dataset_refuses_a_file_that_was_cut_between_two_batches(tmp_path):
    from ruvector._client import read_dataset
    from ruvector._exceptions import DatasetFolderError

    batch = pa.record_batch({"timestamp": [1, 2], "label": [0, 1], "split": ["train", "test"]})
    path = tmp_path / "rows.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, batch.schema) as writer:
        ends = []
        for _ in range(3):
            writer.write_batch(batch)
            ends.append(file.tell())
    whole = path.read_bytes()
    assert read_dataset(path).table.num_rows == 6
    for cut in (ends[0], ends[1], ends[2]):
        path.write_bytes(whole[:cut])
        with pytest.raises(DatasetFolderError, match=f"cut short after {cut} bytes"):
            read_dataset(path)
