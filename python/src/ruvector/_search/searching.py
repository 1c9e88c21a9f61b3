"""Search for the best estimator and parameters, by Optuna, over folds in time order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .._exceptions import SearchError
from .._progress_bar import ProgressBar
from .._training import (
    Callback,
    LabelledDataset,
    LoggerName,
    RunLog,
    fit,
    log_result,
    open_run,
    score_key,
    sign_of,
)
from .candidates import common_task, take_candidates
from .folds import describe_gap, make_folds, smallest_gap_ms
from .leaderboard import Leaderboard
from .progress import SearchProgress
from .search_result import SearchResult
from .spaces import Space
from .study import open_study
from .trial_loop import TrialLoop
from .trial_run import TrialSettings

__all__ = ["SearchOptions", "search", "search_in_run"]

DEFAULT_TRIALS = 40
DEFAULT_FOLDS = 4


def search(
    estimators: Any,  # noqa: ANN401  a name, an estimator, several of them, or a mapping
    dataset: LabelledDataset,
    *,
    trials: int = DEFAULT_TRIALS,
    folds: int = DEFAULT_FOLDS,
    gap_ms: float | None = None,
    timeout_seconds: float | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    spaces: Mapping[str, Space] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    storage: str | os.PathLike[str] | None = None,
    logger: LoggerName | None = None,
    progress: bool | None = None,
) -> SearchResult:
    """Search for the best estimator and parameters.

    Every trial is fitted on the past and scored on what came later, in several folds of the train
    split; the test split is never read until the best model is measured on it, once. Each estimator
    is tried with its defaults first.

    Parameters
    ----------
    estimators : str, estimator, list of them, or mapping of names to them
        What :func:`ruvector.fit` takes; all of one task.
    dataset : LabelledDataset
        From ``client.dataset()``.
    trials : int, default 40
        How many are made, those of an earlier run in ``storage`` counted.
    folds : int, default 4
        Parts of the train split that are validated on.
    gap_ms : float, optional
        Left out between the rows of a fold that are trained on and those it is validated on. By
        default, and at least, the horizon of the labels and what the features look back.
    timeout_seconds : float, optional
        After that long, what is complete has to do; one trial always is.
    seed : int, default 0
        Of the search and of the estimators: the same seed on the same data gives the same result,
        unless time ends it.
    callbacks : sequence of callable, default ()
        Each is called with a :class:`ruvector.trainers.TrainingStep` that counts trials, several
        times a second. One that raises :class:`ruvector.trainers.StopTraining` ends the search with
        the trials that are complete; anything else it raises ends it for good.
    spaces : mapping of str to callable, optional
        What is tried, by name of the estimator: ``{"sklearn.SVC": lambda trial: {"C":
        trial.suggest_float("C", 0.1, 10, log=True)}}``. Others have a space of ours.
    sample_weight : {"balanced", None}, default "balanced"
        See :func:`ruvector.fit`.
    storage : path, optional
        A file that keeps every trial (Optuna's journal). A search that was interrupted goes on from
        it, with the trials that are left.
    logger : {"mlflow", None}, default None
        See :func:`ruvector.fit`. The best model is one run, every complete trial a run below it.
    progress : bool, optional
        Draw a bar over the trials. By default on a terminal and in a notebook.

    Returns
    -------
    SearchResult
        ``best``, ``leaderboard``, and why trials failed.

    Raises
    ------
    MissingPackageError
        Optuna is not installed; the text has the line that installs it.
    SearchError
        Options or data cannot be searched with, or no trial was complete.

    Examples
    --------
    >>> found = ruvector.search(
    ...     ["sklearn.RandomForestClassifier", "lightgbm.LGBMClassifier"], dataset, trials=30
    ... )  # doctest: +SKIP
    >>> found.leaderboard  # doctest: +SKIP
    >>> ruvector.deploy(found.best, name="memopt")  # doctest: +SKIP

    """
    bar = ProgressBar("search", progress, unit="trial")
    options = SearchOptions(
        trials=trials,
        folds=folds,
        gap_ms=gap_ms,
        timeout_seconds=timeout_seconds,
        seed=seed,
        callbacks=(*callbacks, bar),
        spaces=spaces or {},
        sample_weight=sample_weight,
        storage=storage,
    )
    with bar, open_run(logger, "search") as run:
        found = search_in_run(run, estimators, dataset, options)
        log_result(run, found.best)
        run.log_page("leaderboard.html", found.leaderboard._repr_html_())
    return replace(found, best=replace(found.best, run_id=run.run_id))


@dataclass(frozen=True)
class SearchOptions:
    """Options of :func:`search`, by their names there."""

    trials: int = DEFAULT_TRIALS
    folds: int = DEFAULT_FOLDS
    gap_ms: float | None = None
    timeout_seconds: float | None = None
    seed: int = 0
    callbacks: Sequence[Callback] = ()
    spaces: Mapping[str, Space] = field(default_factory=dict)
    sample_weight: Literal["balanced"] | None = "balanced"
    storage: str | os.PathLike[str] | None = None


def search_in_run(
    run: RunLog,
    estimators: Any,  # noqa: ANN401
    dataset: LabelledDataset,
    options: SearchOptions,
) -> SearchResult:
    """Search as :func:`search` does, in a run that the caller closes."""
    _check_options(options)
    candidates = take_candidates(estimators, options.spaces)
    gap = _choose_gap(dataset, options.gap_ms)
    task = common_task(candidates)
    key, is_error = score_key(task), sign_of(task) < 0
    folds = make_folds(dataset, options.folds, gap, task)
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
    loop.run(options.trials)
    candidate, parameters = loop.best(is_error=is_error)
    best = fit(
        candidate.estimator,
        dataset,
        parameters=parameters,
        sample_weight=options.sample_weight,
        callbacks=[progress.watch_refit, run.log_step],
        seed=options.seed,
        progress=False,
    )
    told = describe_gap(dataset, gap)
    note = _describe(len(folds), told, loop.counts(), key, best.metrics[key])
    rows = [*loop.model_rows(), *loop.rule_rows()]
    board = Leaderboard(rows, score=key, is_error=is_error, note=note)
    return SearchResult(best, board, loop.counts(), loop.failures(), gap)


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


def _choose_gap(dataset: LabelledDataset, gap_ms: float | None) -> float:
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
