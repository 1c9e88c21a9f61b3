"""LightGBM and XGBoost: their names, how their trees are read and how their fits are watched.

A module of each, imported when the framework is first used; nothing here imports them.
"""

from __future__ import annotations

__all__: list[str] = []
