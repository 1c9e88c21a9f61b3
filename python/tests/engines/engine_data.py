"""A training set in files, as an export writes it, in several parts."""

import json

import pyarrow.parquet as pq

from ruvector._client import open_dataset_folder
from ruvector._engines.written import write_dataset
from timed_data import make_timed

PARTS = 3


def write_parts(folder, *, n=2400, seed=0, change=None):
    """Write a learnable training set of one second a row; returns its folder as text."""
    dataset = make_timed(n=n, width=6, noise=4.0, seed=seed)
    if change is not None:
        X, y = change(*dataset._splits["train"])
        dataset._splits["train"] = (X, y)
    folder.mkdir(parents=True, exist_ok=True)
    write_dataset(dataset, str(folder))
    card = json.loads((folder / "dataset.json").read_text("utf-8"))
    whole = pq.read_table(folder / "train.parquet")
    card["files"] = [each for each in card["files"] if each["split"] == "test"]
    rows = -(-whole.num_rows // PARTS)
    for part in range(PARTS):
        name = f"train-{part}.parquet"
        pq.write_table(whole.slice(part * rows, rows), folder / name)
        card["files"].append({"split": "train", "path": name})
    (folder / "train.parquet").unlink()
    (folder / "dataset.json").write_text(json.dumps(card), "utf-8")
    return str(folder)


def read_parts(folder):
    return open_dataset_folder(folder).read()
