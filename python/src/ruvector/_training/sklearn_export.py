"""skl2onnx for scikit-learn's estimators, with our own converter for tree ensembles.

skl2onnx 1.20 rounds thresholds wrongly and loses where NaN goes; ``trees`` does not.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import skl2onnx
from numpy.typing import NDArray
from onnx import helper
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .._untyped import Estimator, OnnxProto
from .trees import TreeEnsembleView, convert_tree_ensemble, is_tree_ensemble, read_trees

__all__ = ["IR_VERSION", "OPSET", "export_sklearn"]

OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8  # the IR of opset 18; onnx 1.23 would write 14, which onnxruntime does not load


def export_sklearn(model: Estimator, n_features: int, classes: Sequence[int] | None) -> OnnxProto:
    """Convert a fitted estimator of scikit-learn; ``classes`` are those of its probabilities."""
    _register_trees()
    class_values = np.asarray(classes, dtype=np.int64)
    stand_in = _stand_in(model, class_values)
    proto = skl2onnx.convert_sklearn(
        stand_in,
        name="ruvector",
        initial_types=[("X", FloatTensorType([None, n_features]))],
        final_types=[
            ("label", Int64TensorType([None])),
            ("probabilities", FloatTensorType([None, len(class_values)])),
        ],
        options=_options(stand_in),
        target_opset=OPSET,
    )
    _fix_versions(proto)
    return proto


@cache
def _register_trees() -> None:
    skl2onnx.update_registered_converter(
        TreeEnsembleView,
        "RuvectorTreeEnsemble",
        calculate_linear_classifier_output_shapes,
        convert_tree_ensemble,
        options={
            "zipmap": [True, False],
            "nocl": [True, False],
            "output_class_labels": [True, False],
        },
    )


def _stand_in(model: Estimator, class_values: NDArray[np.int64]) -> Estimator:
    """Shallow copy of a model whose classes are label indices; the fitted model stays as it is."""
    if isinstance(model, Pipeline):
        pipeline = copy.copy(model)
        name, last = model.steps[-1]
        pipeline.steps = [*model.steps[:-1], (name, _stand_in(last, class_values))]
        return pipeline
    if is_tree_ensemble(model):
        return TreeEnsembleView(read_trees(model), class_values)
    relabelled = copy.copy(model)
    relabelled.classes_ = class_values
    return relabelled


def _options(model: Estimator) -> dict[int, dict[str, Any]]:
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    options: dict[int, dict[str, Any]] = {id(steps[-1]): {"zipmap": False}}
    for step in steps[:-1]:
        if isinstance(step, StandardScaler):
            # Divide like scikit-learn: times the reciprocal moves values across thresholds.
            options[id(step)] = {"div": "div"}
    return options


def _fix_versions(proto: OnnxProto) -> None:
    # skl2onnx states the lowest version its nodes need, sometimes twice; the host wants one truth.
    del proto.opset_import[:]
    proto.opset_import.extend(helper.make_opsetid(domain, v) for domain, v in OPSET.items())
    proto.ir_version = IR_VERSION
