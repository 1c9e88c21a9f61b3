"""Fits, exports and deploys one model of each trainer it is asked for, in one process.

Reads the data set of this repository, and what the host captured meanwhile; a line of JSON for each
trainer says what came of it. What went live is taken from the registry and held against the
framework on 2,048 rows, which then lie in the folder given, for Node to do the same.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from matrix_objects import OBJECTS, as_file

import ruvector
from ruvector import Dataset
from ruvector._training import task_of
from ruvector._training.answers import ask_framework

warnings.simplefilter("ignore")
ROWS = 2048
STEPS = 4
LABELS = ["NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical"]
NAMES = {"anomaly": "memopt-anomaly", "forecast": "memopt-forecast"}


def load(root, host, window):
    """Read both parts of the data set; with a window each row holds the STEPS rows up to it."""
    parts = []
    for split in ("train", "test"):
        table = pq.read_table(next((root / "data").glob(f"{split}-*.parquet")))
        labels = table["label"].to_pylist()
        index = [LABELS.index(each) if isinstance(each, str) else each for each in labels]
        table = table.set_column(
            table.column_names.index("label"), "label", pa.array(index, pa.int8())
        )
        parts.append(table.append_column("split", pa.array([split] * len(table))))
    table = pa.concat_tables(parts).sort_by("timestamp")
    names = host["featureNames"]
    X = np.stack([table[name].to_numpy(zero_copy_only=False) for name in names], axis=1)
    X = X.astype(np.float32)
    if window:
        at = np.maximum(np.arange(len(X))[:, None] - np.arange(STEPS)[::-1], 0)
        X = X[at].reshape(len(X), -1)
        names = [f"{name}@-{age}" for age in reversed(range(STEPS)) for name in names]
    columns = {
        "timestamp": pa.array(1000 * np.arange(len(X))),
        **{name: pa.array(X[:, i]) for i, name in enumerate(names)},
        "label": table["label"],
        "split": table["split"],
    }
    meta = {
        "id": "memory-pressure-1hz",
        "sha256": "ab" * 32,
        "labels": LABELS,
        "features": [{"name": name} for name in names],
        "featureSpecSha256": host["windowSha256" if window else "sha256"],
        "horizonMs": 5000,
        **({"window": {"steps": STEPS, "everyMs": 1000}} if window else {}),
    }
    return Dataset(pa.table(columns), meta)


def capture(client, window):
    """What the host saw since it started.

    A host that nobody presses has one label. Here it is whether less memory will be available one
    horizon later than half of the time: two labels of as many rows, whatever the host does.
    """
    given = {"window": {"steps": STEPS, "every_ms": 1000}} if window else {}
    fresh = client.dataset(task="forecast", horizon=0.5, **given)
    target = fresh.table["target"].to_numpy()
    rank = np.argsort(np.argsort(target, kind="stable"))
    label = pa.array((rank < len(rank) // 2).astype(np.int8))
    at = fresh.table.column_names.index("label")
    return Dataset(fresh.table.set_column(at, "label", label), fresh.meta)


def fit(trainer, data):
    """The result of a fit, or a fitted estimator in a file."""
    name = trainer["name"]
    if name in OBJECTS:
        return ruvector.fit(OBJECTS[name](data), data)
    return ruvector.fit(name, data, parameters=trainer.get("parameters", {}))


def send(trainer, data, asked, client):
    """Fit, export and deploy; returns the framework's model, the deployment and its times."""
    started = time.perf_counter()
    suffix = trainer.get("file")
    result = None if suffix else fit(trainer, data)
    saved = as_file(data, Path(asked["folder"]), suffix) if suffix else None
    model, path = saved or (result.model, None)
    task = task_of(model)
    returned = time.perf_counter()
    name = NAMES.get(task, "memopt")
    package = path or ruvector.export_onnx(result, name=name)
    exported = time.perf_counter()
    files = {"trusted": suffix == "joblib", "dataset": data} if path else {}
    deployment = ruvector.deploy(package, name=name, activate=True, client=client, **files)
    seconds = {
        "fitSeconds": returned - started,
        "exportMs": (exported - returned) * 1e3,
        "deployMs": (time.perf_counter() - exported) * 1e3,
    }
    return model, task, deployment, seconds


def run(trainer, sets, asked, client):
    data, rows = sets
    model, task, deployment, seconds = send(trainer, data, asked, client)
    place = Path(asked["models"]) / deployment.name / deployment.version
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    expected = ask_framework(model, rows, task, manifest.get("classes")).numbers
    difference = compare((place / "model.onnx").read_bytes(), rows, expected, task)
    leave(Path(asked["folder"]) / deployment.version, rows, expected)
    return {
        "name": trainer["name"],
        "task": task,
        "rows": len(rows),
        "trainedOn": len(data),
        **seconds,
        "maxDifference": difference,
        "version": deployment.version,
        "isLive": deployment.activated,
        "swap": deployment.report.get("swap"),
        "manifest": manifest,
    }


def leave(path, rows, expected):
    """As they cross: row-major numbers."""
    for kind, values in (("x", rows), ("y", expected)):
        values = np.ascontiguousarray(values, dtype="<f4")
        path.with_suffix(f".{kind}").write_bytes(values.tobytes())


def compare(model, rows, expected, task):
    """Largest |Δ| / (1 + |y|) of the onnxruntime of Python."""
    session = onnxruntime.InferenceSession(model)
    outputs = [output.name for output in session.get_outputs()]
    answers = dict(zip(outputs, session.run(None, {"X": rows}), strict=True))
    number = {"classification": "probabilities", "anomaly": "score", "forecast": "value"}[task]
    got = np.asarray(answers[number]).reshape(expected.shape)
    return float(np.max(np.abs(got - expected) / (1 + np.abs(expected))))


def compare_networks(asked):
    """What Node trained by itself: each line names a model that lies beside its rows."""
    for line in sys.stdin:
        told = json.loads(line)
        place = Path(asked["folder"]) / told["version"]
        rows, expected = (
            np.fromfile(place.with_suffix(f".{kind}"), "<f4").reshape(told["rows"], -1)
            for kind in ("x", "y")
        )
        difference = compare(Path(told["model"]).read_bytes(), rows, expected, "classification")
        print(json.dumps({**told, "maxDifference": difference}), flush=True)


def rows_of(data, base):
    """2,048 rows: all of the set, its newest first, and where it is short those of ``base``."""
    X = [each.X(split) for each in (data, base) for split in ("test", "train")]
    return np.ascontiguousarray(np.concatenate(X)[:ROWS])


def main():
    asked = json.loads(sys.argv[1])
    sets = {}
    with ruvector.connect(bridge_file=asked["bridgeFile"]) as client:
        for trainer in asked["trainers"]:
            window, fresh = trainer.get("window", False), trainer.get("isFresh", False)
            try:
                if (window, False) not in sets:
                    base = load(Path(asked["root"]), asked["host"], window)
                    sets[window, False] = (base, rows_of(base, base))
                if (window, fresh) not in sets:
                    data = capture(client, window)
                    sets[window, True] = (data, rows_of(data, sets[window, False][0]))
                line = run(trainer, sets[window, fresh], asked, client)
            except Exception as error:
                line = {
                    "name": trainer["name"],
                    "error": f"{type(error).__name__}: {error}",
                    "code": getattr(error, "code", None),
                }
            print(json.dumps({**line, "isFresh": fresh}), flush=True)
    compare_networks(asked)


main()
