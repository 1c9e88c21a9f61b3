"""Search for the best estimator and its parameters; the leaderboard of what was tried.

Optuna is imported when a search begins, not before.
"""

from __future__ import annotations

from .job_fit import fit_or_search
from .leaderboard import Leaderboard, LeaderboardRow
from .search_result import SearchResult
from .searching import search

__all__ = ["Leaderboard", "LeaderboardRow", "SearchResult", "fit_or_search", "search"]
