"""What :func:`ruvector.search` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._report import Report
from .._training import FitResult
from .leaderboard import Leaderboard

__all__ = ["SearchResult"]


@dataclass(frozen=True)
class SearchResult:
    """The best model of a search, and all that was tried.

    Attributes
    ----------
    best : FitResult
        The best of the folds, fitted again on the whole train split and measured once on the test
        split, which the search never saw. Its score there is the one to report: the best of many
        trials looks better on the folds than it is.
    leaderboard : Leaderboard
        Models and rules by their mean score over the folds.
    trials : mapping of str to int
        How many trials were ``complete``, ``pruned`` and ``failed``.
    failures : tuple of str
        Why trials failed, each reason once.
    gap_ms : float
        Between the rows a fold is trained on and those it is validated on.

    """

    best: FitResult
    leaderboard: Leaderboard
    trials: Mapping[str, int]
    failures: tuple[str, ...]
    gap_ms: float

    def report(self, name: str = "model") -> Report:
        """Build the training report of the best model, with the leaderboard."""
        return self.best.report(name, leaderboard=self.leaderboard.to_html())

    def to_json(self) -> dict[str, Any]:
        """Everything but the model, JSON-safe."""
        return {
            "score": self.leaderboard.score,
            "note": self.leaderboard.note,
            "trials": dict(self.trials),
            "failures": list(self.failures),
            "gapMs": self.gap_ms,
            "leaderboard": self.leaderboard.to_json(),
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.trials.items())
        return f"SearchResult({counts})\n{self.leaderboard!r}"

    def _repr_html_(self) -> str:
        return str(self.report()._repr_html_())
