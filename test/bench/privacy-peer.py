"""DuckDB anonymises a history's process table the same way: groups by hour and name counted, small ones suppressed,
names replaced through a table of keyed hashes, counters from their first value, into one CSV file.

Usage: privacy-peer.py SEGMENTS FILE K. Prints the seconds it took.
"""

import hashlib
import hmac
import secrets
import sys
import time

import duckdb

segments, target, k = sys.argv[1], sys.argv[2], int(sys.argv[3])
counters = ["cpu_time_ms", "io_read_bytes", "io_write_bytes", "minor_faults", "major_faults"]
key = secrets.token_bytes(32)


def keyed_hash(name: str) -> str:
    return hmac.digest(key, name.encode(), hashlib.sha256)[:8].hex()


database = duckdb.connect(config={"threads": 2})
database.execute("SET TimeZone = 'UTC'")
started = time.perf_counter()
database.execute(f"CREATE VIEW process AS SELECT * FROM read_parquet('{segments}/*.parquet')")
names = database.execute("SELECT DISTINCT name FROM process").fetchall()
database.execute("CREATE TABLE hashes (name VARCHAR, name_hash VARCHAR)")
database.executemany(
    "INSERT INTO hashes VALUES (?, ?)", [(name, keyed_hash(name)) for (name,) in names]
)
database.execute(
    "CREATE TABLE groups AS SELECT date_trunc('hour', timestamp) AS hour, name FROM process"
    f" GROUP BY ALL HAVING count(*) >= {k}"
)
first = ", ".join(f"first({name} ORDER BY timestamp) AS first_{name}" for name in counters)
database.execute(
    f"CREATE TABLE processes AS SELECT pid, start_time_ticks, row_number() OVER () AS number, {first}"
    " FROM process GROUP BY pid, start_time_ticks"
)
since = ", ".join(f"{name} - first_{name} AS {name}" for name in counters)
database.execute(
    "COPY (SELECT hour AS timestamp, number AS pid, name_hash, rss_kib, shared_kib, private_kib, swap_kib,"
    f" cpu_percent, {since}, threads, 3600000 AS time_precision_ms FROM process"
    " JOIN groups ON groups.hour = date_trunc('hour', process.timestamp) AND groups.name = process.name"
    " JOIN hashes ON hashes.name = process.name"
    " JOIN processes USING (pid, start_time_ticks))"
    f" TO '{target}' (HEADER)"
)
print(time.perf_counter() - started)
