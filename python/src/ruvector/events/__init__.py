"""Recordings of event cameras as Arrow tables, read by the same core as ``ruvector-memopt events``.

>>> import ruvector
>>> table = ruvector.events.load("recording.raw")  # doctest: +SKIP
>>> table.schema.names  # doctest: +SKIP
['t', 'x', 'y', 'p']
"""

from __future__ import annotations

from .recording import batches, info, load, triggers

__all__ = ["batches", "info", "load", "triggers"]
