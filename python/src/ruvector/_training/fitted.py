"""A fitted model with its scores, as the export takes it. With a report it is ``fit_result``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._untyped import Estimator
from .assessment import AssessedModel, assess
from .held_out import HeldOutRows
from .labelled_dataset import DatasetIdentity
from .progress import TrainingStep
from .tasks import Task

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """A fitted model and what it is worth.

    Attributes
    ----------
    model : estimator
        The fitted scikit-learn estimator.
    estimator : str
        Its public import path.
    parameters : dict
        Its parameters, JSON-safe.
    sample_weight : str or None
        ``"balanced"`` when rows were weighted by their class.
    feature_names : tuple of str
        Names of the input columns, in order.
    labels : tuple of str
        All label names.
    classes : tuple of int
        Label index of each probability column; a class never seen in training is absent.
    metrics : dict
        macroF1 with its 95 % ``interval``, accuracy, perClass, confusionMatrix over the test split,
        and ``baseline`` with score and interval of the majority class, a usage threshold and
        persistence.
    fit_seconds : float
        Duration of the fit alone.
    fit_returned_monotonic_ns : int
        ``time.monotonic_ns()`` right after the fit returned.
    class_counts : dict
        Rows of each label in the whole data set, by label name.
    dataset : DatasetIdentity
        What it was trained on.
    task : Task
        What it is for.
    train_rows, test_rows : ndarray of float32, shape (n, d)
        All rows of both splits, also those that the task does not learn from: parity is proven on
        them.
    steps : tuple of TrainingStep
        What the estimator reported while it was fitted.
    run_id : str or None
        Of its run in MLflow, when it was logged.
    engine : mapping or None
        Where it was trained, when that was not in this process: ``name`` of the engine and what it
        tells of the run, JSON-safe. A manifest holds it.

    """

    model: Estimator
    estimator: str
    parameters: dict[str, Any]
    sample_weight: str | None
    feature_names: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[int, ...]
    metrics: dict[str, Any]
    fit_seconds: float
    fit_returned_monotonic_ns: int
    class_counts: dict[str, int]
    dataset: DatasetIdentity
    task: Task
    train_rows: NDArray[np.float32] = field(repr=False, compare=False)
    test_rows: NDArray[np.float32] = field(repr=False, compare=False)
    held_out: HeldOutRows = field(repr=False, compare=False)
    steps: tuple[TrainingStep, ...] = field(default=(), repr=False, compare=False)
    run_id: str | None = field(default=None, compare=False)
    engine: Mapping[str, Any] | None = None

    @property
    def macro_f1(self) -> float:
        """Macro-F1 on the test split, over the classes present in train or test.

        Raises
        ------
        AttributeError
            The model is no classifier.

        """
        return float(self._of_classes("macroF1"))

    @property
    def asked(self) -> AssessedModel:
        """The model with what is needed to ask it."""
        return AssessedModel(
            model=self.model,
            task=self.task,
            classes=self.classes,
            feature_names=self.feature_names,
            labels=self.labels,
            horizon_ms=self.dataset.horizon_ms,
        )

    @cached_property
    def assessment(self) -> dict[str, Any]:
        """Metrics with what takes longer to find out, computed once; a manifest holds them.

        ``comparison`` with the best rule, ``calibration`` or the curves of the task, and
        permutation ``importance`` of the features.
        """
        return assess(self.asked, self.held_out, self.metrics)

    @property
    def baselines(self) -> dict[str, Any]:
        """Scores of the majority class, the usage threshold and persistence on the same rows."""
        return dict(self.metrics["baseline"])

    @property
    def confusion_matrix(self) -> NDArray[np.int64]:
        """Rows: true label. Columns: predicted label. Of a classifier only."""
        return np.asarray(self._of_classes("confusionMatrix"), dtype=np.int64)

    def _of_classes(self, metric: str) -> Any:  # noqa: ANN401  a number or a matrix
        if metric not in self.metrics:
            known = ", ".join(name for name in self.metrics if name != "baseline")
            raise AttributeError(
                f'Cannot show "{metric}" of a model for {self.task}: it tells no labels apart; '
                f"look at metrics, which has {known}"
            )
        return self.metrics[metric]
