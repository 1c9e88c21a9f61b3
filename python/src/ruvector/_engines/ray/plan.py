"""How an estimator is learnt on workers, by its class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline

from ..._training import task_of
from ..._untyped import Estimator
from .boosting import fit_lightgbm, fit_xgboost
from .linear import fit_linear, last_step
from .network import fit_network
from .parts import FORESTS, PARTS, fit_part, fit_trees, fit_whole
from .worker import Loop

__all__ = ["Plan", "plan_fit"]

RayFramework = Literal["lightgbm", "torch", "xgboost"]


@dataclass(frozen=True)
class Plan:
    """One way to learn.

    Attributes
    ----------
    how : str
        As the manifest says it.
    loop : callable
        What each worker runs.
    framework : str or None
        Whose trainer of Ray sets the workers up; None when they need not talk.
    is_alone : bool
        True when one worker learns from all rows.
    is_copied : bool
        True when every worker reads all rows.
    is_shuffled : bool
        True when every worker needs rows of all times.
    holds_out : bool
        True when the newest rows are validated on.

    """

    how: str
    loop: Loop
    framework: RayFramework | None = None
    is_alone: bool = False
    is_copied: bool = False
    is_shuffled: bool = False
    holds_out: bool = False


_WHOLE = Plan("whole in one worker", fit_whole, is_alone=True)
_TREES = Plan("a share of the trees a worker, joined", fit_trees, is_copied=True)
_PARTS = Plan("one model a worker, joined", fit_part, is_shuffled=True)
_LINEAR = Plan("weights averaged after each epoch", fit_linear, is_shuffled=True)
_NETWORK = Plan("gradients averaged after each batch", fit_network, "torch", holds_out=True)
_XGBOOST = Plan("histograms added up over the workers", fit_xgboost, "xgboost")
_LIGHTGBM = Plan("histograms added up over the workers", fit_lightgbm, "lightgbm")


def plan_fit(model: Estimator, workers: int, *, fits: bool) -> Plan:
    """Choose how a prepared model is learnt.

    Parameters
    ----------
    model : estimator
        From ``prepare``.
    workers : int
        How many there are.
    fits : bool
        Whether each worker can hold all rows. Then what the workers do together is what a local fit
        does, and what cannot be done together without another result is done by one.

    """
    if task_of(model) != "classification":
        return _WHOLE
    names = _names(model)
    # By name: their modules are imported only when such a model is there.
    if "TorchClassifier" in names:
        return replace(_NETWORK, is_copied=fits)
    if "XGBClassifier" in names and not model.early_stopping_rounds:
        return replace(_XGBOOST, is_copied=fits)
    if "LGBMClassifier" in names:
        return replace(_LIGHTGBM, is_copied=fits)
    if workers == 1:
        return _WHOLE
    if isinstance(model, FORESTS) and not _keeps_more(model):
        return _TREES if fits else _PARTS
    is_divided = isinstance(last_step(model), SGDClassifier) or isinstance(model, PARTS)
    if fits or not is_divided or _keeps_more(model):
        return _WHOLE
    return _PARTS if isinstance(model, PARTS) else _LINEAR


def _keeps_more(model: Estimator) -> bool:
    """Tell of a model that is more than its parts: it goes on from another, or scores itself."""
    return any(getattr(model, name, False) for name in ("warm_start", "oob_score"))


def _names(model: Any) -> set[str]:  # noqa: ANN401
    if isinstance(model, Pipeline):
        return set()
    return {kind.__name__ for kind in type(model).__mro__}
