"""A labelled data set in a folder, for another process: numbers and JSON, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .labelled_dataset import LabelledDataset, timestamps_of

__all__ = ["StoredDataset", "store_dataset"]

_SPLITS = ("train", "gap", "test")


def store_dataset(dataset: LabelledDataset, folder: Path) -> None:
    """Write ``dataset.npz`` and ``dataset.json``."""
    arrays: dict[str, NDArray[Any]] = {}
    for split in _SPLITS:
        arrays[f"X_{split}"], arrays[f"y_{split}"] = dataset.X(split), dataset.y(split)
        times = timestamps_of(dataset, split)
        if times is not None:
            arrays[f"times_{split}"] = times
    np.savez(folder / "dataset.npz", **arrays)  # type: ignore[arg-type]
    facts = {
        "feature_names": list(dataset.feature_names),
        "labels": list(dataset.labels),
        "meta": dict(dataset.meta),
        "id": dataset.id,
        "sha256": dataset.sha256,
        "window": getattr(dataset, "window", None),
    }
    (folder / "dataset.json").write_text(json.dumps(facts), "utf-8")


class StoredDataset:
    """A data set that :func:`store_dataset` wrote.

    Parameters
    ----------
    folder : Path
        Where it lies.

    """

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "dataset.npz", allow_pickle=False) as arrays:
            self._arrays = dict(arrays)
        facts = json.loads((folder / "dataset.json").read_text("utf-8"))
        self.feature_names: tuple[str, ...] = tuple(facts["feature_names"])
        self.labels: tuple[str, ...] = tuple(facts["labels"])
        self.meta: Mapping[str, Any] = facts["meta"]
        self.id: str = facts["id"]
        self.sha256: str = facts["sha256"]
        self.window: Mapping[str, Any] | None = facts["window"]

    def X(self, split: str) -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a split, shape (n, d)."""
        return np.asarray(self._arrays[f"X_{split}"], dtype=np.float32)

    def y(self, split: str) -> NDArray[np.integer[Any]]:
        """Label indices of a split, shape (n,)."""
        return np.asarray(self._arrays[f"y_{split}"], dtype=np.int64)

    def timestamps(self, split: str) -> NDArray[np.int64] | None:
        """Milliseconds of each row of a split; None when they are not known."""
        return self._arrays.get(f"times_{split}")
