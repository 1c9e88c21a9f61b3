"""Buckets of a history's rows by pandas, from its Parquet files: the peer of src/page/range-plan.ts.

usage: range-oracle.py FOLDER < questions.json, each {fromMs, toMs, stepMs}; the rules stand in docs/page.md.
"""

import json
import sys
from pathlib import Path

import pandas as pd

GAUGES = {
    "mem_available_kib": lambda rows: rows.mem_available_kib,
    "mem_used_kib": lambda rows: rows.mem_total_kib - rows.mem_available_kib,
    "cgroup_usage_bytes": lambda rows: rows.cgroup_usage_bytes,
    "process_count": lambda rows: rows.process_count,
}
RATES = {
    "psi_memory_some_percent": ("psi_memory_some_us", 1e-4),
    "refault_file_per_s": ("workingset_refault_file", 1),
    "major_faults_per_s": ("pgmajfault", 1),
}


def main() -> None:
    files = sorted(Path(sys.argv[1]).glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in files]).sort_values(
        "timestamp", kind="stable"
    )
    rows["ms"] = rows.timestamp.astype("datetime64[ms, UTC]").astype("int64")
    seconds = rows.ms.diff() / 1000
    values = {name: (of(rows).astype("float64"), None) for name, of in GAUGES.items()}
    for name, (column, scale) in RATES.items():
        change = rows[column].astype("float64").diff()
        known = (change >= 0) & (seconds > 0) & (seconds <= 60)
        values[name] = ((change * scale).where(known), seconds.where(known))
    print(json.dumps([answer(rows.ms, values, **question) for question in json.load(sys.stdin)]))


def answer(ms: pd.Series, values: dict, fromMs: int, toMs: int, stepMs: int) -> dict:
    starts = pd.RangeIndex(fromMs, toMs, stepMs)
    inside = (ms >= fromMs) & (ms < toMs)
    bucket = (ms - ms % stepMs)[inside]
    fields = {}
    for name, (value, weight) in values.items():
        value, weight = value[inside], None if weight is None else weight[inside]
        shown = value if weight is None else value / weight
        mean = value.groupby(bucket).mean()
        if weight is not None:
            mean = value.groupby(bucket).sum() / weight.groupby(bucket).sum().where(
                lambda sum_: sum_ > 0
            )
        found = {
            "min": shown.groupby(bucket).min(),
            "max": shown.groupby(bucket).max(),
            "mean": mean,
        }
        fields[name] = {
            key: [None if pd.isna(number) else float(number) for number in series.reindex(starts)]
            for key, series in found.items()
        }
    return fields


main()
