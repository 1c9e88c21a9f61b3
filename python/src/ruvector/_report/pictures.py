"""Calls of the product's pictures: the live page, notebooks and Python share one piece of code.

It is JavaScript, bundled in ``pictures.js`` from src/pictures, and runs in an engine within this
process (quickjs-ng) that has no files, no sockets and no clock: data goes in as JSON, HTML or text
comes out. No daemon and no Node is asked, and nothing of it remains in what it drew.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["draw"]

_BUNDLE = Path(__file__).with_name("pictures.js")
#: Joined, because the binding cannot take a text that the engine still holds in pieces.
_CALL = 'globalThis.draw = (name, args) => [pictures[name](...JSON.parse(args))].join("")'


class _Engine(threading.local):
    """One a thread, started when the first picture is drawn: the engine serves the one it is of."""

    def __init__(self) -> None:
        # A library of C; who draws nothing does without.
        import quickjs

        # Held as well: the function does not keep its context.
        self.context = quickjs.Context()
        self.context.eval(_BUNDLE.read_text("utf-8"))
        self.context.eval(_CALL)
        self.call = self.context.get("draw")


_engine: _Engine | None = None


def draw(name: str, *args: object) -> str:
    """Call a function of src/pictures; what JSON has no word for is written as text."""
    global _engine
    if _engine is None:
        _engine = _Engine()
    return str(_engine.call(name, json.dumps(_plain(args), default=str)))


def _plain(value: object) -> Any:  # noqa: ANN401  any JSON value
    """Replace figures that are none: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value
