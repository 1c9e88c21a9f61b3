"""Features and labels of src/prepare recomputed with numpy from an Arrow file of memory snapshots.

Written from docs/labels.md and the dataset card, not from the TypeScript, so that it can disagree.
  check MEMORY.arrow TRAINING.arrow CARD.json   prints JSON: what differs
  time MEMORY.arrow                             prints the seconds it takes with default options
"""

import itertools
import json
import sys
import time

import numpy as np
import pyarrow as pa

COUNTERS = [
    "psi_memory_some_us", "psi_memory_full_us", "psi_io_some_us", "psi_cpu_some_us",
    "workingset_refault_file", "workingset_refault_anon", "pswpin", "pswpout", "pgmajfault",
    "pgscan", "pgsteal",
]  # fmt: skip
LABEL_COUNTERS = [
    "psi_memory_some_us", "psi_memory_full_us", "workingset_refault_file", "workingset_refault_anon",
    "pswpin", "oom_kill",
]  # fmt: skip
RESTARTING = ["own_refault_file", "own_refault_anon", "cgroup_oom_kill", "reclaim_kills"]
DEFAULTS = {
    "featureSpec": {"rateWindowMs": 10_000, "trendWindowMs": 60_000, "maxGapMs": 20_000},
    "horizonMs": 60_000,
    "thresholds": {
        "stallSomeShould": 0.001, "stallSomeAggressive": 0.035, "stallFullCritical": 0.05,
        "comebackPercentPerMinuteShould": 0.2, "stallSomeWithComeback": 0.0005,
        "availablePercentAggressive": 10, "availablePercentCritical": 4,
        "oomReclaimAvailablePercent": 50,
    },
}  # fmt: skip


def read_columns(path):
    return to_columns(pa.ipc.open_file(path).read_all())


def to_columns(table):
    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        columns[name] = column.to_numpy(zero_copy_only=False).astype(np.float64)
    for name in ("pgscan", "pgsteal"):
        pair = np.stack([columns[f"{name}_kswapd"], columns[f"{name}_direct"]])
        columns[name] = np.where(np.isnan(pair).all(axis=0), np.nan, np.nansum(pair, axis=0))
    kills, scanned = steps(columns["oom_kill"]), steps(columns["pgscan_direct"])
    columns["reclaim_kills"] = np.cumsum(np.where((kills > 0) & (scanned > 0), kills, 0))
    # Somebody always counts these: a row that could not be read holds the count.
    kills = columns["cgroup_oom_kill"]
    columns["cgroup_oom_kill"] = np.where(np.isnan(kills), last_known(kills), kills)
    for name in ("own_refault_file", "own_refault_anon", "cgroup_oom_kill"):
        columns[name] = restarting(columns[name])
    return columns


def steps(values):
    """Difference to the row before; NaN for the first."""
    return np.concatenate([[np.nan], np.diff(values)])


def restarting(values):
    """Sum of the increases of a counter that begins at 0 with the one who counts."""
    before = np.concatenate([values[:1], values[:-1]])
    begun_anew = np.isnan(before) | (values < before)
    gain = np.where(np.isnan(values), 0, np.where(begun_anew, values, values - before))
    gain[0] = 0
    return np.cumsum(gain)


def last_known(values):
    """The newest value that is not NaN of the rows before each row."""
    known = np.where(np.isnan(values), -1, np.arange(len(values)))
    newest = np.maximum.accumulate(known)
    before = np.concatenate([[-1], newest[:-1]])
    return np.where(before < 0, np.nan, values[before])


def falls(m):
    """By counter whether it fell at each row, and at which rows the host began anew."""
    before = {name: last_known(m[name]) for name in COUNTERS}
    fell = {name: m[name] < before[name] for name in COUNTERS}
    counting = sum((before[name] > 0) & ~np.isnan(m[name]) for name in COUNTERS)
    fallen = sum(fell.values())
    return fell, (fallen > 0) & (2 * fallen >= counting)


def segments(m, broken, max_gap_ms):
    """Runs of rows without a pause; `broken` marks rows that begin one for another reason."""
    step = np.diff(m["timestamp"])
    broken = broken[1:] | (step <= 0) | (step > max_gap_ms)
    edges = np.concatenate([[0], np.flatnonzero(broken) + 1, [len(m["timestamp"])]])
    return list(itertools.pairwise(edges))


def percent(part, whole, missing=0.0):
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.clip(100 * part / whole, 0, 100)
    return np.where(np.isfinite(value), value, missing)


