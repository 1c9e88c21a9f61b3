# Says from outside what is in memory, for judges of the optimizer: it shares no code with the product.
# One question a line on stdin, one line of JSON as the answer:
#   file PATH   pages of the file in the page cache (mincore)
#   anon PID    anonymous pages of a process in memory and in swap (pagemap)
import ctypes
import json
import os
import re
import sys
from array import array

PAGE = os.sysconf("SC_PAGE_SIZE")
PRESENT, SWAPPED, FILE_OR_SHARED = 1 << 63, 1 << 62, 1 << 61
PROT_READ, MAP_SHARED = 1, 1
ODD = bytes(b & 1 for b in range(256))
HEADER = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)")

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
]
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def file_pages(path: str) -> dict[str, int]:
    fd = os.open(path, os.O_RDWR)
    size = os.fstat(fd).st_size
    # Mapping reads nothing in; mincore tells the truth to those who may write the file.
    at = libc.mmap(None, size, PROT_READ, MAP_SHARED, fd, 0)
    os.close(fd)
    pages = (size + PAGE - 1) // PAGE
    seen = (ctypes.c_ubyte * pages)()
    if at in (None, ctypes.c_void_p(-1).value) or libc.mincore(at, size, seen) != 0:
        raise OSError(ctypes.get_errno(), f"cannot look at {path}")
    libc.munmap(at, size)
    return {"pages": pages, "resident": bytes(seen).translate(ODD).count(1)}


def anonymous_pages(pid: int) -> dict[str, int]:
    present = swapped = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for line in maps:
            start, end = (int(text, 16) for text in HEADER.match(line).groups()[:2])
            if start >= 1 << 47:
                continue  # vsyscall
            pagemap.seek(start // PAGE * 8)
            for entry in array("Q", pagemap.read((end - start) // PAGE * 8)):
                if entry & SWAPPED:
                    swapped += 1
                elif entry & PRESENT and not entry & FILE_OR_SHARED:
                    present += 1
    return {"present": present, "swapped": swapped}


for question in sys.stdin:
    kind, _, subject = question.rstrip("\n").partition(" ")
    try:
        answer = file_pages(subject) if kind == "file" else anonymous_pages(int(subject))
    except OSError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
