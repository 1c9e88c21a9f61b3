"""What Ray costs: seconds to start a cluster here, and of one fit on one worker and on two.

Arguments: folder of the repository's data set, then the numbers of rows. Its rows are repeated with
a little noise until there are so many. One line of JSON a figure: {"start"} or {"rows", "one", "two"}.
"""

import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

warnings.simplefilter("ignore")
ROWS_A_FILE = 100_000
ESTIMATOR = "xgboost.XGBClassifier"


def enlarge(folder, target, rows):
    """Write a training set with so many train rows in files of 100,000."""
    from ruvector._client import open_dataset_folder

    source = open_dataset_folder(folder)
    dataset = source.read()
    rng = np.random.default_rng(0)
    card = {**source.meta, "id": f"bench-{rows}", "sha256": f"{rows:064x}", "files": []}
    for split, wanted in (("train", rows), ("test", len(dataset.y("test")))):
        for first in range(0, wanted, ROWS_A_FILE):
            at = np.arange(first, min(wanted, first + ROWS_A_FILE)) % len(dataset.y(split))
            X = dataset.X(split)[at]
            X = (X * (1 + 0.01 * rng.standard_normal(X.shape))).astype(np.float32)
            columns = {name: X[:, i] for i, name in enumerate(dataset.feature_names)}
            name = f"{split}-{first}.parquet"
            table = pa.table({**columns, "label": dataset.y(split)[at]})
            pq.write_table(table, Path(target) / name)
            card["files"].append({"split": split, "path": name})
    (Path(target) / "dataset.json").write_text(json.dumps(card), "utf-8")


def seconds_of(folder, workers):
    import ruvector

    began = time.monotonic()
    ruvector.fit(ESTIMATOR, folder, engine="ray", workers=workers)
    return time.monotonic() - began


def main(folder, sizes):
    # Ray and its workers write to standard output as well; figures have it for themselves.
    figures = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from ruvector._engines.options import RayOptions
    from ruvector._engines.ray.cluster import join_cluster

    began = time.monotonic()
    with join_cluster(RayOptions(workers=2)):
        print(json.dumps({"start": time.monotonic() - began}), file=figures, flush=True)
        for rows in sizes:
            with tempfile.TemporaryDirectory() as target:
                enlarge(folder, target, rows)
                one, two = seconds_of(target, 1), seconds_of(target, 2)
            print(json.dumps({"rows": rows, "one": one, "two": two}), file=figures, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], [int(each) for each in sys.argv[2:]])
