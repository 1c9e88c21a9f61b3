"""Scores the rule and four learned models on a published dataset; called by build-baseline.mjs.

`python build-baseline.py DATASET MODEL NAME`: reads the Parquet files and provenance.json of a published tree, lets
MODEL (ONNX) answer its test split beside the baselines, fits each candidate with ruvector.fit, and prints one JSON
object: `measured` for the manifest, and for each candidate whether it beats every rival with its interval.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import ruvector
from ruvector._client.dataset import Dataset
from ruvector._training.bootstrap import (
    block_length,
    macro_f1_difference,
    macro_f1_interval,
)
from ruvector._training.measurement import hold_out
from ruvector._training.scores import confusion_matrix, describe_scores

# Shallow on purpose: two recordings of one host hold few independent episodes.
CANDIDATES = {
    "logistic regression": ("sklearn.LogisticRegression", {}),
    "forest of depth 4": (
        "sklearn.RandomForestClassifier",
        {"n_estimators": 60, "max_depth": 4, "min_samples_leaf": 30},
    ),
    "forest of depth 6": (
        "sklearn.RandomForestClassifier",
        {"n_estimators": 40, "max_depth": 6, "min_samples_leaf": 10},
    ),
    "boosted trees": (
        "sklearn.HistGradientBoostingClassifier",
        {"max_iter": 30, "max_leaf_nodes": 6, "min_samples_leaf": 40},
    ),
}

# What tells one recording from another and nothing about pressure: a model that saw it would learn the day of the
# capture. Held at one value, no candidate can use it.
MASKED = {
    "time_of_day": 0.0,
    "day_of_week": 0.0,
    "process_count": 0.0,
    "top_process_percent": 0.0,
    "minutes_since_last_opt": 1440.0,
}


def read_dataset(folder: Path) -> tuple[Dataset, dict]:
    provenance = json.loads((folder / "provenance.json").read_text())
    parts = []
    for split in ("train", "test"):
        files = sorted(folder.glob(f"data/**/{split}-*.parquet"))
        table = pa.concat_tables([pq.read_table(file) for file in files])
        parts.append(table.append_column("split", pa.array([split] * table.num_rows)))
    table = pa.concat_tables(parts)
    for name, value in MASKED.items():
        at = table.column_names.index(name)
        table = table.set_column(
            at, name, pa.array(np.full(table.num_rows, value, np.float32))
        )
    return Dataset(table.combine_chunks(), provenance["card"]), provenance


class Scorer:
    """Scores answers on the held-out rows, all over the same blocks."""

    def __init__(self, dataset: Dataset) -> None:
        self.rows = hold_out(dataset, "classification")
        self.labels = dataset.labels
        self.classes = sorted(
            {*dataset.y("train").tolist(), *dataset.y("test").tolist()}
        )
        horizon_ms = dataset.meta.get("horizonMs")
        self.block = block_length(len(self.rows.y), self.rows.timestamps, horizon_ms)

    def describe(self, predicted: np.ndarray) -> dict:
        matrix = confusion_matrix(self.rows.y, predicted, len(self.labels))
        scores = describe_scores(matrix, self.classes, self.labels)
        return {**scores, "interval": self._interval(macro_f1_interval, predicted)}

    def difference(self, predicted: np.ndarray, rival: np.ndarray) -> list[float]:
        return self._interval(macro_f1_difference, predicted, rival)

    def _interval(self, function, *answers: np.ndarray) -> list[float]:
        return function(
            self.rows.y, *answers, self.classes, len(self.labels), self.block
        )


def rounded(values: list[float]) -> list[float]:
    return [round(value, 4) for value in values]


def main(folder: Path, model: Path, name: str) -> None:
    dataset, provenance = read_dataset(folder)
    scorer = Scorer(dataset)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    [rule] = session.run(["label"], {"X": np.ascontiguousarray(scorer.rows.X)})
    rivals = {name: rule, **scorer.rows.baselines}
    scores = {rival: scorer.describe(predicted) for rival, predicted in rivals.items()}
    candidates = {}
    for candidate, (estimator, parameters) in CANDIDATES.items():
        result = ruvector.fit(estimator, dataset, parameters=parameters)
        shares = result.model.predict_proba(scorer.rows.X)
        predicted = np.asarray(result.classes)[shares.argmax(axis=1)]
        differences = {
            n: scorer.difference(predicted, rival) for n, rival in rivals.items()
        }
        candidates[candidate] = {
            "macroF1": round(result.macro_f1, 4),
            "interval": rounded(scorer.describe(predicted)["interval"]),
            "differences": {
                n: rounded(interval) for n, interval in differences.items()
            },
            "beatsAll": all(low > 0 for low, _ in differences.values()),
        }
    kept = ("macroF1", "accuracy", "interval")
    baseline = {
        rival: {key: scores[rival][key] for key in kept}
        for rival in scorer.rows.baselines
    }
    measured = {
        "metrics": {**scores[name], "baseline": baseline, "rows": {"test": len(rule)}},
        "dataset": {
            "measuredOn": f"{provenance['name']}@{provenance['version']}",
            "id": dataset.id,
            "sha256": dataset.sha256,
            "rows": len(dataset),
        },
    }
    print(json.dumps({"measured": measured, "candidates": candidates}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
