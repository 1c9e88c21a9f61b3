# A child process that holds memory on request: a mapped file (clean or dirty) and anonymous pages.
# usage: memory-child.py FILE CLEAN_MIB DIRTY_MIB ANON_MIB; then one command a line on stdin:
#   touch  reads a byte of every page of the file and answers the milliseconds
import mmap
import os
import sys
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


def write_file(path: str, mib: int, sync: bool) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    for i in range(mib):
        os.write(fd, bytes([i % 251 + 1]) * MIB)
    if sync:
        os.fsync(fd)
    return fd


def touch(view: mmap.mmap) -> float:
    start = time.monotonic()
    total = 0
    for offset in range(0, len(view), PAGE):
        total += view[offset]
    return (time.monotonic() - start) * 1000 if total else -1.0


path, clean, dirty, anon = sys.argv[1], *map(int, sys.argv[2:5])
held = []
if clean:
    # MAP_SHARED of a file that was written and synced: clean pages, mapped by nobody else.
    held.append(
        mmap.mmap(write_file(path, clean, True), clean * MIB, mmap.MAP_SHARED, mmap.PROT_READ)
    )
if dirty:
    held.append(
        mmap.mmap(
            write_file(path + ".dirty", dirty, False), dirty * MIB, mmap.MAP_SHARED, mmap.PROT_READ
        )
    )
for view in held:
    touch(view)
if anon:
    block = mmap.mmap(-1, anon * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, len(block), PAGE):
        block[offset] = 1
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "touch":
        print(f"{sum(touch(view) for view in held):.3f}", flush=True)
