"""The trials of a search in Optuna, kept in a file when one is given and taken up from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._exceptions import SearchError
from .._training import require

__all__ = ["Study", "Trial", "ask", "finished_trials", "open_study"]

Study = Any
"""An optuna.Study."""

Trial = Any
"""A trial of Optuna, running or frozen."""

_NAME = "ruvector"
_IDENTITY = "ruvector"
_STARTUP_TRIALS = 8


def open_study(
    storage: str | os.PathLike[str] | None, identity: Mapping[str, Any], *, is_error: bool
) -> Study:
    """Open the study of a file, or one in memory.

    Parameters
    ----------
    storage : path or None
        A journal of Optuna; made when it is not there.
    identity : mapping
        What makes trials comparable: data set, folds, estimators, seed. JSON-safe.
    is_error : bool
        True when a lower score is better.

    Raises
    ------
    MissingPackageError
        Optuna is not installed.
    SearchError
        The file holds a search over something else.

    """
    require("optuna", extra="search", why="search for parameters")
    import optuna
    from optuna.storages import InMemoryStorage, JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kept = (
        InMemoryStorage()
        if storage is None
        else JournalStorage(JournalFileBackend(os.fspath(storage)))
    )
    study = optuna.create_study(
        study_name=_NAME,
        storage=kept,
        direction="minimize" if is_error else "maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=0),
        load_if_exists=True,
    )
    held = study.user_attrs.get(_IDENTITY)
    if held is None:
        study.set_user_attr(_IDENTITY, dict(identity))
    elif held != dict(identity):
        other = [key for key, value in identity.items() if held.get(key) != value]
        raise SearchError(
            f'Cannot resume the search in "{os.fspath(storage or "")}": it was made with another '
            f"{', '.join(other)}; pass what it was made with, or another file"
        )
    _end_interrupted(study)
    return study


def _end_interrupted(study: Study) -> None:
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def finished_trials(study: Study) -> list[Trial]:
    """Trials that ran to their end, whichever it was; not those of a run that was interrupted."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.is_finished()
        and (trial.state.name != "FAIL" or "failure" in trial.user_attrs)
    ]


def ask(study: Study, seed: int, finished: int) -> Trial:
    """Begin a trial whose draws follow from the seed and from what is finished alone."""
    import optuna

    study.sampler = optuna.samplers.TPESampler(
        seed=(seed * 1_000_003 + finished) % 2**32, n_startup_trials=_STARTUP_TRIALS
    )
    return study.ask()
