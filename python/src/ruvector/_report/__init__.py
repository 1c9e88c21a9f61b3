"""Training reports as HTML out of plain figures: no script, no external resource, light and dark.

Figures come from ``_training`` and ``_search``; nothing here knows a model.
"""

from __future__ import annotations

from .report import Report, build_report, render_fragment, render_leaderboard
from .text import interval_text, name_of_rule

__all__ = [
    "Report",
    "build_report",
    "interval_text",
    "name_of_rule",
    "render_fragment",
    "render_leaderboard",
]
