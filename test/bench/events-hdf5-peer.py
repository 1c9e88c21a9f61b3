"""The anchor of events.hdf5: h5py with hdf5plugin. `write FOLDER COUNT` makes a file for each compression; else each line
read is a path, and the seconds in which its four columns were read by slices go back."""

import json
import sys
import time
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

SLICE = 1 << 20
CHUNK = 65_536
COMPRESSIONS = {
    "none": {},
    "gzip": {"compression": "gzip", "compression_opts": 1},
    "zstd": dict(hdf5plugin.Zstd(clevel=3)),
    "blosc-lz4": dict(hdf5plugin.Blosc(cname="lz4", shuffle=1)),
    "blosc-zstd": dict(hdf5plugin.Blosc(cname="zstd", shuffle=1)),
}


def write(folder, count):
    random = np.random.default_rng(1)
    columns = {
        "t": np.cumsum(random.integers(0, 3, count)),
        "x": random.integers(0, 1280, count).astype("u2"),
        "y": random.integers(0, 720, count).astype("u2"),
        "p": random.integers(0, 2, count).astype("i1"),
    }
    for name, options in COMPRESSIONS.items():
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file.attrs["unit"] = "us"
            for column, values in columns.items():
                file.create_dataset(
                    f"events/{column}", data=values, chunks=(CHUNK,), maxshape=(None,), **options
                )


def read(path):
    start = time.perf_counter()
    with h5py.File(path) as file:
        columns = [file["events"][name] for name in "txyp"]
        total = columns[0].shape[0]
        for at in range(0, total, SLICE):
            for column in columns:
                column[at : at + SLICE]
    return time.perf_counter() - start


if sys.argv[1] == "write":
    write(Path(sys.argv[2]), int(sys.argv[3]))
else:
    for line in sys.stdin:
        print(json.dumps(read(line.strip())), flush=True)
