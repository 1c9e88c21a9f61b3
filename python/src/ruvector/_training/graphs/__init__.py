"""ONNX graphs of fitted estimators, piece by piece: each kind of estimator adds its nodes.

Whole and parts alike are emitted here, so that trees inside a stack inside a calibration keep their
thresholds. skl2onnx converts the leaves nothing here knows.
"""

from __future__ import annotations

from .dispatch import (
    check_convertible,
    decides,
    emit,
    emit_decision,
    emit_exact,
    emits,
    exactly,
    is_emitted,
    refuse_before_fit,
)
from .export import export_sklearn
from .graph import Graph
from .members import holds_rows, walk
from .tree_nodes import register_trees

__all__ = [
    "Graph",
    "check_convertible",
    "decides",
    "emit",
    "emit_decision",
    "emit_exact",
    "emits",
    "exactly",
    "export_sklearn",
    "holds_rows",
    "is_emitted",
    "refuse_before_fit",
    "register_trees",
    "walk",
]
