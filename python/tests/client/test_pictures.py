"""What a client, a data set, a decision and results show in a notebook and at a prompt."""

import html.parser

import pyarrow as pa
import pytest

import ruvector
from ruvector import Client, Dataset, MockTransport, Reply
from ruvector._exceptions import ConnectionLostError, ExportOptionsError, MissingPackageError
from training_data import LABELS, make_dataset

EXPLANATION = {
    "decision": {
        "label": "ShouldOptimizeAggressive",
        "reason": "model memopt@1: likely",
        "modelVersion": "memopt@1",
        "probabilities": {"NoActionNeeded": 0.1, "ShouldOptimizeAggressive": 0.9},
        "plan": [
            {
                "target": {"kind": "process", "name": "redis <b>"},
                "actuator": "madvise",
                "bytes": 2**20,
            }
        ],
        "refusals": [{"rule": "dry-run", "target": None, "reason": "acting is off"}],
    },
    "features": [{"name": "usage_percent", "value": 91.5}],
}
STATUS = {
    "pid": 7,
    "home": "/h",
    "samples": 3,
    "acting": False,
    "config": {"hz": 2},
    "model": {"live": None},
    "decisions": {"decisions": 3, "failures": 0},
    "history": {"kinds": {"memory": {"rows": 3}}},
}


def client(**requests):
    def answer(result):
        return lambda *_: Reply(result)

    return Client(
        transport=MockTransport(requests={name: answer(each) for name, each in requests.items()})
    )


def dataset(labels=LABELS):
    table = pa.table(
        {
            "timestamp": pa.array([0, 1000, 2000], pa.int64()),
            "usage_percent": pa.array([1.0, 2.0, 3.0], pa.float32()),
            "label": pa.array([0, 3, 1], pa.int8()),
            "split": ["train", "train", "test"],
        }
    )
    meta = {"id": "ds-1", "labels": list(labels), "horizonMs": 60_000}
    return Dataset(table, meta)


class Text(html.parser.HTMLParser):
    """Checks that every tag is closed, and keeps the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "img", "meta", "line", "rect", "circle", "path", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def text_of(page):
    parser = Text()
    parser.feed(page)
    assert parser.open == []
    return " ".join(" ".join(parser.text).split())


def test_client_decide_says_what_the_host_would_do():
    decision = client(decide=EXPLANATION).decide()
    assert decision.label == "ShouldOptimizeAggressive"
    assert decision.features == {"usage_percent": 91.5}
    assert repr(decision) == (
        "Decision(ShouldOptimizeAggressive, p 0.90, by memopt@1: 1 actions planned)"
    )


def test_client_decide_shows_plan_and_what_holds_it_back_with_names_escaped():
    shown = text_of(client(decide=EXPLANATION).decide()._repr_html_())
    for words in ("ShouldOptimizeAggressive", "0.900", "redis <b>", "1.0 MiB", "acting is off"):
        assert words in shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan": [], "label": "NoActionNeeded"}, "nothing to do"),
        ({"plan": []}, "nothing is done: acting is off"),
        ({"plan": [], "refusals": []}, "nobody is short"),
        ({"modelVersion": None, "probabilities": None}, "by the rule"),
    ],
)
def test_client_decide_without_a_plan_or_a_model(change, words):
    decision = client(
        decide={**EXPLANATION, "decision": {**EXPLANATION["decision"], **change}}
    ).decide()
    assert words in repr(decision)
    text_of(decision._repr_html_())


def test_client_shows_what_the_daemon_does():
    shown = text_of(client(status=STATUS)._repr_html_())
    for words in ("process 7", "2 Hz, 3 samples", "none: the rule decides", "3 rows", "dry run"):
        assert words in shown


def test_client_of_a_daemon_that_is_gone_shows_that():
    def gone(*_):
        raise ConnectionLostError("Cannot reach daemon: <gone>")

    transport = MockTransport(requests={"status": gone})
    assert "&lt;gone&gt;" in Client(transport=transport)._repr_html_()


def test_dataset_shows_rows_of_each_label_by_split():
    assert repr(dataset()) == "Dataset('ds-1', 3 rows: train 2, gap 0, test 1; 1 features)"
    shown = text_of(dataset()._repr_html_())
    for words in ("ds-1", "Critical 1 0 0", "ShouldOptimize 0 0 1", "60 s"):
        assert words in shown
    text_of(dataset(labels=())._repr_html_())


def test_dataset_to_pandas_has_times_and_names():
    frame = dataset().to_pandas()
    assert list(frame["label"]) == ["NoActionNeeded", "Critical", "ShouldOptimize"]
    assert str(frame["timestamp"].dtype) == "datetime64[ms, UTC]"
    assert list(frame["split"]) == ["train", "train", "test"]
    assert list(dataset(labels=()).to_pandas()["label"]) == [0, 3, 1]


def test_dataset_to_polars_has_times_and_names():
    frame = dataset().to_polars()
    assert frame["label"].to_list() == ["NoActionNeeded", "Critical", "ShouldOptimize"]
    assert str(frame["timestamp"].dtype) == "Datetime(time_unit='ms', time_zone='UTC')"


def test_stream_gives_data_frames():
    transport = MockTransport(streams={"memory": lambda _: pa.table({"a": [1, 2]})})
    opened = Client(transport=transport)
    assert opened.stream("memory").to_pandas()["a"].sum() == 3
    assert opened.stream("memory").to_polars()["a"].sum() == 3


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_to_pandas_and_to_polars_name_the_package_that_is_missing(name, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingPackageError, match=f"pip install {name}"):
        getattr(dataset(), f"to_{name}")()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "NoneType"),
        ({"split": ["train"]}, "dict"),
        (pa.table({"label": [0]}), "no column split"),
        (pa.table({"a": [0]}), "no column label and split"),
    ],
)
def test_dataset_refuses_what_is_no_training_set(table, words):
    with pytest.raises(ExportOptionsError, match=words):
        Dataset(table)


def test_dataset_names_the_feature_that_its_table_lacks():
    table = dataset().table
    with pytest.raises(ExportOptionsError, match="no column swap_in_rate"):
        Dataset(table, {"features": [{"name": "swap_in_rate"}]}).X()


def test_fit_result_and_its_report_say_what_it_is_worth():
    result = ruvector.fit("sklearn.GaussianNB", make_dataset(n=200))
    assert repr(result).startswith("FitResult(sklearn.")
    assert "best rule" in repr(result)
    assert "best rule" in text_of(result._repr_html_())


def test_deployment_shows_why_it_is_live_or_not():
    deployment = ruvector.Deployment("memopt", "1", False, "it is worse", {"swap": None}, {})
    assert repr(deployment) == "Deployment(memopt@1, candidate: it is worse)"
    assert "it is worse" in text_of(deployment._repr_html_())


def test_version_is_that_of_the_distribution():
    assert ruvector.__version__ == __import__("importlib.metadata", fromlist=["version"]).version(
        ruvector.__distribution__
    )
