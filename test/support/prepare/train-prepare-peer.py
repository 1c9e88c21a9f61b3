"""The same training set with pandas and numpy: `train-prepare-peer.py HISTORY` reads the segments and prints what it took."""

import importlib.util
import json
import pathlib
import resource
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa

here = pathlib.Path(__file__).parent
location = importlib.util.spec_from_file_location("reference", here / "prepare-reference.py")
reference = importlib.util.module_from_spec(location)
location.loader.exec_module(reference)

files = sorted(pathlib.Path(sys.argv[1], "segments", "memory").glob("*.parquet"))
started, cpu = time.perf_counter(), time.process_time()
frame = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
columns = reference.to_columns(pa.Table.from_pandas(frame, preserve_index=False))
features, labels, _ = reference.recompute(columns, reference.DEFAULTS)
matrix = np.column_stack(list(features.values()))
print(
    json.dumps(
        {
            "rows": len(matrix),
            "classCounts": [np.bincount(labels, minlength=4).tolist()],
            "seconds": time.perf_counter() - started,
            "cpuSeconds": time.process_time() - cpu,
            "peakMib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
