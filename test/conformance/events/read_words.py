"""Other readers of RAW and DAT files: a list of [peer, format, path] as JSON in, what each gave as JSON out.

Events are [t, x, y, p] with p 0 or 1; an answer is null when the reader refuses the file, a text when it cannot
be installed here.
"""

import json
import sys

import faery
from evutils.io import EventReader
from expelliarmus import Wizard


def read_expelliarmus(encoding, path):
    events = Wizard(encoding=encoding).read(path)
    return None if events is None else [events[name] for name in ("t", "x", "y", "p")]


def read_evutils(_, path):
    events = EventReader(path).read_all()
    return [events.t, events.x, events.y, events.p]


def read_evutils_triggers(_, path):
    """Triggers as rows of t, id, 0 and value."""
    _, triggers = EventReader(path, ext_trigger=True).read_all()
    return [triggers.t, triggers.id, triggers.id * 0, triggers.p]


def read_faery(_, path):
    events = faery.events_stream_from_file(path).to_array()
    return [events[name] for name in ("t", "x", "y", "on")]


def read_evlib(_, path):
    import evlib

    events = evlib.load_events(path).collect()
    times = events["t"].dt.total_microseconds().to_numpy()
    return [times, *(events[name].to_numpy() for name in ("x", "y", "polarity"))]


READERS = {
    "evlib": read_evlib,
    "evutils": read_evutils,
    "evutils-triggers": read_evutils_triggers,
    "expelliarmus": read_expelliarmus,
    "faery": read_faery,
}


def read(peer, encoding, path):
    if peer == "evlib" and sys.version_info < (3, 11):
        return "needs Python 3.11"
    try:
        columns = READERS[peer](encoding, path)
    except Exception as error:
        print(f"{peer} refuses {path}: {error}", file=sys.stderr)
        return None
    if columns is None:
        return None
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [[t, x, y, int(p > 0)] for t, x, y, p in rows]


json.dump([read(*job) for job in json.load(sys.stdin)], sys.stdout)
