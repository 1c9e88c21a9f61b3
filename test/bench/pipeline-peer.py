"""Reads a file, filters, computes, casts and writes Parquet: in Polars, streaming, or in Ray Data.

Answers ``<engine> <format> <source> <target>`` with the seconds of wall time and of CPU time.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from pathlib import Path


def polars_streaming(form: str, source: str, target: str) -> None:
    import polars as pl

    scan = (
        pl.scan_parquet(source) if form == "parquet" else pl.scan_csv(source, try_parse_dates=True)
    )
    (
        scan.filter((pl.col("rss_kib") > 65536) & (pl.col("cpu_percent") < 90))
        .with_columns(
            (pl.col("rss_kib") / 1024.0).alias("rss_mib"),
            (pl.col("private_kib") + pl.col("swap_kib")).alias("own_kib"),
        )
        .with_columns(pl.col("pid").cast(pl.Int64), pl.col("cpu_percent").cast(pl.Float32))
        .sink_parquet(target)
    )


def ray_data(form: str, source: str, target: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import ray

    if not ray.is_initialized():
        ray.init(include_dashboard=False, logging_level="ERROR")
        ray.data.DataContext.get_current().enable_progress_bars = False

    def transform(table: pa.Table) -> pa.Table:
        keep = pc.and_(pc.greater(table["rss_kib"], 65536), pc.less(table["cpu_percent"], 90))
        table = table.filter(keep)
        own = pc.add(table["private_kib"], table["swap_kib"])
        table = table.append_column(
            "rss_mib", pc.divide(pc.cast(table["rss_kib"], pa.float64()), 1024.0)
        )
        table = table.append_column("own_kib", own)
        for name, kind in (("pid", pa.int64()), ("cpu_percent", pa.float32())):
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, pc.cast(table[name], kind))
        return table

    shutil.rmtree(target, ignore_errors=True)
    read = ray.data.read_parquet if form == "parquet" else ray.data.read_csv
    read(source).map_batches(transform, batch_format="pyarrow", batch_size=None).write_parquet(
        target
    )


ENGINES = {"polars": polars_streaming, "ray": ray_data}


def cpu_seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


# Answers alone go to standard output: Ray writes its log there.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    engine, form, source, target = line.split()
    wall, cpu = time.perf_counter(), cpu_seconds()
    ENGINES[engine](form, source, target)
    print(time.perf_counter() - wall, cpu_seconds() - cpu, file=answers, flush=True)
    path = Path(target)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
