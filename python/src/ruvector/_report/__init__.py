"""Training reports as HTML out of plain figures: no script, no external resource, light and dark.

Figures come from ``_training``, ``_search`` and ``_client``; nothing here knows a model.
"""

from __future__ import annotations

from .plots import draw_bars
from .report import Report, build_report, render_fragment, render_leaderboard
from .tables import facts_table, folded, rows_table
from .text import escape, interval_text, name_of_rule

__all__ = [
    "Report",
    "build_report",
    "draw_bars",
    "escape",
    "facts_table",
    "folded",
    "interval_text",
    "name_of_rule",
    "render_fragment",
    "render_leaderboard",
    "rows_table",
]
