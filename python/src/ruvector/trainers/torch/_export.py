"""A PyTorch module as one ONNX file, for any number of rows and nothing else dynamic.

Traced first: it takes hundredths of a second, and needs no second look at the sizes of a window. A
module that cannot be traced goes through ``torch.export``. Either is proven by the parity gate.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import onnx
import torch
from torch import nn

from ..._exceptions import ConversionError
from ..._untyped import OnnxProto
from .._onnx import NETWORK_IR_VERSION, NETWORK_OPSET, first_line

__all__ = ["export_module"]

# Neither 0 nor 1, which an exporter takes for a constant.
_EXAMPLE_ROWS = 3


def export_module(module: nn.Module, n_features: int, outputs: Sequence[str]) -> OnnxProto:
    """Export a module that takes ``X`` float32 (n, n_features).

    Raises
    ------
    ConversionError
        Neither exporter can; the text says what stopped each of them.

    """
    module = module.eval()
    example = torch.zeros(_EXAMPLE_ROWS, n_features)
    try:
        proto = _trace(module, example, outputs)
    except Exception as traced:  # the exporters raise errors of any kind
        try:
            proto = _capture(module, example, outputs)
        except Exception as captured:
            raise ConversionError(
                f'Cannot convert module "{_name_of(module)}" to ONNX: tracing says '
                f"{first_line(traced)}, torch.export says {first_line(captured)}; replace the "
                "layer or the operation that is named"
            ) from captured
    proto.ir_version = NETWORK_IR_VERSION
    return proto


def _trace(module: nn.Module, example: torch.Tensor, outputs: Sequence[str]) -> OnnxProto:
    written = io.BytesIO()
    with _quiet():
        torch.onnx.export(
            module,
            (example,),
            written,
            dynamo=False,
            opset_version=NETWORK_OPSET,
            input_names=["X"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in ("X", *outputs)},
        )
    return onnx.load_from_string(written.getvalue())


def _capture(module: nn.Module, example: torch.Tensor, outputs: Sequence[str]) -> OnnxProto:
    with _quiet():
        # Dim.AUTO: a second export in one process would fix a dimension that has a name.
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=NETWORK_OPSET,
            input_names=["X"],
            output_names=list(outputs),
            dynamic_shapes=({0: torch.export.Dim.AUTO},),
            external_data=False,
            verbose=False,
        )
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and log lines of the exporters: what counts is that the graph answers alike."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.setLevel(level)


def _name_of(module: nn.Module) -> str:
    return type(getattr(module, "module", module)).__name__
