"""The anonymiser once more, row by row in plain Python after docs/privacy.md: the peer of the native plans.

Usage: anonymize-reference.py FOLDER. Reads requests.json there: [{"table": "memory" | "process" | "optimization",
"rows": [{column: value}], "k", "timePrecisionMs", "key": hex}], rows in time order. Prints for each request
{"rows": [{"row": index of the released row, "changed": {column: value}}], "groups", "k", "byRung": [rows]} as JSON.
A process gets the index of its first row instead of a random number: whoever compares asks for a bijection. Hashes are
text, because they are above 2^53.
"""

import errno
import hashlib
import hmac
import json
import re
import sys
from collections import Counter
from pathlib import Path

Row = dict[str, object]

DAY_MS = 86_400_000
SIZES = {
    "memory": ["mem_total_kib", "swap_total_kib", "cgroup_limit_bytes"],
    "process": [],
    "optimization": [],
}
COUNTERS = {
    "memory": [
        "pgscan_kswapd",
        "pgscan_direct",
        "pgsteal_kswapd",
        "pgsteal_direct",
        "workingset_refault_anon",
        "workingset_refault_file",
        "pswpin",
        "pswpout",
        "pgmajfault",
        "oom_kill",
        "psi_memory_some_us",
        "psi_memory_full_us",
        "psi_io_some_us",
        "psi_io_full_us",
        "psi_cpu_some_us",
    ],
    "process": ["cpu_time_ms", "io_read_bytes", "io_write_bytes", "minor_faults", "major_faults"],
    "optimization": [],
}
WORDS = {
    "trigger": ["model", "rule", "manual"],
    "label": ["NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical"],
    "mode": ["act", "dry_run"],
    "actuator": ["", "cgroup_reclaim", "gc", "process_madvise"],
}
HASHED = ["model_version", "goal"]
CODES = ["error", "scarce"]


def keyed_hash(key: bytes, text: str) -> int:
    return int.from_bytes(hmac.digest(key, text.encode(), hashlib.sha256)[:8], "big")


def coarse(size: int | None, level: int) -> int | None:
    """Up to a power of two, or on level 0 to one and a half of one; fractions stay (a size of 1 or 2 has none)."""
    if size is None or size <= 0:
        return size
    power = 1
    while power < size:
        power *= 2
    return power * 3 // 4 if level == 0 and power >= 4 and size <= power * 3 // 4 else power


def round_up(unit: int, least: int) -> int:
    return -(-least // unit) * unit


def time_levels(precision: int, first: int, last: int) -> list[tuple[int, int]]:
    """(precision, origin), each a multiple of the one before."""
    day = round_up(precision, DAY_MS)
    week = round_up(day, 7 * DAY_MS)
    origin = first // day * day
    whole = round_up(week, last - origin + 1)
    distinct = list(dict.fromkeys([precision, day, week]))
    return [(level, 0) for level in distinct] + [(whole, origin)]


def floor_time(time: int, level: tuple[int, int]) -> int:
    precision, origin = level
    return (time - origin) // precision * precision + origin


def attribute(table: str, row: Row, level: int, key: bytes) -> object:
    if table == "process":
        return keyed_hash(key, row["name"]) if level == 0 else None
    return tuple(coarse(row[name], level) for name in SIZES[table])


def decide(request: dict, key: bytes) -> tuple[list[int | None], list, list[int]]:
    """The rung of each row, the rungs, and the sizes of the groups."""
    table, rows, k = request["table"], request["rows"], request["k"]
    times = [row["timestamp"] for row in rows]
    levels = time_levels(request["timePrecisionMs"], min(times), max(times))
    rungs = [(level, 0) for level in levels]
    if table != "optimization":
        rungs = rungs[:2] + [(level, 1) for level in levels]
    taken: list[int | None] = [None] * len(rows)
    sizes = []
    for at, (level, generality) in enumerate(rungs):
        classes = [
            (floor_time(row["timestamp"], level), attribute(table, row, generality, key))
            for row in rows
        ]
        counts = Counter(group for group, rung in zip(classes, taken, strict=True) if rung is None)
        sizes += [count for count in counts.values() if count >= k]
        taken = [
            at if rung is None and counts[group] >= k else rung
            for group, rung in zip(classes, taken, strict=True)
        ]
    return taken, rungs, sizes


def find_boots(rows: list[Row], counters: list[str]) -> list[int]:
    """The number of the boot of each row: rows of one time belong to the last boot that began then."""
    before = dict.fromkeys(counters, 0)
    starts = []
    for index, row in enumerate(rows):
        counting = [name for name in counters if before[name] > 0]
        fallen = [name for name in counting if row[name] is not None and row[name] < before[name]]
        if index > 0 and fallen and 2 * len(fallen) >= len(counting):
            starts.append(row["timestamp"])
        before.update({name: row[name] for name in counters if row[name] is not None})
    return [sum(start <= row["timestamp"] for start in starts) for row in rows]


def codes(text: str) -> str:
    found = re.findall(
        r"\b(?:ERR_(?:COLLECT|STORE|PREPARE|WIRE|MODEL|TRAIN|OPTIMIZE|EXPORT|APP)_[A-Z_]{2,32}|E[A-Z0-9]{2,15})\b",
        text,
    )
    known = [code for code in found if code.startswith("ERR_") or hasattr(errno, code)]
    return " ".join(dict.fromkeys(known)) or "other"


def change_text(name: str, text: str, key: bytes) -> str:
    if name in CODES:
        return codes(text)
    if name in WORDS:
        return text if all(word in WORDS[name] for word in text.split("+")) else "other"
    return f"{keyed_hash(key, text):016x}"


def anonymize(request: dict) -> dict:
    table, rows, key = request["table"], request["rows"], bytes.fromhex(request["key"])
    counters = COUNTERS[table]
    taken, rungs, sizes = decide(request, key)
    if table == "process":
        ids = [(row["pid"], row["start_time_ticks"]) for row in rows]
        owners = [ids.index(process) for process in ids]
    else:
        owners = find_boots(rows, counters)
    first: dict[tuple[int, str], int] = {}
    for row, owner in zip(rows, owners, strict=True):
        for name in counters:
            if row[name] is not None:
                first.setdefault((owner, name), row[name])
    released = []
    for index, (row, owner, rung) in enumerate(zip(rows, owners, taken, strict=True)):
        if rung is None:
            continue
        level, generality = rungs[rung]
        changed: Row = {
            "timestamp": floor_time(row["timestamp"], level),
            "time_precision_ms": level[0],
        }
        for name in counters:
            since = None if row[name] is None else row[name] - first[owner, name]
            changed[name] = None if since is None or since < 0 else since
        for name in SIZES[table]:
            changed[name] = coarse(row[name], generality)
        if table == "memory":
            free, total = row["swap_free_kib"], row["swap_total_kib"]
            missing = free is None or total is None
            changed["swap_free_kib"] = None if missing else free + coarse(total, generality) - total
        if table == "process":
            changed["pid"] = owner
            changed["name_hash"] = (
                f"{keyed_hash(key, row['name']):016x}" if generality == 0 else None
            )
        if table == "optimization":
            for name in [*CODES, *WORDS, *HASHED]:
                changed[name] = None if row[name] is None else change_text(name, row[name], key)
        released.append({"row": index, "changed": changed})
    by_rung = Counter(taken)
    return {
        "rows": released,
        "groups": len(sizes),
        "k": min(sizes, default=None),
        "byRung": [by_rung[at] for at in range(len(rungs))],
    }


requests = json.loads((Path(sys.argv[1]) / "requests.json").read_text())
print(json.dumps([anonymize(request) for request in requests]))
