"""From a fitted estimator to one ONNX file: whoever knows the estimator writes the graph.

An estimator with ``to_onnx(n_features, classes)`` writes its own, a registered exporter that of its
class, and skl2onnx the rest. What all of them write goes through the same checks here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx
from onnx import TensorProto, helper

from .._exceptions import ConversionError, RuvectorError
from .._untyped import Estimator, OnnxProto
from .graphs import export_sklearn
from .tasks import OUTPUTS, Task, task_of

__all__ = ["Exporter", "convert", "is_exported", "opset_of", "register_exporter"]

Exporter = Callable[[Estimator, int, Sequence[int] | None], OnnxProto]

# What onnxruntime (Python 1.31, Node 1.30) loads.
MAX_IR_VERSION = 13
OPSETS = {"": (7, 26), "ai.onnx.ml": (1, 5)}
_TYPES = {"label": TensorProto.INT64}

_exporters: dict[type, Exporter] = {}


def register_exporter(kind: type, exporter: Exporter) -> None:
    """Say who writes the ONNX form of a class and its subclasses.

    Parameters
    ----------
    kind : type
        Class of the estimator.
    exporter : callable
        Called with (fitted estimator, number of features, label index of each class or None);
        returns a ModelProto with input ``X`` and the outputs of the task.

    """
    _exporters[kind] = exporter


def is_exported(model: Estimator) -> bool:
    """Tell whether an estimator writes its own graph, or one registered for its class does."""
    return hasattr(model, "to_onnx") or any(kind in _exporters for kind in type(model).__mro__)


def convert(
    model: Estimator,
    n_features: int,
    classes: Sequence[int] | None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Convert a fitted estimator to the bytes of a single-file ONNX model.

    Parameters
    ----------
    model : estimator
        Fitted.
    n_features : int
        Columns of ``X``.
    classes : sequence of int or None
        Label index of each probability column; None unless the task is classification.
    metadata : mapping, optional
        Written into the file.

    Raises
    ------
    ConversionError
        It has no ONNX form, or the one it wrote cannot be loaded by the host.

    """
    name = type(model).__name__
    try:
        proto = _find_exporter(model)(model, n_features, classes)
        if not isinstance(proto, onnx.ModelProto):
            raise TypeError(f"to_onnx() gave a {type(proto).__name__} and no onnx.ModelProto")
    except RuvectorError:
        raise
    except Exception as error:  # exporters raise RuntimeError, NameError, ... of any kind
        raise ConversionError(
            f'Cannot convert estimator "{name}" to ONNX: {_first_line(error)}; use a forest, '
            "gradient boosting or a linear model, alone or in a pipeline with SimpleImputer and "
            "StandardScaler"
        ) from error
    return _finish(proto, name, task_of(model), n_features, metadata or {})


def _find_exporter(model: Estimator) -> Exporter:
    if hasattr(model, "to_onnx"):
        return _ask_itself
    for kind in type(model).__mro__:
        if kind in _exporters:
            return _exporters[kind]
    return export_sklearn


def _ask_itself(model: Estimator, n_features: int, classes: Sequence[int] | None) -> OnnxProto:
    return model.to_onnx(n_features, classes)


def _finish(
    proto: OnnxProto, name: str, task: Task, n_features: int, metadata: Mapping[str, str]
) -> bytes:
    """Hold a graph to what the host loads: names, types, versions, one file."""
    _check_versions(proto, name)
    _check_one_file(proto, name)
    _name_input(proto, name, n_features)
    _name_outputs(proto, name, task)
    del proto.metadata_props[:]
    helper.set_model_props(proto, dict(metadata))
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        raise _refuse(name, f"its graph is not valid ({_first_line(error)})") from error
    return bytes(proto.SerializeToString(deterministic=True))


def opset_of(model: bytes) -> dict[str, int]:
    """Version of each operator set a model asks for."""
    return {each.domain: each.version for each in onnx.load_from_string(model).opset_import}


