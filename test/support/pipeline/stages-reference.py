"""Decides whether native stages computed what pandas, scikit-learn, numpy and plain Python compute.

Reads a JSON list of cases (name, input, output; other) and prints what differs, by case.
"""

import json
import math
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler


def rows_of(path):
    return pq.read_table(path).to_pylist()


def ms(value):
    return value if value is None or isinstance(value, int) else round(value.timestamp() * 1000)


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def above(value, edge):
    """As Polars orders: NaN is above all numbers."""
    return value is not None and (math.isnan(value) or value > edge)


def equal(left, right):
    if left is None or right is None:
        return left is right
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return left == right


def finite(rows, column):
    return [r[column] for r in rows if r[column] is not None and math.isfinite(r[column])]


def frame_of(rows, columns):
    return pd.DataFrame({c: [r[c] for r in rows] for c in columns})


def none_for_nan(values):
    return [None if missing(v) else v for v in values]


def with_column(rows, name, values):
    return [
        {**{k: v for k, v in r.items() if k != name}, name: v}
        for r, v in zip(rows, values, strict=True)
    ]


def select(rows):
    return [
        {
            "mb": None if r["a"] is None else r["a"] / 1024.0,
            "g": r["g"],
            "up": None if r["g"] is None else r["g"].upper(),
        }
        for r in rows
    ]


def with_columns(rows):
    return [
        {
            **r,
            "a": None if r["a"] is None else r["a"] * 2,
            "sum": None if r["a"] is None or r["b"] is None else r["a"] + r["b"],
        }
        for r in rows
    ]


def drop_and_rename(rows):
    return [{"group": r["g"], "b2": r["a"], "b": r["b"]} for r in rows]


def filtered(rows):
    return [r for r in rows if above(r["b"], 0.5) and r["g"] in ("x", "y")]


def cast(rows):
    def to_text(value):
        return None if value is None else str(value)

    return [{**r, "a": to_text(r["a"]), "c": None if r["c"] is None else int(r["c"])} for r in rows]


def fill_constant(rows):
    return [{**r, "b": 7.5 if missing(r["b"]) else r["b"]} for r in rows]


def fill_forward(rows):
    filled = (
        pd.Series([r["a"] for r in rows], dtype="Int64")
        .groupby([str(r["g"]) for r in rows])
        .ffill()
    )
    return with_column(rows, "a", [None if v is pd.NA else int(v) for v in filled])


def fill_statistic(of):
    def fill(rows):
        values = finite(rows, "b")
        value = of(values) if values else None
        return [{**r, "b": value if missing(r["b"]) else r["b"]} for r in rows]

    return fill


def normalize(scaler):
    def scale(rows):
        values = finite(rows, "b")
        if not values:
            return rows
        fitted = scaler.fit(np.array(values).reshape(-1, 1))

        def apply(value):
            if value is None or not math.isfinite(value):
                return value
            return float(fitted.transform([[value]])[0][0])

        return [{**r, "b": apply(r["b"])} for r in rows]

    return scale


def normalize_given(rows):
    return [{**r, "c": None if r["c"] is None else (r["c"] - 3) / 4} for r in rows]


def one_hot(rows):
    kinds = sorted({r["g"] for r in rows if r["g"] is not None})
    dummies = pd.get_dummies(pd.Series([r["g"] for r in rows], dtype="object"), prefix="g")
    out = []
    for i, r in enumerate(rows):
        encoded = {f"g_{k}": int(dummies[f"g_{k}"].iloc[i]) for k in kinds}
        out.append({**{k: v for k, v in r.items() if k != "g"}, **encoded})
    return out


def bin_edges(rows):
    def number(value):
        return None if missing(value) else int(np.digitize(value, [-1.0, 0.0, 1.0]))

    return [{**r, "b_bin": number(r["b"])} for r in rows]


def bin_quantiles(rows):
    values = finite(rows, "c")
    edges = sorted(set(np.quantile(values, [0.25, 0.5, 0.75]))) if values else []
    return [{**r, "q": None if missing(r["c"]) else int(np.digitize(r["c"], edges))} for r in rows]


def window_rows(rows):
    series = pd.Series([r["c"] for r in rows], dtype="float64")
    groups = [str(r["g"]) for r in rows]

    def roll(how):
        rolled = series.groupby(groups).rolling(3, min_periods=1)
        return none_for_nan(
            getattr(rolled, how)().reset_index(level=0, drop=True).sort_index().tolist()
        )

    counts = roll("count") if rows else []
    names = (
        {"c_mean": roll("mean"), "c_sum": roll("sum"), "c_min": roll("min"), "c_max": roll("max")}
        if rows
        else {}
    )
    names |= {"c_std": roll("std"), "c_median": roll("median")} if rows else {}
    out = []
    for i, r in enumerate(rows):
        out.append({**r, **{k: v[i] for k, v in names.items()}, "c_count": int(counts[i])})
    return out


