"""Figures and names as text of a page: escaped, rounded, with their unit and a real minus sign."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["ReportFacts", "escape", "figure", "interval_text", "name_of_rule", "signed", "whole"]

ReportFacts = Mapping[str, Any]
"""Plain figures, named as in a manifest."""

#: Rules in words, as the demo's report and the daemon's gate call them.
_RULE_NAMES: Mapping[str, str] = {
    "majority": "always the most frequent label",
    "usageThreshold": "a threshold on used memory",
    "persistence": "persistence (the last seconds go on)",
    "trend": "the trend of the last seconds",
}


def escape(value: object) -> str:
    """Text of a value that may stand in HTML and in attributes."""
    return html.escape(str(value))


def name_of_rule(key: str) -> str:
    """Words for a baseline; its own name when there are none."""
    return _RULE_NAMES.get(key, key)


def figure(value: float | None) -> str:
    """Three decimals, or three significant digits above 10; a dash for what is unknown."""
    if value is None or not math.isfinite(value):
        return "–"
    decimals = 3 if abs(value) < 10 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Figure with its sign, zero without one."""
    text = figure(value)
    return f"+{text}" if value is not None and value > 0 else text


def whole(value: float) -> str:
    """Count with thousands apart."""
    return f"{value:,.0f}".replace("-", "−")


def interval_text(interval: Sequence[Any] | None, *, sign: bool = False) -> str:
    """``0.71 to 0.82``; empty when it is not known."""
    if interval is None or len(interval) != 2:
        return ""
    write = signed if sign else figure
    return f"{write(interval[0])} to {write(interval[1])}"
