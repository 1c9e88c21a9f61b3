"""Search for the best estimator and its parameters; the leaderboard of what was tried.

Optuna is imported when a search begins, not before.
"""

from __future__ import annotations

from .leaderboard import Leaderboard, LeaderboardRow
from .search import search
from .search_result import SearchResult

__all__ = ["Leaderboard", "LeaderboardRow", "SearchResult", "search"]
