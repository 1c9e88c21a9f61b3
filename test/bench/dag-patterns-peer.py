"""The hnswlib side of dag.patterns: the same vectors, one thread, one query at a time.

Reads one line `<vectors file> <queries file> <dims>` (float32, row-major), builds an index and says what that took. For
each further line, which is a value of ef, it answers the median milliseconds of a query for ten and the recall.
"""

import json
import statistics
import sys
import time

import numpy as np

try:
    import hnswlib
except ImportError:
    print(json.dumps({"isInstalled": False}), flush=True)
    sys.exit()

vectors_path, queries_path, dims = sys.stdin.readline().split()
vectors = np.fromfile(vectors_path, dtype=np.float32).reshape(-1, int(dims))
queries = np.fromfile(queries_path, dtype=np.float32).reshape(-1, int(dims))
squares = (vectors**2).sum(1)
exact = [set(np.argsort(squares - 2 * vectors @ query)[:10]) for query in queries]
index = hnswlib.Index(space="l2", dim=int(dims))
index.init_index(max_elements=len(vectors), ef_construction=200, M=16, random_seed=1)
index.set_num_threads(1)
started = time.perf_counter()
index.add_items(vectors)
print(
    json.dumps({"isInstalled": True, "buildMs": (time.perf_counter() - started) * 1000}), flush=True
)
for line in sys.stdin:
    index.set_ef(int(line))
    times, found = [], 0
    for query, wanted in zip(queries, exact, strict=True):
        started = time.perf_counter()
        labels, _ = index.knn_query(query, k=10)
        times.append((time.perf_counter() - started) * 1000)
        found += len(wanted & set(labels[0]))
    print(
        json.dumps({"ms": statistics.median(times), "recall": found / (10 * len(queries))}),
        flush=True,
    )
