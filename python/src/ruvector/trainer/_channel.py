"""JSON lines from the trainer to the process that started it.

Message types: ``ready``, ``alive`` (every second, from a thread of its own), ``progress``,
``result`` and ``error``. The last of a job is ``result`` or ``error``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import BinaryIO

from .._untyped import JsonValue

__all__ = ["ALIVE_SECONDS", "Channel", "open_channel"]

ALIVE_SECONDS = 1.0


class Channel:
    """Writes messages; safe to use from several threads.

    Parameters
    ----------
    stream : binary file
        Where the lines go.

    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def send(self, kind: str, /, **fields: JsonValue) -> None:
        """Write one message and flush it. NaN and infinity are refused: JSON has neither."""
        line = json.dumps({"type": kind, **fields}, allow_nan=False, separators=(",", ":"))
        with self._lock:
            # The first newline ends a line that a signal cut short; empty lines mean nothing.
            self._stream.write(b"\n" + line.encode() + b"\n")
            self._stream.flush()

    def progress(self, stage: str, fraction: float, message: str, /, **figures: JsonValue) -> None:
        """Say which stage runs, how much of the whole is done (0–1), and what goes on.

        ``figures`` are those of a step of the fit: step, of, loss, metrics and etaSeconds.
        """
        self.send("progress", stage=stage, fraction=fraction, message=message, **figures)

    def start_heartbeat(self) -> None:
        """Say ``alive`` until closed. A long fit is no reason to be taken for dead."""
        threading.Thread(target=self._beat, name="ruvector-alive", daemon=True).start()

    def _beat(self) -> None:
        while not self._closed.wait(ALIVE_SECONDS):
            try:
                self.send("alive")
            except (OSError, ValueError):  # the parent is gone; the watcher of stdin ends us
                return

    def close(self) -> None:
        """Stop the heartbeat and close the stream."""
        self._closed.set()
        with self._lock:
            self._stream.close()


def open_channel() -> Channel:
    """Open the descriptor the parent gave; by hand, standard output, and prints go to the log."""
    given = os.environ.get("RUVECTOR_TRAINER_FD")
    descriptor = int(given) if given else os.dup(sys.stdout.fileno())
    # From here on a print() of any library is a log line.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Channel(os.fdopen(descriptor, "wb"))
