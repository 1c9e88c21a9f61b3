"""HDF5 recordings by h5py and hdf5plugin: `write FOLDER` makes files in every layout and compression, beside the columns
as int64; `read FOLDER FILE...` says of each file of ours whether its columns are those. ECF is decoded and encoded here
anew, bit by bit, from its published description; no published package does it."""

import json
import struct
import sys
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

COUNT = 40_001
OFFSET = 123_456
ECF = 36559
EVENT = np.dtype(
    {
        "names": ["x", "y", "p", "t"],
        "formats": ["<u2", "<u2", "<i2", "<i8"],
        "offsets": [0, 2, 4, 8],
        "itemsize": 16,
    }
)
TRIGGER = np.dtype(
    {
        "names": ["p", "t", "id"],
        "formats": ["<i2", "<i8", "<i2"],
        "offsets": [0, 8, 16],
        "itemsize": 24,
    }
)


def make_columns():
    random = np.random.default_rng(14)
    steps = random.integers(0, 5, COUNT)
    steps[::5000] += 100_000
    t = np.cumsum(steps).astype("<i8") + 1_000_000
    # Runs along rows, then pixels anywhere, so that all three ways of ECF are met.
    x = np.where(
        np.arange(COUNT) < COUNT // 2, np.arange(COUNT) % 1280, random.integers(0, 1280, COUNT)
    )
    y = np.where(
        np.arange(COUNT) < COUNT // 2, np.arange(COUNT) // 1280, random.integers(0, 720, COUNT)
    )
    y[COUNT // 2 : 3 * COUNT // 4] //= 100
    y[COUNT // 2 : 3 * COUNT // 4].sort()
    return {
        "t": t,
        "x": x.astype("<u2"),
        "y": y.astype("<u2"),
        "p": random.integers(0, 2, COUNT).astype("u1"),
    }


COMPRESSIONS = {
    "none": {},
    "gzip": {"compression": "gzip"},
    "gzip-shuffle-checksum": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "zstd": dict(hdf5plugin.Zstd()),
    "lz4": dict(hdf5plugin.LZ4()),
    "blosc-lz4": dict(hdf5plugin.Blosc(cname="lz4")),
    "blosc-lz4hc-plain": dict(hdf5plugin.Blosc(cname="lz4hc", shuffle=0)),
    "blosc-zlib": dict(hdf5plugin.Blosc(cname="zlib")),
    "blosc-zstd": dict(hdf5plugin.Blosc(cname="zstd")),
}
# Through libhdf5, whose thread takes a moment to start: once each.
LIBRARY_COMPRESSIONS = {
    "blosc-blosclz": dict(hdf5plugin.Blosc(cname="blosclz")),
    "blosc-bits": dict(hdf5plugin.Blosc(cname="lz4", shuffle=2)),
    "blosc2": dict(hdf5plugin.Blosc2()),
    "bitshuffle": dict(hdf5plugin.Bitshuffle()),
    "bzip2": dict(hdf5plugin.BZip2()),
    "lzf": {"compression": "lzf"},
    "scaleoffset": {"scaleoffset": 0},
}


def write_columns(path, libver, columns, chunks, maxshape, options):
    with h5py.File(path, "w", libver=libver) as file:
        group = file.create_group("events")
        group.attrs["unit"] = "us"
        for name, values in columns.items():
            group.create_dataset(name, data=values, chunks=chunks, maxshape=maxshape, **options)


def write_layouts(folder, libver, columns):
    t, x, y, p = (columns[name] for name in "txyp")
    suffix = libver[0] if isinstance(libver, tuple) else libver
    table = np.stack([t, x, y, p], 1)
    with h5py.File(folder / f"dsec-{suffix}.h5", "w", libver=libver) as file:
        group = file.create_group("events")
        group.create_dataset(
            "t", data=(t - OFFSET).astype("u4"), chunks=(5000,), **hdf5plugin.Zstd()
        )
        for name in "xyp":
            group.create_dataset(
                name, data=columns[name], chunks=(5000,), **hdf5plugin.Blosc(cname="zstd")
            )
        file["t_offset"] = np.int64(OFFSET)
        file["ms_to_idx"] = np.searchsorted(t - OFFSET, np.arange(0, t[-1] - OFFSET, 1000)).astype(
            "u8"
        )
    with h5py.File(folder / f"evlib-{suffix}.h5", "w", libver=libver) as file:
        file["events/t"], file["events/p"] = t / 1e6, p.astype("i1") * 2 - 1
        file["events/x"], file["events/y"] = x, y
    with h5py.File(folder / f"v2e-{suffix}.h5", "w", libver=libver) as file:
        rows = file.create_dataset(
            "events", shape=(0, 4), maxshape=(None, 4), dtype="uint32", compression="gzip"
        )
        for start in range(0, COUNT, 1000):
            part = table[start : start + 1000]
            rows.resize(start + len(part), 0)
            rows[start:] = part
    with h5py.File(folder / f"array-{suffix}.h5", "w", libver=libver) as file:
        # Chunks that part a row.
        rows = file.create_dataset("events", data=table, chunks=(4096, 3), compression="gzip")
        rows.attrs["unit"] = np.bytes_("us")
    with h5py.File(folder / f"big-endian-{suffix}.h5", "w", libver=libver) as file:
        file.attrs.update({"geometry": "1280x720", "time_unit": "us", "width": 3})
        file["t"], file["x"], file["y"], file["p"] = (
            t.astype(">i8"),
            x.astype("f4"),
            y.astype(">i4"),
            p.astype(bool),
        )
    with h5py.File(folder / f"many-names-{suffix}.h5", "w", libver=libver) as file:
        for i in range(30):
            file.create_group(f"group{i}").attrs["number"] = i
            file.attrs[f"attribute{i}"] = i
        file.attrs["unit"] = "ns"
        file["t"], file["x"], file["y"], file["p"] = t * 1000, x, y, p
    with h5py.File(
        folder / f"soft-link-{suffix}.h5", "w", libver=libver, userblock_size=1024
    ) as file:
        group = file.create_group("somewhere")
        group["t"], group["x"], group["y"], group["p"] = t * 1000, x, y, p
        group["t"].attrs["unit"] = "ns"
        file["events"] = h5py.SoftLink("/somewhere")
    write_prophesee(
        folder / f"prophesee-gzip-{suffix}.h5", libver, columns, {"compression": "gzip"}
    )


def write_prophesee(path, libver, columns, options):
    events = np.zeros(COUNT, EVENT)
    for name in "txyp":
        events[name] = columns[name]
    triggers = np.array([(1, 1_000_100, 0), (0, 1_000_200, 0), (1, 1_000_300, 3)], TRIGGER)
    with h5py.File(path, "w", libver=libver) as file:
        file.attrs["version"], file.attrs["geometry"] = "1.0", "1280x720"
        external = file.create_dataset(
            "EXT_TRIGGER/events", shape=(3,), dtype=TRIGGER, chunks=(16384,), maxshape=(None,)
        )
        external[:] = triggers
        if options is not None:
            file.create_dataset(
                "CD/events", data=events, chunks=(16384,), maxshape=(None,), **options
            )
            return
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((16384,))
        plan.set_filter(ECF, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((COUNT,), (h5py.h5s.UNLIMITED,))
        dataset = h5py.h5d.create(
            file["CD"].id if "CD" in file else file.create_group("CD").id,
            b"events",
            h5py.h5t.py_create(EVENT),
            space,
            plan,
        )
        for number, start in enumerate(range(0, COUNT, 16384)):
            part = events[start : start + 16384]
            if number == 1:
                # A chunk that its filter left as it was.
                dataset.write_direct_chunk((start,), part.tobytes(), 1)
                continue
            if len(part) < 16384:
                # As a filter of libhdf5 sees the last chunk: filled up with what is no event.
                part = np.concatenate([part, np.zeros(16384 - len(part), EVENT)])
                part["t"][COUNT - start :] = part["t"][COUNT - start - 1]
            dataset.write_direct_chunk((start,), encode_ecf(part, number), 0)


def encode_ecf(events, number):
    """One chunk, in the way `number` says and with runs cut at odd places, which no encoder would do."""
    way = (2, 1, 0)[number % 3]
    out = bytearray(struct.pack("<IQ", len(events) << 2 | way, int(events["t"][0])))
    before, i = int(events["t"][0]), 0
    times = events["t"].tolist()
    while i < len(times):
        step = times[i] - before
        digits = []
        while step >= 15:
            digits = [0xF0 | int(digit, 16) for digit in reversed(f"{step:x}")]
            step = 0
        run = 1
        while i + run < len(times) and times[i + run] == times[i] and run < 20:
            run += 1
        out += bytes(digits)
        out += bytes([step << 4 | run]) if run < 15 else struct.pack("<BH", step << 4 | 15, run)
        before, i = times[i], i + run
    if way == 2:
        values = (
            events["y"].astype(int) << 12 | events["x"].astype(int) << 1 | events["p"]
        ).tolist()
        out += pack(values, 24, 32)
        return bytes(out)
    ys = events["y"].tolist()
    i = 0
    while i < len(ys):
        run = 1
        while i + run < len(ys) and ys[i + run] == ys[i] and run < 40:
            run += 1
        out += (
            struct.pack("<H", ys[i] << 5 | run)
            if run < 31
            else struct.pack("<HH", ys[i] << 5 | 31, run)
        )
        i += run
    if way == 1:
        out += pack((events["x"].astype(int) << 1 | events["p"]).tolist(), 12, 16)
        return bytes(out)
    xs = events["x"].tolist()
    i = 0
    while i < len(xs):
        first, mask = xs[i], 0
        i += 1
        while (
            i < len(xs)
            and first < xs[i] <= first + 5
            and not mask & ((1 << (5 - (xs[i] - first) + 1)) - 1)
        ):
            mask |= 1 << (5 - (xs[i] - first))
            i += 1
        out += struct.pack("<H", first << 5 | mask)
    for polarity in events["p"].tolist():
        out.append(polarity << 7 | 1)
    return bytes(out)


def pack(values, bits, word):
    """Four values in three words, as one string of bits would hold them but for the low parts of the first three."""
    values = values + [0] * (-len(values) % 4)
    step = word - bits
    out = bytearray()
    for a, b, c, d in zip(*[iter(values)] * 4, strict=False):

        def low(value, count):
            return value & ((1 << count) - 1)

        words = (
            a << step | low(b, step),
            (b >> step) << 2 * step | low(c, 2 * step),
            (c >> 2 * step) << 3 * step | low(d, 3 * step),
        )
        for value in words:
            out += value.to_bytes(word // 8, "little")
    return out


def decode_ecf(chunk):
    """Columns of one chunk, out of a list of bits and shifts."""
    head, t0 = struct.unpack_from("<IQ", chunk)
    count, way = head >> 2, head & 3
    at, times, now, digits = 12, [], t0, []
    while len(times) < count:
        step, run = divmod(chunk[at], 16)
        at += 1
        if step == 15:
            digits.append(run)
            continue
        now += sum(digit << 4 * place for place, digit in enumerate(digits)) + step
        digits = []
        if run == 15:
            (run,) = struct.unpack_from("<H", chunk, at)
            at += 2
        times += [now] * run
    if way == 2:
        values = unpack(chunk, at, count, 24, 32)
        return (
            times,
            [v >> 1 & 2047 for v in values],
            [v >> 12 & 2047 for v in values],
            [v & 1 for v in values],
        )
    rows = []
    while len(rows) < count:
        (value,) = struct.unpack_from("<H", chunk, at)
        at += 2
        run = value & 31
        if run == 31:
            (run,) = struct.unpack_from("<H", chunk, at)
            at += 2
        rows += [value >> 5] * run
    if way == 1:
        values = unpack(chunk, at, count, 12, 16)
        return times, [v >> 1 for v in values], rows, [v & 1 for v in values]
    columns = []
    while len(columns) < count:
        (value,) = struct.unpack_from("<H", chunk, at)
        at += 2
        columns += [
            (value >> 5) + place for place in range(6) if place == 0 or value >> (5 - place) & 1
        ]
    polarities = []
    while len(polarities) < count:
        polarity, run = divmod(chunk[at], 128)
        at += 1
        if run == 127:
            (run,) = struct.unpack_from("<H", chunk, at)
            at += 2
        polarities += [polarity] * run
    return times, columns, rows, polarities


def unpack(chunk, at, count, bits, word):
    step = word - bits
    kind = {32: "<u4", 16: "<u2"}[word]
    words = np.frombuffer(chunk, kind, 3 * -(-count // 4), at).astype(np.int64)
    a, b, c = words[0::3], words[1::3], words[2::3]

    def low(value, size):
        return value & ((1 << size) - 1)

    values = np.stack(
        [
            a >> step,
            low(a, step) | b >> 2 * step << step,
            low(b, 2 * step) | c >> 3 * step << 2 * step,
            low(c, 3 * step),
        ],
        1,
    )
    return values.reshape(-1)[:count].tolist()


def read_ecf(dataset):
    parts = [[], [], [], []]
    for number in range(dataset.id.get_num_chunks()):
        mask, chunk = dataset.id.read_direct_chunk(dataset.id.get_chunk_info(number).chunk_offset)
        assert mask == 0
        for part, values in zip(parts, decode_ecf(chunk), strict=False):
            part += values
    assert len(parts[0]) == dataset.shape[0]
    return dict(zip("txyp", parts, strict=False))


def read_ours(path):
    with h5py.File(path) as file:
        if "CD" in file:
            assert file["CD/events"].dtype == EVENT
            assert file["EXT_TRIGGER/events"].dtype == TRIGGER
            check_index(file["CD/events"], file["CD/indexes"], read_ecf(file["CD/events"])["t"])
            return read_ecf(file["CD/events"]), file["EXT_TRIGGER/events"][:].tolist()
        if isinstance(file["events"], h5py.Dataset):
            rows = file["events"][:]
            return {name: rows[:, i] for i, name in enumerate("txyp")}, []
        columns = {name: file["events"][name][:].astype("i8") for name in "txyp"}
        if "t_offset" in file:
            check_milliseconds(columns["t"], file["ms_to_idx"][:])
            columns["t"] += int(file["t_offset"][()])
        return columns, []


def check_index(events, index, times):
    """Each entry but the first names an event of its time, at most as late as the entry's 2000 µs."""
    offset = int(index.attrs["offset"])
    assert offset == -times[0]
    assert index.shape[0] == (times[-1] + offset) // 2000 + 2
    for number, (event, time) in enumerate(index[:].tolist()):
        assert time == -1 or (times[event] + offset == time and time <= number * 2000)


def check_milliseconds(times, first):
    for millisecond, event in enumerate(first.tolist()):
        assert times[event] >= 1000 * millisecond
        assert event == 0 or times[event - 1] < 1000 * millisecond


def write(folder):
    columns = make_columns()
    for name, values in columns.items():
        values.astype("<i8").tofile(folder / f"{name}.bin")
    for libver in ("earliest", ("v110", "v110"), "latest"):
        suffix = libver[0] if isinstance(libver, tuple) else libver
        for name, options in COMPRESSIONS.items():
            # Chunks of no round size, few large ones, and one that is the whole; growing in one dimension or not at all.
            shapes = [(1000, None), (4096, (None,)), (COUNT, None)]
            for chunk, maxshape in shapes:
                write_columns(
                    folder / f"{name}-{chunk}-{suffix}.h5",
                    libver,
                    columns,
                    (chunk,),
                    maxshape,
                    options,
                )
        write_columns(folder / f"contiguous-{suffix}.h5", libver, columns, None, None, {})
        write_layouts(folder, libver, columns)
    for name, options in LIBRARY_COMPRESSIONS.items():
        write_columns(folder / f"{name}.h5", "latest", columns, (4096,), (None,), options)
    write_prophesee(folder / "prophesee-ecf-earliest.h5", "earliest", columns, None)
    write_prophesee(folder / "prophesee-ecf-latest.h5", "latest", columns, None)


def read(folder, paths):
    expected = {name: np.fromfile(folder / f"{name}.bin", "<i8") for name in "txyp"}
    answers = {}
    for path in paths:
        columns, triggers = read_ours(path)
        same = all(np.array_equal(np.asarray(columns[name]), expected[name]) for name in "txyp")
        answers[Path(path).name] = {"same": same, "triggers": triggers}
    json.dump(answers, sys.stdout)


if sys.argv[1] == "write":
    write(Path(sys.argv[2]))
else:
    read(Path(sys.argv[2]), sys.argv[3:])
