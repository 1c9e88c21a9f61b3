"""How far a search is, told to its callbacks; also while one long fit of a fold goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .._training import Callback, StopTraining, TrainingStep

__all__ = ["SearchProgress", "SearchStopped"]

_TELL_EVERY_SECONDS = 0.2


class SearchStopped(Exception):  # noqa: N818  it is no error: a callback or the time asked for it
    """Ends the search with the trials that are complete. Estimators do not catch it."""


class SearchProgress:
    """Tells callbacks of trials, and ends a search whose time is over.

    Parameters
    ----------
    callbacks : sequence of callable
        Called with a TrainingStep; ``step`` counts trials.
    trials : int
        How many there are at most.
    timeout_seconds : float or None
        After that long, the trials that are complete have to do.

    """

    def __init__(
        self, callbacks: Sequence[Callback], trials: int, timeout_seconds: float | None
    ) -> None:
        self._callbacks = tuple(callbacks)
        self._started = time.monotonic()
        self._told = 0.0
        self._of = trials
        self._timeout = timeout_seconds
        self._metrics: dict[str, float] = {}
        self.resumed = 0
        self.done = 0
        self.has_result = False
        self.raised: Exception | None = None

    def tell(self, **metrics: float) -> None:
        """Say that a fold or a trial ended; figures stay until they are told anew."""
        self._metrics.update(metrics)
        self._send()

    def watch(self, _step: TrainingStep) -> None:
        """Listen to the fit of a fold: a callback can end the search in the middle of it."""
        if time.monotonic() - self._told >= _TELL_EVERY_SECONDS:
            self._send()

    def watch_refit(self, step: TrainingStep) -> None:
        """Listen to the last fit: callbacks may still cancel it, and nothing ends it early."""
        try:
            self.watch(step)
        except SearchStopped:
            return

    def _send(self) -> None:
        seconds = time.monotonic() - self._started
        self._told = time.monotonic()
        own = self.done - self.resumed
        left = seconds / own * (self._of - self.done) if own > 0 else None
        if left is not None and self._timeout is not None:
            left = min(left, max(0.0, self._timeout - seconds))
        step = TrainingStep(self.done, self._of, None, dict(self._metrics), seconds, left)
        try:
            for callback in self._callbacks:
                callback(step)
        except StopTraining as stop:
            raise SearchStopped("a callback has seen enough") from stop
        except Exception as error:
            self.raised = error  # it ends the search, where that of an estimator ends a trial
            raise
        if self._timeout is not None and seconds > self._timeout and self.has_result:
            raise SearchStopped(f"{self._timeout:g} seconds are over")
