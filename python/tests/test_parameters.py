"""What public calls do with arguments of every wrong kind: a typed error, and nothing begun."""

import math

import numpy as np
import pyarrow as pa
import pytest

import ruvector
from ruvector import Client, DataExporter, DataStream, MockTransport, events
from ruvector._exceptions import ArgumentsError
from ruvector._parameters import number, takes, whole_number
from training_data import make_dataset

TABLE = pa.table({"a": [1.0], "label": pa.array([0], pa.int8()), "split": ["train"]})
WRONG = [-1, 2.5, "", b"x", [], object(), math.nan, math.inf, True, ["x"], {"a": 1}, (1, 2), print]


def make_client():
    streams = {name: lambda _: TABLE for name in ("memory", "training")}
    # Whatever reaches the daemon is the daemon's to refuse.
    return Client(transport=MockTransport(streams=streams))


def export_range(**given):
    wanted = {"start": None, "end": None, "format": "csv", "path": "/tmp/x.csv", **given}
    return DataExporter(make_client()).export_range(**wanted)


def fit(**given):
    wanted = {"estimator": "sklearn.GaussianNB", "dataset": make_dataset(n=40), **given}
    return ruvector.fit(**wanted)


CALLS = {
    "connect": (ruvector.connect, "home bridge_file key token timeout"),
    "Client": (lambda **given: Client(**given), "transport"),
    "request": (
        lambda **given: make_client().request(**{"name": "x", **given}),
        "name attachments",
    ),
    "stream": (
        lambda name="memory", **given: make_client().stream(name, **given),
        "name start end follow timeout window",
    ),
    "dataset": (
        lambda **given: make_client().dataset(**given),
        "params start end horizon balance test_fraction blocks include_acted task window progress",
    ),
    "show": (lambda **given: make_client().models.show(**given), "reference"),
    "prune": (lambda **given: make_client().models.prune(**given), "keep dry_run"),
    "DataExporter": (DataExporter, "client"),
    "export_range": (export_range, "start end format path config on_progress"),
    "export_recent": (lambda **given: DataExporter(make_client()).export_recent(**given), "hours"),
    "start_stream": (
        lambda **given: DataExporter(make_client()).start_stream(**given),
        "format endpoint tables filters interval anonymize token",
    ),
    "DataStream": (
        lambda **given: DataStream(**{"endpoint": "ws://127.0.0.1:1", **given}),
        "endpoint format tables filters interval overflow after token ca timeout on_gap",
    ),
    "fit": (fit, "estimator dataset parameters callbacks seed progress engine"),
    "create_estimator": (
        lambda **given: ruvector.create_estimator(**{"name": "sklearn.GaussianNB", **given}),
        "name parameters seed",
    ),
    "load": (lambda **given: events.load(**given), "path"),
}
CASES = [(name, parameter) for name, (_, of) in CALLS.items() for parameter in of.split()]


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_takes_lets_only_typed_errors_out_of_public_calls(tmp_path, monkeypatch, name, parameter):
    """Whatever is passed, nothing but a typed error comes out, with the next step in it."""
    monkeypatch.setenv("RUVECTOR_HOME", str(tmp_path))
    call, _ = CALLS[name]

    def refusal(value):
        try:
            call(**{parameter: value})
        except ruvector.RuvectorError as error:
            return str(error)
        return None

    refusals = [refusal(value) for value in WRONG]
    told = [text for text in refusals if text is not None]
    assert [text for text in told if ";" not in text] == []
    assert len(told) >= 6
    # What is nothing but an object is right nowhere.
    assert refusal(object()) is not None


def test_takes_names_all_mistakes_at_once_and_is_a_type_and_a_value_error():
    with pytest.raises(ArgumentsError) as caught:
        make_client().dataset(horizon="x", blocks=-1, balance="none")
    error = caught.value
    assert isinstance(error, TypeError)
    assert isinstance(error, ValueError)
    assert error.code == "ERR_CLIENT_OPTIONS"
    assert error.details["arguments"] == ["blocks", "horizon"]
    assert str(error) == (
        "Cannot call Client.dataset(): horizon is 'x' and blocks is -1; pass seconds above 0, such "
        "as 60 for horizon and a number of blocks of at least 1 for blocks"
    )


def test_takes_never_shows_what_may_be_a_secret():
    with pytest.raises(ArgumentsError) as caught:
        ruvector.connect("tcp://db1:7700", token=b"s3cret", key=["s3cret"])
    assert "s3cret" not in str(caught.value)


def test_takes_leaves_numbers_of_numpy_and_none_where_it_is_the_default():
    @takes(count=whole_number("a count", 0), seconds=number("seconds", 0, above=True))
    def call(count=None, seconds=1.0, **_options):
        return count, seconds

    assert call() == (None, 1.0)
    assert call(None, np.float32(2)) == (None, 2)
    assert call(np.int64(3), 1) == (3, 1)
    with pytest.raises(ArgumentsError):
        call(seconds=None)
    with pytest.raises(ArgumentsError):
        call(count=True)
    with pytest.raises(TypeError, match="takes from 0 to 2 positional"):
        call(1, 2, 3)


@pytest.mark.parametrize("value", [object(), b"2024", [], np.datetime64("NaT"), math.nan])
def test_stream_says_what_a_time_is(value):
    with pytest.raises(ruvector.RuvectorError, match="seconds since the epoch"):
        make_client().stream("memory", start=value)
