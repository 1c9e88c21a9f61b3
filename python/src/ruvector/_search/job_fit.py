"""The fit of a trainer's job: with the given parameters, or after a search for better ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._training import (
    Callback,
    FitResult,
    LabelledDataset,
    RunLog,
    create_estimator,
    fit_here,
)
from .searching import SearchOptions, search_in_run

__all__ = ["fit_or_search"]


def fit_or_search(
    estimator: str,
    dataset: LabelledDataset,
    *,
    parameters: Mapping[str, Any],
    sample_weight: Literal["balanced"] | None,
    seed: int,
    search: Mapping[str, Any] | None,
    callbacks: Sequence[Callback],
    run: RunLog,
) -> tuple[FitResult, dict[str, Any] | None]:
    """Fit one estimator by name.

    Parameters
    ----------
    estimator : str
        See :func:`ruvector.fit`.
    dataset : LabelledDataset
        What it is fitted on.
    parameters : mapping
        Of the estimator. A search starts from them and keeps those that it does not try.
    sample_weight, seed, callbacks
        See :func:`ruvector.fit`.
    search : mapping or None
        ``trials``, ``folds``, ``gap_ms`` and ``timeout_seconds`` of :func:`ruvector.search`, each
        only when it was given; None fits once.
    run : RunLog
        Where steps and trials are logged; the caller logs the result.

    Returns
    -------
    (FitResult, dict or None)
        The model, and what the search found, JSON-safe: counts, note and leaderboard.

    """
    if search is None:
        result = fit_here(
            estimator,
            dataset,
            parameters=parameters,
            sample_weight=sample_weight,
            callbacks=[*callbacks, run.log_step],
            seed=seed,
        )
        return result, None
    start = create_estimator(estimator, parameters, seed=seed) if parameters else estimator
    options = SearchOptions(seed=seed, callbacks=callbacks, sample_weight=sample_weight, **search)
    found = search_in_run(run, {estimator: start}, dataset, options)
    return found.best, found.to_json()
