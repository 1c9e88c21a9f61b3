"""Fits, exports and deploys one model of each trainer named on the command line, in one process.

Reads the data set of this repository; a line of JSON for each trainer says what came of it, and its
answers to 2,048 rows lie in the folder given, for Node to hold its own against.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq

import ruvector
from ruvector import Dataset
from ruvector._training import task_of
from ruvector._training.answers import ask_framework

ROWS = 2048
STEPS = 4
LABELS = ["NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical"]


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


def run(name, parameters, data, folder, client):
    result = ruvector.fit(name, data, parameters=parameters)
    returned = time.perf_counter()
    package = ruvector.export_onnx(result, name=f"matrix-{name.lower()}")
    exported = time.perf_counter()
    X = np.concatenate([data.X("test"), data.X("train")])[:ROWS]
    task = task_of(result.model)
    expected = ask_framework(result.model, X, task, result.classes or None)
    session = onnxruntime.InferenceSession(package.model)
    answers = dict(
        zip([o.name for o in session.get_outputs()], session.run(None, {"X": X}), strict=True)
    )
    number = {"classification": "probabilities", "anomaly": "score", "forecast": "value"}[task]
    got = np.asarray(answers[number]).reshape(len(X), -1)
    # As they cross: row-major numbers, then labels.
    (folder / f"{name}.onnx").write_bytes(package.model)
    (folder / f"{name}.x").write_bytes(np.ascontiguousarray(X, dtype="<f4").tobytes())
    (folder / f"{name}.y").write_bytes(
        np.ascontiguousarray(expected.numbers, dtype="<f4").tobytes()
    )
    names = {"anomaly": "memopt-anomaly", "forecast": "memopt-forecast"}
    target = names.get(task, "memopt")
    package.manifest["name"] = target
    deployment = ruvector.deploy(package, name=target, activate=True, client=client)
    return {
        "name": name,
        "task": task,
        "rows": len(X),
        "fitSeconds": result.fit_seconds,
        "exportMs": (exported - returned) * 1e3,
        "deployMs": (time.perf_counter() - exported) * 1e3,
        "maxDifference": float(
            np.max(np.abs(got - expected.numbers) / (1 + np.abs(expected.numbers)))
        ),
        "version": deployment.version,
        "isLive": deployment.activated,
        "manifest": package.manifest,
    }


def main():
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    sets = {}
    with ruvector.connect(bridge_file=asked["bridgeFile"]) as client:
        for trainer in asked["trainers"]:
            window = trainer.get("window", False)
            if window not in sets:
                sets[window] = load(Path(asked["root"]), asked["host"], window)
            try:
                line = run(
                    trainer["name"], trainer.get("parameters", {}), sets[window], folder, client
                )
            except Exception as error:
                line = {"name": trainer["name"], "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(line), flush=True)


main()