def _check_versions(proto: OnnxProto, name: str) -> None:
    used = {node.domain for node in proto.graph.node} | {""}
    kept = {each.domain: each.version for each in proto.opset_import if each.domain in used}
    for domain, version in kept.items():
        low, high = OPSETS.get(domain, (1, 0))
        if not low <= version <= high:
            state = f'its graph asks for opset {version} of "{domain or "ai.onnx"}"'
            raise _refuse(name, state, f"export with {_allowed_opsets()}")
    del proto.opset_import[:]
    proto.opset_import.extend(helper.make_opsetid(domain, v) for domain, v in kept.items())
    if proto.ir_version > MAX_IR_VERSION:
        # The lowest IR that knows these opsets: nothing in a graph of a model needs a newer one.
        proto.ir_version = helper.find_min_ir_version_for(list(proto.opset_import))


def _allowed_opsets() -> str:
    return " and ".join(
        f"{domain or 'ai.onnx'} {low} to {high}" for domain, (low, high) in OPSETS.items()
    )


def _check_one_file(proto: OnnxProto, name: str) -> None:
    external = TensorProto.EXTERNAL
    if any(tensor.data_location == external for tensor in proto.graph.initializer):
        raise _refuse(
            name, "its weights lie outside of the file", "export with external_data=False"
        )


def _name_input(proto: OnnxProto, name: str, n_features: int) -> None:
    weights = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in weights]
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != TensorProto.FLOAT:
        raise _refuse(
            name, "its graph does not take exactly one float32 input", 'give it "X" float32 (n, d)'
        )
    shape = inputs[0].type.tensor_type.shape.dim
    if len(shape) != 2 or (shape[1].dim_value or n_features) != n_features:
        raise _refuse(name, f"its input is not of shape (n, {n_features})")
    _rename(proto, inputs[0].name, "X")
    inputs[0].CopyFrom(helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, n_features]))


def _name_outputs(proto: OnnxProto, name: str, task: Task) -> None:
    wanted, outputs = OUTPUTS[task], list(proto.graph.output)
    by_name = {value.name: value for value in outputs}
    if set(wanted) <= set(by_name):
        outputs = [by_name[each] for each in wanted]
    if len(outputs) != len(wanted):
        raise _refuse(
            name, f"its graph gives {len(outputs)} outputs", f"give it {' and '.join(wanted)}"
        )
    for output, new_name in zip(outputs, wanted, strict=True):
        wanted_type = _TYPES.get(new_name, TensorProto.FLOAT)
        tensor = output.type.tensor_type
        if tensor.elem_type != wanted_type:
            kind = TensorProto.DataType.Name(wanted_type).lower()
            raise _refuse(name, f'its output "{output.name}" is not a tensor of {kind}')
        if new_name == "probabilities":
            _rename(proto, output.name, new_name)
        else:
            _make_flat(proto, output.name, new_name)
    columns = None if task != "classification" else outputs[1].type.tensor_type.shape.dim
    width = columns[1].dim_value or None if columns is not None and len(columns) == 2 else None
    shapes = {"probabilities": [None, width]}
    del proto.graph.output[:]
    proto.graph.output.extend(
        helper.make_tensor_value_info(
            each, _TYPES.get(each, TensorProto.FLOAT), shapes.get(each, [None])
        )
        for each in wanted
    )


def _make_flat(proto: OnnxProto, old: str, new: str) -> None:
    """Give a tensor under another name, (n, 1) as (n): converters of regressors differ in that."""
    value = next(each for each in proto.graph.output if each.name == old)
    shape = value.type.tensor_type.shape.dim
    if len(shape) == 1:
        _rename(proto, old, new)
        return
    inner = f"{old}_column"
    _rename(proto, old, inner)
    proto.graph.initializer.append(helper.make_tensor(f"{new}_shape", TensorProto.INT64, [1], [-1]))
    proto.graph.node.append(helper.make_node("Reshape", [inner, f"{new}_shape"], [new]))


def _rename(proto: OnnxProto, old: str, new: str) -> None:
    if old == new:
        return
    taken = {name for node in proto.graph.node for name in (*node.input, *node.output)}
    if new in taken:  # an inner tensor has the name
        _rename(proto, new, f"{new}_inner")
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if each == old else each for each in names]
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        if value.name == old:
            value.name = new


def _refuse(name: str, state: str, step: str = "correct its to_onnx()") -> ConversionError:
    return ConversionError(f'Cannot convert estimator "{name}" to ONNX: {state}; {step}')


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
