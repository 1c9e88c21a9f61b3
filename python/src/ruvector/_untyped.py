"""Names for objects of libraries that ship no types (scikit-learn, skl2onnx, onnx, onnxruntime)."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Converter", "Estimator", "JsonValue", "OnnxProto", "Session"]

Estimator: TypeAlias = Any
"""A scikit-learn estimator."""

Converter: TypeAlias = Any
"""Scope, operator or container of skl2onnx."""

OnnxProto: TypeAlias = Any
"""A protobuf message of ONNX."""

Session: TypeAlias = Any
"""An onnxruntime.InferenceSession."""

JsonValue: TypeAlias = Any
"""Anything the json module writes."""
