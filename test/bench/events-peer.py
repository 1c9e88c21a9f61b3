"""Reads or filters events with other libraries: one JSON question a line, million events a CPU second as the answer."""

import json
import sys
import time

import numpy as np


def evutils(path, chunk):
    """Blocks as its parser gives them: columns of 13 bytes an event, the memory is used again."""
    from evutils.io import EventStreamer

    return sum(len(block) for block in EventStreamer(path, chunk_size=chunk))


def expelliarmus(path, chunk, encoding):
    from expelliarmus import Wizard

    return sum(
        len(block) for block in Wizard(encoding=encoding, fpath=path, chunk_size=chunk).read_chunk()
    )


def evlib(path):
    import evlib as library

    return library.load_events(path).collect().height


def polars_text(path):
    import polars as pl

    names = ["t", "x", "y", "p"]
    types = [pl.Int64, pl.UInt16, pl.UInt16, pl.Int8]
    return pl.read_csv(
        path, separator=" ", has_header=False, new_columns=names, schema_overrides=types
    ).height


FRAME = {}


def polars_filter(events, lazy):
    """A quarter of the pixels and one polarity, all four columns."""
    import polars as pl

    if events not in FRAME:
        draw = np.random.default_rng(1)
        FRAME[events] = pl.DataFrame(
            {
                "t": np.arange(events, dtype=np.int64),
                "x": draw.integers(0, 1280, events, dtype=np.uint16),
                "y": draw.integers(0, 720, events, dtype=np.uint16),
                "p": draw.choice(np.array([-1, 1], dtype=np.int8), events),
            }
        )
        return 0
    wanted = (pl.col("x") < 640) & (pl.col("y") < 360) & (pl.col("p") > 0)
    frame = FRAME[events]
    kept = frame.lazy().filter(wanted).collect(engine="streaming") if lazy else frame.filter(wanted)
    assert 0 < kept.height < events
    return events


READERS = {f.__name__: f for f in (evutils, expelliarmus, evlib, polars_text, polars_filter)}

for line in sys.stdin:
    question = json.loads(line)
    reader = READERS[question["reader"]]
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        events = reader(**question["with"])
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        continue
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        json.dumps(
            {"events": events, "perCpu": events / cpu / 1e6, "perWall": events / wall / 1e6}
        ),
        flush=True,
    )
