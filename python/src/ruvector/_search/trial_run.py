"""One trial: an estimator with parameters over all folds, pruned when it falls behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._training import Callback, FitResult, FoldScore, fit_here, measure_cost, score_fold
from .._untyped import Estimator
from .candidates import Candidate
from .folds import FoldDataset
from .progress import SearchProgress
from .study import Trial

__all__ = ["FoldRules", "Pruned", "TrialSettings", "interval_of_mean", "run_trial", "score_folds"]

FoldRules = dict[str, list[tuple[float, NDArray[np.float64]]]]


class Pruned(Exception):  # noqa: N818  it is no error
    """The trial is behind others at the same fold."""


@dataclass(frozen=True)
class TrialSettings:
    """What all trials share.

    Attributes
    ----------
    folds : sequence of FoldDataset
    sample_weight : {"balanced", None}
    seed : int

    """

    folds: Sequence[FoldDataset]
    sample_weight: Literal["balanced"] | None
    seed: int


def run_trial(
    trial: Trial,
    candidate: Candidate,
    parameters: Mapping[str, Any],
    settings: TrialSettings,
    progress: SearchProgress,
) -> tuple[dict[str, Any], FoldRules]:
    """Fit and score on each fold; returns what the leaderboard says of it, and of the rules.

    Raises
    ------
    Pruned
        It is behind.
    RuvectorError, ValueError, ...
        It cannot be fitted or exported with these parameters.

    """

    def hear(number: int, mean: float) -> None:
        trial.report(mean, number)
        progress.tell(fold=number + 1, score=mean)
        if number + 1 < len(settings.folds) and trial.should_prune():
            raise Pruned

    return score_folds(candidate.estimator, parameters, settings, [progress.watch], hear)


def score_folds(
    estimator: Estimator,
    parameters: Mapping[str, Any],
    settings: TrialSettings,
    callbacks: Sequence[Callback],
    hear: Callable[[int, float], None],
) -> tuple[dict[str, Any], FoldRules]:
    """Fit and score on each fold, as :func:`run_trial` says.

    Parameters
    ----------
    estimator, parameters
        Of the trial.
    settings : TrialSettings
        Folds, weights and seed.
    callbacks : sequence of callable
        Hear of the steps of each fit.
    hear : callable
        Called with the number of a fold and the mean score so far; what it raises ends the trial.

    """
    scored: list[FoldScore] = []
    seconds = []
    for number, fold in enumerate(settings.folds):
        result: FitResult = fit_here(
            estimator,
            fold,
            parameters=parameters,
            sample_weight=settings.sample_weight,
            callbacks=callbacks,
            seed=settings.seed,
        )
        scored.append(score_fold(result, number))
        seconds.append(result.fit_seconds)
        mean = float(np.mean([each.score for each in scored]))
        hear(number, mean)
    cost = measure_cost(result)
    rules: FoldRules = {}
    for each in scored:
        for name, held in each.rules.items():
            rules.setdefault(name, []).append(held)
    return {
        "score": mean,
        "interval": interval_of_mean([each.draws for each in scored]),
        "fold_scores": [each.score for each in scored],
        "fit_seconds": float(np.mean(seconds)),
        "decision_us": cost.decision_us,
        "size_bytes": cost.size_bytes,
    }, rules


def interval_of_mean(draws: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """95 % of the mean over folds, each drawn by itself."""
    low, high = np.nanquantile(np.mean(draws, axis=0), (0.025, 0.975))
    return float(low), float(high)
