# A child process that holds memory on request: a mapped file (clean or dirty) and anonymous pages.
# usage: memory-child.py FILE CLEAN_MIB DIRTY_MIB ANON_MIB; then one command a line on stdin:
#   touch     reads a byte of every page of the files and answers the milliseconds
#   busy      reads them all the time from then on; answers at once
#   idle      stops that and answers how often all of them were read
#   resident  answers how many of their pages are in memory, as mincore says
import ctypes
import mmap
import os
import sys
import threading
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
    # One byte a page, in C: a slice with a step holds the lock for no longer than it reads.
    total = sum(view[::PAGE])
    return (time.monotonic() - start) * 1000 if total else -1.0


def count_resident(view: mmap.mmap, fd: int) -> int:
    # mincore asks the page cache, so any mapping of the file will do; the child's own is left alone.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    length = len(view)
    address = libc.mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    pages = (ctypes.c_ubyte * (length // PAGE))()
    answer = libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(length), pages)
    libc.munmap(ctypes.c_void_p(address), ctypes.c_size_t(length))
    return -1 if answer else sum(page & 1 for page in pages)


class Reader(threading.Thread):
    """Reads everything again and again until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.rounds = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            for view, _ in held:
                touch(view)
            self.rounds += 1


path, clean, dirty, anon = sys.argv[1], *map(int, sys.argv[2:5])
held: list[tuple[mmap.mmap, int]] = []


def hold(name: str, mib: int, sync: bool) -> None:
    fd = write_file(name, mib, sync)
    held.append((mmap.mmap(fd, mib * MIB, mmap.MAP_SHARED, mmap.PROT_READ), fd))


if clean:
    # MAP_SHARED of a file that was written and synced: clean pages, mapped by nobody else.
    hold(path, clean, True)
if dirty:
    hold(path + ".dirty", dirty, False)
for view, _ in held:
    touch(view)
if anon:
    block = mmap.mmap(-1, anon * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, len(block), PAGE):
        block[offset] = 1
print("ready", flush=True)
reader = Reader()
for line in sys.stdin:
    command = line.strip()
    if command == "touch":
        print(f"{sum(touch(view) for view, _ in held):.3f}", flush=True)
    elif command == "busy":
        reader = Reader()
        reader.start()
        print(0, flush=True)
    elif command == "idle":
        reader.stopped.set()
        reader.join()
        print(reader.rounds, flush=True)
    elif command == "resident":
        print(sum(count_resident(view, fd) for view, fd in held), flush=True)
