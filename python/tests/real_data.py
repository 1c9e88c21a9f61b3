"""The data set of the repository, as training asks for one: real rows of a host under pressure."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from repository import ROOT
from ruvector._client.dataset import Dataset
from training_data import LABELS

FOLDER = ROOT / "datasets" / "memory-pressure-1hz"


def read_real_dataset(*, exact_times: bool = False) -> Dataset:
    """Read all 5,049 rows: 3,915 to train on, 1,134 to test on.

    Published times are whole hours. With ``exact_times`` the rows get a time each, a second apart,
    as a forecast needs.
    """
    tables = [
        pq.read_table(FOLDER / "data" / f"{split}-00000-of-00001.parquet")
        for split in ("train", "test")
    ]
    splits = np.repeat(["train", "test"], [table.num_rows for table in tables])
    table = pa.concat_tables(tables).append_column("split", pa.array(splits))
    if exact_times:
        seconds = pa.array(np.arange(table.num_rows) * 1000, pa.timestamp("ms"))
        table = table.set_column(0, "timestamp", seconds)
    provenance = json.loads((FOLDER / "provenance.json").read_text("utf-8"))
    card = provenance["card"]
    meta = {
        "id": card["id"],
        "sha256": card["sha256"],
        "labels": LABELS,
        "featureSpecSha256": provenance["featureSpecSha256"],
        "horizonMs": card["horizonMs"],
        "thresholds": card["thresholds"],
    }
    return Dataset(table, meta)
