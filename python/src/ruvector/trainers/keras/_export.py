"""A Keras model as one ONNX file, by Keras' own export; what it cannot write is named."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import keras
import onnx
from onnx import TensorProto, helper

from ..._exceptions import ConversionError
from ..._untyped import OnnxProto
from .._onnx import NETWORK_IR_VERSION, NETWORK_OPSET, first_line

__all__ = ["add_label", "export_model"]


def export_model(model: keras.Model) -> OnnxProto:
    """Export a model that takes ``X`` float32 (n, d) and gives one tensor.

    Raises
    ------
    ConversionError
        It has no ONNX form; the text names the layer.

    """
    try:
        proto = _export(model)
    except Exception as error:  # exporters raise errors of any kind
        layer = _find_culprit(model)
        what = f'its layer "{layer.name}" ({type(layer).__name__})' if layer else "it"
        raise ConversionError(
            f'Cannot convert model "{model.name}" to ONNX: {what} has no form there '
            f"({first_line(error)}); replace the layer"
        ) from error
    proto.ir_version = NETWORK_IR_VERSION
    return proto


def add_label(proto: OnnxProto, classes: Sequence[int]) -> OnnxProto:
    """Add the output ``label``: the label index of the most probable class."""
    (probabilities,) = proto.graph.output
    values = helper.make_tensor("class_indices", TensorProto.INT64, [len(classes)], list(classes))
    proto.graph.initializer.append(values)
    name = probabilities.name
    proto.graph.node.extend(
        [
            helper.make_node("ArgMax", [name], ["best_class"], axis=1, keepdims=0),
            helper.make_node("Gather", ["class_indices", "best_class"], ["label"]),
        ]
    )
    label = helper.make_tensor_value_info("label", TensorProto.INT64, [None])
    proto.graph.output.insert(0, label)
    return proto


def _export(model: keras.Model) -> OnnxProto:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        model(keras.ops.zeros((1, *model.input_shape[1:])))  # Keras exports what was called once
        with redirect_stdout(StringIO()):
            model.export(path, format="onnx", verbose=False, opset_version=NETWORK_OPSET)
        proto = onnx.load(path)
    # Written without an error is not yet valid.
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _find_culprit(model: keras.Model) -> keras.layers.Layer | None:
    """First layer, however deep, that cannot be exported by itself."""
    for layer in getattr(model, "layers", []):
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Model):
            found = _find_culprit(layer)
            if found is not None:
                return found
            continue
        try:
            shape = layer.input.shape[1:]
            _export(_alone(layer, shape))
        except Exception:  # this is the one, or it cannot be looked at alone
            return layer
    return None


def _alone(layer: keras.layers.Layer, shape: tuple[int, ...]) -> keras.Model:
    start = keras.Input(shape)
    return keras.Model(start, layer(start))
