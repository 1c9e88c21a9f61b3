"""A data set that is in memory, as the files that an export writes: for other processes."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .._training import LabelledDataset, timestamps_of

__all__ = ["write_dataset"]


def write_dataset(dataset: LabelledDataset, folder: str) -> None:
    """Write ``train.parquet``, ``test.parquet`` and their card; rows of the gap are left out."""
    files = []
    for split in ("train", "test"):
        X, times = dataset.X(split), timestamps_of(dataset, split)
        columns = {name: pa.array(X[:, at]) for at, name in enumerate(dataset.feature_names)}
        stamps = {} if times is None else {"timestamp": pa.array(times, pa.int64())}
        labels = pa.array(dataset.y(split).astype(np.int8))
        name = f"{split}.parquet"
        pq.write_table(pa.table({**stamps, **columns, "label": labels}), f"{folder}/{name}")
        files.append({"split": split, "path": name})
    window = getattr(dataset, "window", None)
    card = {
        **dataset.meta,
        "id": dataset.id,
        "sha256": dataset.sha256,
        "labels": list(dataset.labels),
        "features": [{"name": name} for name in dataset.feature_names],
        "window": window and {"steps": window["steps"], "everyMs": window["every_ms"]},
        "files": files,
    }
    with open(f"{folder}/dataset.json", "w", encoding="utf-8") as file:
        json.dump(card, file)
