"""The graph of a whole model: its input, what its estimators emit, and the outputs of its task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper

from ..._untyped import Estimator, OnnxProto
from ..tasks import OUTPUTS, Task, task_of
from . import encoders, ensembles, models, neighbours, preprocessing, support_vectors  # noqa: F401
from .dispatch import emit
from .graph import Graph

__all__ = ["export_sklearn"]

IR_VERSION = 8  # the IR of opset 18; onnx 1.23 would write 14, which onnxruntime does not load


def export_sklearn(model: Estimator, n_features: int, classes: Sequence[int] | None) -> OnnxProto:
    """Convert a fitted estimator of scikit-learn, LightGBM or XGBoost.

    Parameters
    ----------
    model : estimator
        Fitted.
    n_features : int
        Columns of ``X``.
    classes : sequence of int or None
        Label index of each probability column; None unless the task is classification.

    """
    task, graph = task_of(model), Graph()
    _name_outputs(graph, emit(graph, model, "X"), task, classes)
    shapes = {"probabilities": [None, len(classes or ())]}
    types = {"label": TensorProto.INT64}
    proto = helper.make_graph(
        graph.nodes,
        "ruvector",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, n_features])],
        [
            helper.make_tensor_value_info(
                name, types.get(name, TensorProto.FLOAT), shapes.get(name, [None])
            )
            for name in OUTPUTS[task]
        ],
        graph.constants,
    )
    opsets = [helper.make_opsetid(*each) for each in graph.opsets.items()]
    return helper.make_model(
        proto, producer_name="ruvector-memopt", opset_imports=opsets, ir_version=IR_VERSION
    )


def _name_outputs(graph: Graph, answer: str, task: Task, classes: Sequence[int] | None) -> None:
    """Give the outputs of a task their names, and the label that belongs to the numbers."""
    numbers = OUTPUTS[task][-1]
    graph.nodes.append(helper.make_node("Identity", [answer], [numbers]))
    if task == "classification":
        best = graph.add("ArgMax", numbers, axis=1, keepdims=0)
        values = graph.constant(np.asarray(classes, dtype=np.int64))
        graph.nodes.append(helper.make_node("Gather", [values, best], ["label"]))
    elif task == "anomaly":
        above = graph.add("Greater", numbers, graph.scalar(0))
        graph.nodes.append(helper.make_node("Cast", [above], ["label"], to=TensorProto.INT64))
