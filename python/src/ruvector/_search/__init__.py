"""Search for the best estimator and its parameters; the leaderboard of what was tried.

Optuna is imported when a search begins, not before.
"""

from __future__ import annotations

from .folds import make_folds
from .job_fit import fit_or_search
from .leaderboard import Leaderboard, LeaderboardRow
from .progress import SearchStopped
from .search_result import SearchResult
from .searching import SearchOptions, Setup, TrialRunner, search_in_run
from .spaces import Space
from .trial_loop import FirstTrialsRunning
from .trial_run import TrialSettings, score_folds

__all__ = [
    "FirstTrialsRunning",
    "Leaderboard",
    "LeaderboardRow",
    "SearchOptions",
    "SearchResult",
    "SearchStopped",
    "Setup",
    "Space",
    "TrialRunner",
    "TrialSettings",
    "fit_or_search",
    "make_folds",
    "score_folds",
    "search_in_run",
]
