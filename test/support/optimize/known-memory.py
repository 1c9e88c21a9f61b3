# A child whose resident set is known: one mapped file, written and synced, and anonymous memory.
# usage: known-memory.py FILE FILE_MIB DIRTY_SHARE ANON_MIB RANDOM_SHARE
# Commands, one a line, each answered by a line of JSON; shares are of all pages:
#   file-random SHARE   reads a byte of evenly spread pages through the mapping, without read-ahead
#   file-ahead SHARE    the same from the beginning on, with the kernel's read-ahead
#   file-read SHARE     reads the beginning of the file by read(2): in memory again, yet not mapped
#   anon SHARE          reads a byte of evenly spread pages of the anonymous memory
import ctypes
import json
import mmap
import os
import random
import sys

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
MADV_NOHUGEPAGE = 15


def fill(size: int, random_share: float) -> bytes:
    """Pages of which `random_share` does not compress."""
    source = random.Random(size)
    noise = int(PAGE * random_share)
    rest = bytes(PAGE - noise)
    return b"".join(source.randbytes(noise) + rest for _ in range(size // PAGE))


def map_file(path: str, mib: int, dirty_share: float) -> mmap.mmap:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    for i in range(mib):
        os.write(fd, bytes([i % 251 + 1]) * MIB)
    os.fsync(fd)
    view = mmap.mmap(fd, mib * MIB, mmap.MAP_SHARED, mmap.PROT_READ)
    os.close(fd)
    for offset in range(0, len(view), PAGE):
        view[offset]
    # Dirtied by write(2), so that the mapping itself stays read-only.
    with open(path, "r+b", 0) as writer:
        pages = len(view) // PAGE
        for i in range(int(pages * dirty_share)):
            writer.seek(int(i / dirty_share) * PAGE)
            writer.write(b"x")
    return view


def map_anonymous(mib: int, random_share: float) -> mmap.mmap:
    view = mmap.mmap(-1, mib * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    view.madvise(MADV_NOHUGEPAGE)
    for i in range(mib):
        view[i * MIB : (i + 1) * MIB] = fill(MIB, random_share)
    return view


def touch(view: mmap.mmap, share: float, is_spread: bool) -> int:
    pages = int(len(view) // PAGE * share)
    step = 1 / share if is_spread and share else 1
    for i in range(pages):
        view[int(i * step) * PAGE]
    return pages


def read_file(path: str, share: float) -> int:
    size = int(os.path.getsize(path) * share)
    with open(path, "rb", 0) as file:
        left = size
        while left > 0 and (part := file.read(min(left, MIB))):
            left -= len(part)
    return size // PAGE


path, (file_mib, anon_mib) = sys.argv[1], map(int, (sys.argv[2], sys.argv[4]))
dirty_share, random_share = float(sys.argv[3]), float(sys.argv[5])
file = map_file(path, file_mib, dirty_share) if file_mib else None
anon = map_anonymous(anon_mib, random_share) if anon_mib else None
# Freed heap goes back now, not in the middle of a measurement.
ctypes.CDLL(None).malloc_trim(0)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    command, share = line.split()
    if command == "file-read":
        pages = read_file(path, float(share))
    elif command == "anon":
        pages = touch(anon, float(share), True)
    else:
        file.madvise(mmap.MADV_RANDOM if command == "file-random" else mmap.MADV_NORMAL)
        pages = touch(file, float(share), command == "file-random")
    print(json.dumps({"pages": pages}), flush=True)
