"""AEDAT4 by other hands: `write FOLDER` makes a file in each compression with dv-processing, beside the columns as int64;
`read FILE...` gives the number of events that the package aedat finds in each, or its error."""

import json
import sys
from pathlib import Path

import numpy as np

COUNT = 5000


def write(folder):
    import dv_processing as dv

    random = np.random.default_rng(3)
    columns = {
        "t": np.cumsum(random.integers(0, 9, COUNT)) + 1_600_000_000_000_000,
        "x": random.integers(0, 346, COUNT),
        "y": random.integers(0, 260, COUNT),
        "p": random.integers(0, 2, COUNT),
    }
    for name, values in columns.items():
        values.astype("<i8").tofile(folder / f"{name}.bin")
    for compression in ("NONE", "LZ4", "LZ4_HIGH", "ZSTD", "ZSTD_HIGH"):
        config = dv.io.MonoCameraWriter.Config("sample", getattr(dv.CompressionType, compression))
        config.addEventStream((346, 260))
        config.addFrameStream((346, 260))
        config.addTriggerStream()
        writer = dv.io.MonoCameraWriter(str(folder / f"{compression}.aedat4"), config)
        for start in range(0, COUNT, 1250):
            events = dv.EventStore()
            for t, x, y, p in zip(
                *(columns[name][start : start + 1250].tolist() for name in "txyp"), strict=False
            ):
                events.push_back(t, x, y, bool(p))
            writer.writeEvents(events)
            edge = dv.TriggerType.EXTERNAL_SIGNAL_RISING_EDGE
            writer.writeTrigger(dv.Trigger(int(columns["t"][start]), edge))
            writer.writeFrame(dv.Frame(int(columns["t"][start]), np.zeros((260, 346), "u1")))
        del writer


def read(path):
    import aedat

    try:
        return sum(len(packet["events"]) for packet in aedat.Decoder(path) if "events" in packet)
    except Exception as error:
        return str(error)


if sys.argv[1] == "write":
    write(Path(sys.argv[2]))
else:
    json.dump([read(path) for path in sys.argv[2:]], sys.stdout)