def feature_columns(m, spec):
    """All features by name and the rows at which the rate window is spanned."""
    n = len(m["timestamp"])
    base = np.zeros(n, dtype=np.int64)
    ready = np.zeros(n, dtype=bool)
    slope = np.full(n, np.nan)
    used = m["mem_total_kib"] - m["mem_available_kib"]
    fell, reboots = falls(m)
    for start, end in segments(m, reboots, spec["maxGapMs"]):
        t = m["timestamp"][start:end]
        at = np.arange(len(t))
        base[start:end] = start + np.maximum(
            0, np.searchsorted(t, t - spec["rateWindowMs"], "right") - 1
        )
        ready[start:end] = t - m["timestamp"][base[start:end]] >= spec["rateWindowMs"]
        since = np.maximum(t[0], t - spec["trendWindowMs"])
        first = np.searchsorted(t, since, "left")
        half = np.minimum(np.searchsorted(t, (since + t) / 2, "right"), at)
        sum_t = np.concatenate([[0], np.cumsum(t - t[0])])
        sum_y = np.concatenate([[0], np.cumsum(used[start:end])])
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = (sum_y[at + 1] - sum_y[half]) / (at + 1 - half) - (
                sum_y[half] - sum_y[first]
            ) / (half - first)
            run = (sum_t[at + 1] - sum_t[half]) / (at + 1 - half) - (sum_t[half] - sum_t[first]) / (
                half - first
            )
            slope[start:end] = rise / run
    total = m["mem_total_kib"]
    with np.errstate(divide="ignore", invalid="ignore"):
        span_ms = m["timestamp"] - m["timestamp"][base]
        # A counter that fell alone has no increase until the fall has left the window.
        gain = {
            name: np.where(
                base < np.maximum.accumulate(np.where(fell[name], np.arange(n), -1)),
                np.nan,
                m[name] - m[name][base],
            )
            for name in COUNTERS
        }
        trend = np.clip(np.nan_to_num(100 * slope * spec["trendWindowMs"] / total / 10), -1, 1)
        fast = np.clip(-10 * (used - used[base]) / span_ms * spec["rateWindowMs"] / total, -1, 1)
        swap = 1 - m["swap_free_kib"] / m["swap_total_kib"]
        efficiency = np.clip(gain["pgsteal"] / gain["pgscan"], 0, 1)
        stall = {
            name: np.nan_to_num(np.clip(gain[name] / span_ms / 1000, 0, 1)) for name in COUNTERS[:4]
        }
        own = {
            kind: m[f"own_refault_{kind}"] - m[f"own_refault_{kind}"][base]
            for kind in ("file", "anon")
        }
        ours = {
            "workingset_refault_file": own["file"],
            "workingset_refault_anon": own["anon"],
            "pswpin": own["anon"],
            "pgmajfault": own["file"] + own["anon"],
        }
        rate = {
            n: np.nan_to_num(
                np.log1p(
                    1e6 * np.maximum(0, gain[n] - ours.get(n, 0)) / (span_ms / 1000) / (total / 4)
                )
            )
            for n in COUNTERS[4:]
        }
    when = m["timestamp"].astype("datetime64[ms]")
    hours = when.astype("datetime64[h]").astype(np.int64)
    features = {
        "usage_percent": percent(used, total),
        "usage_trend": trend,
        "process_count": m["process_count"],
        "top_process_percent": percent(m["top_process_rss_kib"], total),
        "page_file_ratio": np.where(np.isfinite(swap), swap, 0.0),
        "time_of_day": hours % 24,
        "day_of_week": (hours // 24 + 3) % 7,
        "psi_memory_some": stall["psi_memory_some_us"],
        "psi_memory_full": stall["psi_memory_full_us"],
        "psi_io_some": stall["psi_io_some_us"],
        "psi_cpu_some": stall["psi_cpu_some_us"],
        "refault_file_rate": rate["workingset_refault_file"],
        "refault_anon_rate": rate["workingset_refault_anon"],
        "swap_in_rate": rate["pswpin"],
        "swap_out_rate": rate["pswpout"],
        "major_fault_rate": rate["pgmajfault"],
        "pgscan_rate": rate["pgscan"],
        "reclaim_efficiency": np.where(np.isfinite(efficiency), efficiency, 1.0),
        "available_percent": percent(m["mem_available_kib"], total),
        "available_trend": fast,
        "free_percent": percent(m["mem_free_kib"], total),
        "dirty_percent": percent(m["dirty_kib"], total),
        "file_cache_percent": percent(m["active_file_kib"] + m["inactive_file_kib"], total),
        "cgroup_usage_percent": percent(m["cgroup_usage_bytes"], m["cgroup_limit_bytes"]),
    }
    return features, ready


def range_minimum(values, start, end):
    """Minimum of values[start:end] for many ranges, by a sparse table."""
    table = [values]
    while 2 ** len(table) <= len(values):
        last, width = table[-1], 2 ** (len(table) - 1)
        table.append(np.minimum(last[: len(last) - width], last[width:]))
    level = np.floor(np.log2(np.maximum(end - start, 1))).astype(int)
    result = np.empty(len(start))
    for k in np.unique(level):
        rows = level == k
        result[rows] = np.minimum(table[k][start[rows]], table[k][end[rows] - 2**k])
    return result


def label_column(m, horizon_ms, max_gap_ms, limits):
    """0 to 3, or -1 where the horizon was not fully observed."""
    n = len(m["timestamp"])
    labels = np.full(n, -1)
    used_pages = np.maximum(1, (m["mem_total_kib"] - m["mem_available_kib"]) / 4)
    available = np.clip(100 * m["mem_available_kib"] / m["mem_total_kib"], 0, 100)
    fell = np.zeros(n, dtype=bool)
    for name in LABEL_COUNTERS:
        fell[1:] |= np.diff(m[name]) < 0
    for start, end in segments(m, fell, max_gap_ms):
        t = m["timestamp"][start:end]
        until = t + horizon_ms
        last = np.searchsorted(t, until, "right") - 1
        at = np.arange(len(t))
        observed = (last > at) & ((last + 1 < len(t)) | (t[last] == until))
        i, j = start + at[observed], start + last[observed]
        elapsed_ms = m["timestamp"][j] - m["timestamp"][i]
        gain = {name: m[name][j] - m[name][i] for name in LABEL_COUNTERS}
        some, full = (
            np.clip(gain[f"psi_memory_{kind}_us"] / elapsed_ms / 1000, 0, 1)
            for kind in ("some", "full")
        )
        more = {name: m[name][j] - m[name][i] for name in RESTARTING}
        anon = np.fmax(gain["pswpin"], gain["workingset_refault_anon"])
        anon = np.maximum(0, anon - more["own_refault_anon"])
        file = np.maximum(0, gain["workingset_refault_file"] - more["own_refault_file"])
        pages = np.nansum(np.stack([anon, file]), axis=0)
        comeback = 100 * pages / used_pages[i] * 60_000 / elapsed_ms
        low = range_minimum(available, i + 1, j + 1)
        level = np.zeros(len(i), dtype=int)
        level[
            (some >= limits["stallSomeShould"])
            | (
                (comeback >= limits["comebackPercentPerMinuteShould"])
                & (some >= limits["stallSomeWithComeback"])
            )
        ] = 1
        level[
            (some >= limits["stallSomeAggressive"]) | (low <= limits["availablePercentAggressive"])
        ] = 2
        critical = (full >= limits["stallFullCritical"]) | (
            low <= limits["availablePercentCritical"]
        )
        around = np.minimum(low, available[i])
        killed = (
            (more["cgroup_oom_kill"] > 0)
            | ((gain["oom_kill"] > 0) & (around <= limits["availablePercentAggressive"]))
            | ((more["reclaim_kills"] > 0) & (around <= limits["oomReclaimAvailablePercent"]))
        )
        level[critical | killed] = 3
        labels[i] = level
    return labels


def recompute(m, card):
    spec = card["featureSpec"]
    features, ready = feature_columns(m, spec)
    labels = label_column(
        m, card["horizonMs"], min(spec["maxGapMs"], card["horizonMs"]), card["thresholds"]
    )
    rows = ready & (labels >= 0)
    return (
        {name: np.asarray(f)[rows].astype(np.float32) for name, f in features.items()},
        labels[rows],
        rows,
    )


def check(memory_path, training_path, card_path):
    m = read_columns(memory_path)
    with open(card_path, encoding="utf-8") as file:
        card = json.load(file)
    ours = pa.ipc.open_file(training_path).read_all()
    features, labels, rows = recompute(m, card)
    timestamps = ours["timestamp"].cast(pa.int64()).to_numpy()
    result = {
        "rows": ours.num_rows,
        "expectedRows": int(rows.sum()),
        "types": {field.name: str(field.type) for field in ours.schema},
        "timestampsEqual": bool(np.array_equal(timestamps, m["timestamp"][rows])),
        "labelMismatches": int((ours["label"].to_numpy() != labels).sum()),
        "labelCounts": np.bincount(labels, minlength=4).tolist(),
        "maxDiff": {},
    }
    for name, expected in features.items():
        actual = ours[name].to_numpy()
        scale = np.maximum(1, np.abs(expected))
        result["maxDiff"][name] = float(np.max(np.abs(actual - expected) / scale))
    split = np.asarray(ours["split"].to_pylist())
    train, test = timestamps[split == "train"], timestamps[split == "test"]
    after = test[np.minimum(np.searchsorted(test, train, "left"), len(test) - 1)]
    result["trainRowsThatReachTest"] = int(
        ((after >= train) & (after <= train + card["horizonMs"])).sum()
    )
    print(json.dumps(result))


def timed(memory_path):
    m = read_columns(memory_path)
    started = time.perf_counter()
    features, _, _ = recompute(m, DEFAULTS)
    np.column_stack(list(features.values()))
    print(time.perf_counter() - started)


if __name__ == "__main__":
    {"check": check, "time": timed}[sys.argv[1]](*sys.argv[2:])
