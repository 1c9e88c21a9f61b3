"""Options of the engines, as keyword arguments of ``fit`` and ``search``: checked all at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from .._exceptions import EngineOptionsError

__all__ = ["FlowerOptions", "RayOptions", "read_options"]

_Options = TypeVar("_Options")


@dataclass(frozen=True)
class RayOptions:
    """Options of ``engine="ray"``, by their names there; see :func:`ruvector.fit`."""

    address: str | None = None
    workers: int = 2
    checkpoints: str | None = None
    endpoint_url: str | None = None
    max_failures: int = 3
    checkpoint_seconds: float = 10.0
    cache_bytes: int = 256 << 20
    object_store_bytes: int = 256 << 20


@dataclass(frozen=True)
class FlowerOptions:
    """Options of ``engine="flower"``, by their names there; see :func:`ruvector.fit`."""

    address: str | None = None
    root_certificates: str | None = None
    hosts: int = 3
    rounds: int = 5
    strategy: str | None = None
    proximal_mu: float = 0.1
    trim: float = 0.2
    noise_multiplier: float | None = None
    clipping_norm: float = 1.0
    delta: float = 1e-5
    local_epochs: int | None = None
    round_seconds: float = 600.0
    endpoint_url: str | None = None


_STRATEGIES = ("fedavg", "fedprox", "fedtrimmedavg", "fedxgbbagging")


_Rule = tuple[str, Callable[[Any], bool]]


def _whole(low: int) -> _Rule:
    return f"a whole number from {low} on", lambda value: type(value) is int and value >= low


def _number(low: float, high: float = float("inf")) -> _Rule:
    told = f"a number above {low:g}" + (f" and below {high:g}" if high < float("inf") else "")
    return told, lambda value: type(value) in (int, float) and low < value < high


_TEXT: _Rule = ("a text", lambda value: isinstance(value, str) and value != "")
_RULES: Mapping[str, _Rule] = {
    "address": _TEXT,
    "root_certificates": _TEXT,
    "checkpoints": _TEXT,
    "endpoint_url": _TEXT,
    "workers": _whole(1),
    "max_failures": _whole(0),
    "checkpoint_seconds": _number(0),
    "cache_bytes": _whole(0),
    "object_store_bytes": _whole(80 << 20),
    "hosts": _whole(2),
    "rounds": _whole(1),
    "strategy": (f"one of {', '.join(_STRATEGIES)}", lambda value: value in _STRATEGIES),
    "proximal_mu": _number(0),
    "trim": _number(0, 0.5),
    "noise_multiplier": _number(0),
    "clipping_norm": _number(0),
    "delta": _number(0, 1),
    "local_epochs": _whole(1),
    "round_seconds": _number(0),
}


def read_options(kind: type[_Options], engine: str, given: Mapping[str, Any]) -> _Options:
    """Make the options of an engine.

    Raises
    ------
    EngineOptionsError
        Some are not known or cannot be used; the text names all of them.

    """
    known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    problems = []
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(
                f'it has no "{name}"' + (f' (did you mean "{near[0]}"?)' if near else "")
            )
        elif value is not None and not _RULES[name][1](value):
            problems.append(f"{name} is {value!r}, wanted {_RULES[name][0]}")
    if problems:
        raise EngineOptionsError(
            f'Cannot use engine "{engine}": {"; ".join(problems)}; it has {", ".join(known)}'
        )
    return kind(**{name: value for name, value in given.items() if value is not None})
