"""How an estimator is learnt on workers, by its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline

from ..._training import task_of
from ..._untyped import Estimator
from .boosting import fit_lightgbm, fit_xgboost
from .linear import fit_linear, last_step
from .network import fit_network
from .parts import PARTS, fit_part, fit_whole
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
    is_shuffled : bool
        True when every worker needs rows of all times.
    holds_out : bool
        True when the newest rows are validated on.

    """

    how: str
    loop: Loop
    framework: RayFramework | None = None
    is_alone: bool = False
    is_shuffled: bool = False
    holds_out: bool = False


_WHOLE = Plan("whole in one worker", fit_whole, is_alone=True)
_PARTS = Plan("one model a worker, joined", fit_part, is_shuffled=True)
_LINEAR = Plan("weights averaged after each epoch", fit_linear, is_shuffled=True)
_NETWORK = Plan("gradients averaged after each batch", fit_network, "torch", holds_out=True)
_XGBOOST = Plan("histograms added up over the workers", fit_xgboost, "xgboost")
_LIGHTGBM = Plan("histograms added up over the workers", fit_lightgbm, "lightgbm")


def plan_fit(model: Estimator, workers: int) -> Plan:
    """Choose how a prepared model is learnt."""
    if workers == 1 and not _names(model) & {"XGBClassifier", "LGBMClassifier", "TorchClassifier"}:
        return _WHOLE
    if task_of(model) != "classification":
        return _WHOLE
    names = _names(model)
    # By name: their modules are imported only when such a model is there.
    if "TorchClassifier" in names:
        return _NETWORK
    if "XGBClassifier" in names and not model.early_stopping_rounds:
        return _XGBOOST
    if "LGBMClassifier" in names:
        return _LIGHTGBM
    if isinstance(last_step(model), SGDClassifier):
        return _LINEAR
    if isinstance(model, PARTS) and not _is_warm(model):
        return _PARTS
    return _WHOLE


def _is_warm(model: Estimator) -> bool:
    return bool(getattr(model, "warm_start", False))


def _names(model: Any) -> set[str]:  # noqa: ANN401
    if isinstance(model, Pipeline):
        return set()
    return {kind.__name__ for kind in type(model).__mro__}
