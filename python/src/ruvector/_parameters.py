"""Parameters of a request: what was not given is left out, for the daemon has the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["without_none"]


def without_none(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given."""
    return {name: value for name, value in parameters.items() if value is not None}
