"""Measure the bridge from Python: ``python -m ruvector.measure --home DIR [--export FILE]``.

A program that the benchmarks and the demo start, not a module to import.

Streams the host's training set over and over in batches of one size, reads every cache line of
what arrives, and prints one JSON object: ``gbps`` (10^9 bytes a second), ``bytes``, ``batches``,
``batchBytes`` and, with ``--export``, ``exportedRows``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np
import pyarrow as pa

from ._client import Client, connect
from ._export import DataExporter

__all__ = ["main", "measure_stream"]

CACHE_LINE_FLOATS = 16


def touch(batch: pa.RecordBatch) -> float:
    """Read one float of every cache line of every column."""
    return float(
        sum(
            column.to_numpy(zero_copy_only=True)[::CACHE_LINE_FLOATS].sum(dtype=np.float64)
            for column in batch.columns
        )
    )


def measure_stream(
    client: Client, *, batch_bytes: int = 2**20, batches: int = 2048
) -> dict[str, float]:
    """Stream ``batches`` batches of about ``batch_bytes`` and return what was seen."""
    total = 0
    checksum = 0.0
    with client.stream("replay", batch_bytes=batch_bytes, batches=batches) as stream:
        started = None
        for batch in stream:
            # The first batch pays for the connection and the pages of the pool.
            started = time.perf_counter() if started is None else started
            checksum += touch(batch)
            total += batch.nbytes
        seconds = time.perf_counter() - (started or 0.0)
    timed = total * (batches - 1) / batches
    return {
        "gbps": timed / seconds / 1e9,
        "bytes": total,
        "batches": batches,
        "batchBytes": round(total / batches),
        "checksum": checksum,
    }


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ruvector.measure", description=__doc__)
    parser.add_argument("--home", help="the host's home (default: RUVECTOR_HOME or the XDG folder)")
    parser.add_argument("--export", help="also write the training set to this Parquet file")
    parser.add_argument("--to-ms", type=int, help="end of the exported range, ms since the epoch")
    parser.add_argument("--batch-bytes", type=int, default=2**20)
    parser.add_argument("--batches", type=int, default=2048)
    options = parser.parse_args(argv)
    with connect(options.home) as client:
        found = measure_stream(client, batch_bytes=options.batch_bytes, batches=options.batches)
        if options.export:
            end = None if options.to_ms is None else options.to_ms / 1000
            stats = DataExporter(client).export_training_data(end=end, path=options.export)
            found["exportedRows"] = stats.rows
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
