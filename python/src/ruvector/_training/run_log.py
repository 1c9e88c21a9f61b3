"""Log of training runs beside the registry: what is written, in a thread of its own.

A log never delays a fit and never loses one: what it cannot write is said in one warning.
"""

from __future__ import annotations

import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from .._exceptions import LoggerError
from .mlflow_writer import MlflowWriter
from .progress import TrainingStep
from .registry import require

__all__ = ["LoggerName", "RunLog", "RunLogWarning", "open_run"]

LoggerName = Literal["mlflow"]

#: The end of a run waits for what is still to be written, while something is: a store that is new
#: makes its tables first. One that is silent for this long is left alone.
_SILENCE_SECONDS = 30.0

RunWrite = Callable[[MlflowWriter], None]


class RunLogWarning(UserWarning):
    """A run could not be logged, or not all of it; the model is not touched by that."""


class RunLog:
    """One run. Every method returns at once; without a logger, none does anything.

    Attributes
    ----------
    run_id : str or None
        Of the run in the tracking store, once it is closed.

    """

    run_id: str | None = None

    def __init__(self, writer: MlflowWriter | None) -> None:
        self._writer = writer
        self._writes: queue.Queue[RunWrite | None] = queue.Queue()
        self._failure: Exception | None = None
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="ruvector-run-log", daemon=True)
        if writer is not None:
            self._thread.start()

    @property
    def is_on(self) -> bool:
        """True when somebody logs."""
        return self._writer is not None

    def log_step(self, step: TrainingStep) -> None:
        """Log loss and metrics of a step: a callback of a fit."""
        figures = {**({} if step.loss is None else {"loss": step.loss}), **step.metrics}
        if figures:
            self._put(lambda writer: writer.write_metrics(figures, step.step))

    def log_facts(self, facts: Mapping[str, Any]) -> None:
        """Log parameters, metrics and tags out of the facts of a model, named as in a manifest."""
        self._put(lambda writer: writer.write_facts(facts))

    def log_model(self, model: bytes, manifest: Mapping[str, Any]) -> None:
        """Log the ONNX model with its signature, and the manifest."""
        self._put(lambda writer: writer.write_model(model, manifest))

    def log_page(self, name: str, html: str) -> None:
        """Log a page as an artifact."""
        self._put(lambda writer: writer.write_text(name, html))

    def log_child(
        self, name: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> None:
        """Log a finished run below this one: a trial of a search."""
        self._put(lambda writer: writer.write_child(name, parameters, metrics))

    def log_tags(self, tags: Mapping[str, object]) -> None:
        """Log tags."""
        self._put(lambda writer: writer.write_tags(tags))

    def close(self, status: str) -> None:
        """Wait until all is written, not for long; warns about what is not."""
        if self._writer is None:
            return
        self._put(lambda writer: writer.end(status))
        self._writes.put(None)
        self._heard = time.monotonic()
        while self._thread.is_alive() and time.monotonic() - self._heard < _SILENCE_SECONDS:
            self._thread.join(0.1)
        self.run_id = self._writer.run_id
        state = str(self._failure) if self._failure else f"it is silent for {_SILENCE_SECONDS:g} s"
        if self._failure or self._thread.is_alive():
            warnings.warn(
                f"Cannot log the run to MLflow: {state}; the model is not touched by that. Look at "
                "the tracking URI (MLFLOW_TRACKING_URI) and log again with "
                'ruvector.deploy(result, name=..., activate=False, logger="mlflow")',
                RunLogWarning,
                stacklevel=2,
            )

    def _put(self, write: RunWrite) -> None:
        if self._writer is not None:
            self._writes.put(write)

    def _work(self) -> None:
        assert self._writer is not None
        try:
            self._writer.begin()
            while (write := self._writes.get()) is not None:
                self._heard = time.monotonic()
                write(self._writer)
        except Exception as error:  # a tracking store may fail in any way
            self._failure = error


@contextmanager
def open_run(
    logger: LoggerName | None, name: str, *, run_id: str | None = None
) -> Iterator[RunLog]:
    """Open a run for what happens inside the block; it fails when the block does.

    Parameters
    ----------
    logger : {"mlflow", None}
        None logs nothing.
    name : str
        Name of the run.
    run_id : str, optional
        A run to go on with.

    Raises
    ------
    LoggerError
        The logger is not known.
    MissingPackageError
        MLflow is not installed; the text has the line that installs it.

    """
    if logger not in (None, "mlflow"):
        raise LoggerError(
            f'Cannot log to "{logger}": it is not known; use "mlflow" or leave it out'
        )
    if logger is not None:
        require("mlflow", extra="mlflow", why="log to MLflow")
    run = RunLog(None if logger is None else MlflowWriter(name, run_id))
    try:
        yield run
    except BaseException as error:
        run.log_tags({"ruvector.error": f"{type(error).__name__}: {error}"})
        run.close("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    run.close("FINISHED")
