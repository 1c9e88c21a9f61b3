"""Training reports and other pictures as HTML out of plain figures: no script, no resource.

Figures come from ``_training``, ``_search`` and ``_client``; nothing here knows a model. What
draws is src/pictures, as everywhere in the product.
"""

from __future__ import annotations

from .pictures import draw
from .report import Report, build_report, render_card, render_leaderboard

__all__ = [
    "Report",
    "build_report",
    "draw",
    "render_card",
    "render_leaderboard",
]
