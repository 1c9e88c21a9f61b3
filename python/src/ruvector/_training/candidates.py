"""What a search asks of a model on one fold: its score with draws, and its cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .assessment import deciding_answers, truths_of
from .bootstrap import SEED
from .exporters import convert
from .fitted import Fitted
from .parity import create_session
from .resampled import draw_scores, score_answers
from .tasks import OUTPUTS

__all__ = ["FoldScore", "ModelCost", "measure_cost", "score_fold"]

_DECISIONS = 60


@dataclass(frozen=True)
class FoldScore:
    """Scores on one fold.

    Attributes
    ----------
    score : float
        Of the model.
    draws : ndarray, shape (n,)
        Its score on each draw of blocks.
    rules : mapping of str to (float, ndarray)
        The same of each rule.

    """

    score: float
    draws: NDArray[np.float64]
    rules: Mapping[str, tuple[float, NDArray[np.float64]]]


@dataclass(frozen=True)
class ModelCost:
    """What a model costs where it decides.

    Attributes
    ----------
    size_bytes : int
        Size of the ONNX file.
    decision_us : float
        Median microseconds of one row in onnxruntime on this machine.

    """

    size_bytes: int
    decision_us: float


def score_fold(result: Fitted, fold: int) -> FoldScore:
    """Score a fit on its test part. Each fold draws blocks of its own, alike for all models."""
    asked, rows = result.asked, result.held_out
    truths = truths_of(asked, rows, result.metrics)
    answers = [deciding_answers(asked.ask(rows.X), result.task), *rows.baselines.values()]
    drawn = draw_scores(truths, answers, seed=SEED + 1 + fold)
    scores = [score_answers(truths, each) for each in answers]
    rules = {name: (scores[at], drawn[at]) for at, name in enumerate(rows.baselines, start=1)}
    return FoldScore(scores[0], drawn[0], rules)


def measure_cost(result: Fitted) -> ModelCost:
    """Convert to ONNX and time single rows.

    Raises
    ------
    ConversionError
        The model has no ONNX form: it could never be deployed.

    """
    model = convert(result.model, len(result.feature_names), result.classes)
    session = create_session(model)
    row = result.held_out.X[:1]
    took = []
    for _ in range(_DECISIONS):
        started = time.perf_counter()
        session.run(list(OUTPUTS[result.task]), {"X": row})
        took.append(time.perf_counter() - started)
    return ModelCost(len(model), float(np.median(took[_DECISIONS // 6 :])) * 1e6)
