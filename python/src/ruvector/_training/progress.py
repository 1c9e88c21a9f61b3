"""How far a fit is: estimators report steps, callbacks hear of them, a run ties the two together.

Not the stages of a job (``ruvector.trainer``): the steps inside ``fit`` of one estimator.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from .._exceptions import DivergedError

__all__ = [
    "Callback",
    "StopTraining",
    "TrainingRun",
    "TrainingStep",
    "check_loss",
    "report",
    "training_run",
]


@dataclass(frozen=True)
class TrainingStep:
    """One step of a fit.

    Attributes
    ----------
    step : int
        Steps done: epochs, trees or iterations, as the estimator counts them.
    of : int or None
        How many there are at most; None when nobody knows.
    loss : float or None
        Training loss after the step.
    metrics : mapping
        Other figures by name, such as ``valid_loss``.
    seconds : float
        Since the fit began.
    eta_seconds : float or None
        Expected until the last step; None before the first one and without ``of``.

    """

    step: int
    of: int | None = None
    loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    eta_seconds: float | None = None


Callback = Callable[[TrainingStep], object]


class StopTraining(Exception):  # noqa: N818  it is no error, as StopIteration is none
    """Raised by a callback: end the fit now and keep what was fitted so far."""


class TrainingRun:
    """One fit: who is told, what was told last, and what a callback raised."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = tuple(callbacks)
        self.started = time.monotonic()
        self.last: TrainingStep | None = None
        self.raised: BaseException | None = None


_current: ContextVar[TrainingRun | None] = ContextVar("ruvector_training_run", default=None)


@contextmanager
def training_run(callbacks: Sequence[Callback]) -> Iterator[TrainingRun]:
    """Send what is reported inside the block to ``callbacks``, in their order."""
    run = TrainingRun(callbacks)
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)


def report(
    step: int,
    of: int | None = None,
    *,
    loss: float | None = None,
    metrics: Mapping[str, float] | None = None,
) -> None:
    """Tell the callbacks of the fit that runs here; outside of a fit nothing happens.

    Parameters
    ----------
    step : int
        Steps done.
    of : int, optional
        How many there are at most.
    loss : float, optional
        Training loss after the step.
    metrics : mapping, optional
        Other figures by name.

    Raises
    ------
    StopTraining
        A callback wants the fit to end early; the estimator keeps what it has.
    DivergedError
        The loss is NaN or infinite.
    Exception
        Whatever a callback raises, cancellation among it, ends the fit.

    """
    run = _current.get()
    if run is None:
        return
    if loss is not None:
        check_loss(loss, step)
    seconds = time.monotonic() - run.started
    told = TrainingStep(
        step=step,
        of=of,
        loss=None if loss is None else float(loss),
        metrics=dict(metrics or {}),
        seconds=seconds,
        eta_seconds=None if of is None or step <= 0 else seconds * max(of - step, 0) / step,
    )
    run.last = told
    try:
        for callback in run.callbacks:
            callback(told)
    except BaseException as error:
        run.raised = error
        raise


def check_loss(loss: float, step: int) -> None:
    """Refuse a loss that is NaN or infinite, with or without a run. Raises DivergedError."""
    if not math.isfinite(loss):
        raise DivergedError(
            f"Cannot go on fitting: the loss is {loss} after step {step}; lower the learning "
            "rate, scale the features, or look for infinite values in the data"
        )