def window_time(rows):
    out = []
    for r in rows:
        if r["t"] is None:
            out.append({**r, "c_mean": None, "c_sum": None, "n": None})
            continue
        inside = [
            o["c"]
            for o in rows
            if o["g"] == r["g"]
            and o["t"] is not None
            and ms(r["t"]) - 5000 < ms(o["t"]) <= ms(r["t"])
        ]
        values = [v for v in inside if v is not None]
        mean = sum(values) / len(values) if values else None
        out.append(
            {**r, "c_mean": mean, "c_sum": sum(values) if values else None, "n": len(values)}
        )
    return out


def join_time(direction, tolerance, by):
    def joined(rows, other):
        out = []
        for r in rows:
            best = None
            for o in sorted((o for o in other if o["t"] is not None), key=lambda o: ms(o["t"])):
                if r["t"] is None or (by and (r["g"] is None or o["g"] != r["g"])):
                    continue
                away = ms(r["t"]) - ms(o["t"])
                if direction == "backward" and 0 <= away <= tolerance:
                    best = o
                if direction == "forward" and 0 <= -away <= tolerance and best is None:
                    best = o
            out.append({**r, "v": best["v"] if best else None})
        return out

    return joined


def join_left(rows, other):
    out = []
    for r in rows:
        partners = [o for o in other if r["g"] is not None and o["g"] == r["g"]]
        out += [{**r, "v": o["v"]} for o in partners] or [{**r, "v": None}]
    return out


def join_inner(rows, other):
    return [r for r in join_left(rows, other) if r["v"] is not None]


def join_anti(rows, other):
    known = {o["g"] for o in other}
    return [r for r in rows if r["g"] is None or r["g"] not in known]


def group(rows):
    groups = {}
    for r in rows:
        groups.setdefault(r["g"], []).append(r)
    out = []
    for key, members in groups.items():
        values = [m["a"] for m in members if m["a"] is not None]
        out.append(
            {
                "g": key,
                "peak": max(values) if values else None,
                "total": sum(values) if values else None,
                "mean": sum(values) / len(values) if values else None,
                "n": len(members),
            }
        )
    return out


def sort(rows):
    # Stable; null first in g, last in none: null comes first, NaN is above all numbers.
    def key(r):
        b = r["b"]
        rank = (0, 0.0) if b is None else (2, 0.0) if math.isnan(b) else (1, b)
        return ((0, "") if r["g"] is None else (1, r["g"]), rank)

    return sorted(rows, key=key)


def sample_every(rows):
    return rows[::7]


def sample_grid(rows):
    firsts = {}
    for r in rows:
        if r["t"] is not None:
            cell = (r["g"], ms(r["t"]) // 4000)
            firsts[cell] = min(firsts.get(cell, math.inf), ms(r["t"]))
    return [
        r for r in rows if r["t"] is not None and ms(r["t"]) == firsts[(r["g"], ms(r["t"]) // 4000)]
    ]


expected = {
    "select": select,
    "with columns": with_columns,
    "drop and rename": drop_and_rename,
    "filter": filtered,
    "cast": cast,
    "fill constant": fill_constant,
    "fill forward": fill_forward,
    "fill mean": fill_statistic(np.mean),
    "fill median": fill_statistic(np.median),
    "normalize z-score": normalize(StandardScaler()),
    "normalize min-max": normalize(MinMaxScaler()),
    "normalize robust": normalize(RobustScaler()),
    "normalize given": normalize_given,
    "one-hot": one_hot,
    "bin edges": bin_edges,
    "bin quantiles": bin_quantiles,
    "window rows": window_rows,
    "window time": window_time,
    "join on time backward": join_time("backward", 2000, True),
    "join on time forward": join_time("forward", 1500, False),
    "join left": join_left,
    "join inner": join_inner,
    "join anti": join_anti,
    "group by": group,
    "sort": sort,
    "sample every": sample_every,
    "sample grid": sample_grid,
}


def differences(case):
    rows = rows_of(case["input"])
    arguments = [rows, rows_of(case["other"])] if "other" in case else [rows]
    want, got = expected[case["name"]](*arguments), rows_of(case["output"])
    if len(want) != len(got):
        return [f"{len(got)} rows in place of {len(want)}"]
    found = []
    for i, (w, g) in enumerate(zip(want, got, strict=True)):
        if set(w) != set(g):
            return [f"columns {sorted(g)} in place of {sorted(w)}"]
        found += [f"row {i} {k}: {g[k]!r} in place of {w[k]!r}" for k in w if not equal(w[k], g[k])]
    return found[:5]


cases = json.load(sys.stdin)
print(json.dumps({f"{c['name']} ({c['table']})": differences(c) for c in cases}))
