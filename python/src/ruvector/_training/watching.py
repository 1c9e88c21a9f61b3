"""Hear of the steps of a fit whose framework takes callbacks: boosting, in a pipeline too.

scikit-learn's networks report by themselves (``swapped_classes``), ``EpochTrainer`` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.pipeline import Pipeline

from .._untyped import Estimator
from .progress import StopTraining, report

__all__ = ["Watcher", "register_watcher", "watch"]

Watcher = Callable[[Estimator], AbstractContextManager[dict[str, Any]]]

_watchers: dict[type, Watcher] = {}


def register_watcher(kind: type, watcher: Watcher) -> None:
    """Say how fits of a class are watched: a context that gives arguments for its ``fit``."""
    _watchers[kind] = watcher


@contextmanager
def watch(model: Estimator) -> Iterator[dict[str, Any]]:
    """Give the arguments of ``model.fit`` that make it report."""
    prefix, watched = "", model
    while isinstance(watched, Pipeline):
        prefix += f"{watched.steps[-1][0]}__"
        watched = watched.steps[-1][1]
    with _find(watched)(watched) as arguments:
        yield {f"{prefix}{name}": value for name, value in arguments.items()}


def _find(model: Estimator) -> Watcher:
    found = next((_watchers[kind] for kind in type(model).__mro__ if kind in _watchers), None)
    return found or (lambda _model: nullcontext({}))


@contextmanager
def _watch_gradient_boosting(model: Estimator) -> Iterator[dict[str, Any]]:
    def monitor(index: int, boosting: Estimator, _locals: dict[str, Any]) -> bool:
        try:
            loss = float(boosting.train_score_[index])
            report(index + 1, boosting.n_estimators, loss=loss)
        except StopTraining:
            return True
        return False

    yield {"monitor": monitor}


for _kind in (GradientBoostingClassifier, GradientBoostingRegressor):
    register_watcher(_kind, _watch_gradient_boosting)
