"""Search for the best estimator and parameters, by Optuna, over folds in time order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .._exceptions import SearchError
from .._training import (
    Callback,
    DescribedDataset,
    FitResult,
    LabelledDataset,
    RunLog,
    Task,
    fit_here,
    score_key,
    sign_of,
)
from .._untyped import Estimator
from .candidates import common_task, take_candidates
from .folds import describe_gap, make_folds, smallest_gap_ms
from .leaderboard import Leaderboard
from .progress import SearchProgress
from .search_result import SearchResult
from .spaces import Space
from .study import open_study
from .trial_loop import TrialLoop
from .trial_run import TrialSettings

__all__ = ["SearchOptions", "Setup", "TrialRunner", "search_in_run"]

DEFAULT_TRIALS = 40
DEFAULT_FOLDS = 4


@dataclass(frozen=True)
class SearchOptions:
    """Options of :func:`ruvector.search`, by their names there."""

    trials: int = DEFAULT_TRIALS
    folds: int = DEFAULT_FOLDS
    gap_ms: float | None = None
    timeout_seconds: float | None = None
    seed: int = 0
    callbacks: Sequence[Callback] = ()
    spaces: Mapping[str, Space] = field(default_factory=dict)
    sample_weight: Literal["balanced"] | None = "balanced"
    storage: str | os.PathLike[str] | None = None


@dataclass(frozen=True)
class Setup:
    """A search that is ready: what runs its trials elsewhere needs to know."""

    loop: TrialLoop
    progress: SearchProgress
    gap_ms: float
    task: Task
    is_error: bool


class TrialRunner(Protocol):
    """Runs the trials of a search somewhere else, and the last fit as well."""

    def run_trials(self, setup: Setup, trials: int) -> None:
        """Run trials until there are so many."""

    def fit(
        self, estimator: Estimator, parameters: Mapping[str, Any], callbacks: Sequence[Callback]
    ) -> FitResult:
        """Fit the best on the whole train split."""


def search_in_run(
    run: RunLog,
    estimators: Any,  # noqa: ANN401
    dataset: DescribedDataset,
    options: SearchOptions,
    runner: TrialRunner | None = None,
) -> SearchResult:
    """Search as :func:`ruvector.search` does, in a run that the caller closes.

    With a ``runner`` no row of the data set is read here.
    """
    _check_options(options)
    candidates = take_candidates(estimators, options.spaces)
    gap = _choose_gap(dataset, options.gap_ms)
    task = common_task(candidates)
    key, is_error = score_key(task), sign_of(task) < 0
    folds = () if runner is not None else make_folds(_here(dataset), options.folds, gap, task)
    identity = {
        "data set": dataset.sha256,
        "estimators": [each.name for each in candidates],
        "folds": options.folds,
        "gap_ms": gap,
        "seed": options.seed,
        "sample_weight": options.sample_weight,
    }
    study = open_study(options.storage, identity, is_error=is_error)
    progress = SearchProgress(options.callbacks, options.trials, options.timeout_seconds)
    settings = TrialSettings(folds, options.sample_weight, options.seed)
    loop = TrialLoop(study, candidates, settings, progress, run)
    callbacks = [progress.watch_refit, run.log_step]
    if runner is not None:
        setup = Setup(loop, progress, gap, task, is_error)
        loop.run(options.trials, lambda trials: runner.run_trials(setup, trials))
        candidate, parameters = loop.best(is_error=is_error)
        best = runner.fit(candidate.estimator, parameters, callbacks)
    else:
        loop.run(options.trials)
        candidate, parameters = loop.best(is_error=is_error)
        best = fit_here(
            candidate.estimator,
            _here(dataset),
            parameters=parameters,
            sample_weight=options.sample_weight,
            callbacks=callbacks,
            seed=options.seed,
        )
    told = f"{gap / 1000:g} s" if runner is not None else describe_gap(_here(dataset), gap)
    note = _describe(len(folds) or options.folds, told, loop.counts(), key, best.metrics[key])
    rows = [*loop.model_rows(), *loop.rule_rows()]
    board = Leaderboard(rows, score=key, is_error=is_error, note=note)
    return SearchResult(best, board, loop.counts(), loop.failures(), gap)


def _here(dataset: Any) -> LabelledDataset:  # noqa: ANN401
    """Take a data set whose rows are read here."""
    found: LabelledDataset = dataset
    return found


def _check_options(options: SearchOptions) -> None:
    problems = [
        f"{name} is {value}, wanted a whole number from {low} on"
        for name, value, low in (("trials", options.trials, 1), ("folds", options.folds, 2))
        if not isinstance(value, int) or value < low
    ]
    timeout = options.timeout_seconds
    if timeout is not None and not timeout > 0:
        problems.append(f"timeout_seconds is {timeout}, wanted a positive number")
    if problems:
        raise SearchError(f"Cannot search for parameters: {'; '.join(problems)}")


def _choose_gap(dataset: DescribedDataset, gap_ms: float | None) -> float:
    least = smallest_gap_ms(dataset)
    if gap_ms is not None and gap_ms < least:
        raise SearchError(
            f"Cannot search with gap_ms {gap_ms:g}: labels look ahead and features back by "
            f"{least:g} ms together, and rows nearer than that tell of each other; use {least:g} "
            "or more, or leave it out"
        )
    return least if gap_ms is None else float(gap_ms)


def _describe(folds: int, gap: str, counts: Mapping[str, int], key: str, test: float) -> str:
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return (
        f"Trials: {told}. Scores are means over {folds} folds in time order, with a gap of {gap}. "
        f"The best of many looks better there than it is: what it is worth is "
        f"its {key} on the test split, which no trial has seen: {test:.3f}."
    )
