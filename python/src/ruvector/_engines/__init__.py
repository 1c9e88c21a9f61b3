"""Where a fit or a search runs: in this process, on Ray, or on hosts that keep their data."""

from __future__ import annotations

from .dispatch import fit, search

__all__ = ["fit", "search"]
