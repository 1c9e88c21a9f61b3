"""A process that uses memory for the tests of the page: under a name of any bytes, or in want of it.

hold MIB NAME_HEX   holds resident memory under a name, until standard input ends
thrash FILE MIB     reads a file again and again that is larger than what its cgroup leaves it
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

MIB = 1 << 20


def hold(mib: int, name: bytes) -> None:
    """Hold touched memory; the name is what /proc shows, at most 15 bytes."""
    Path("/proc/self/comm").write_bytes(name)
    held = bytearray(mib * MIB)
    for at in range(0, len(held), 4096):
        held[at] = 1
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


def thrash(path: str, mib: int) -> None:
    """Read the file until standard input ends."""
    file = Path(path)
    with file.open("wb") as written:
        for _ in range(mib):
            written.write(b"x" * MIB)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not ended.is_set():
        with file.open("rb", buffering=0) as opened:
            while not ended.is_set() and opened.read(MIB):
                pass


if __name__ == "__main__":
    mode, first, second = sys.argv[1:4]
    if mode == "hold":
        hold(int(first), bytes.fromhex(second))
    else:
        thrash(first, int(second))
