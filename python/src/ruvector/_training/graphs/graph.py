"""An ONNX graph under construction: add a node, get the name of what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..._untyped import OnnxProto

__all__ = ["ML", "OPSET", "Graph"]

ML = "ai.onnx.ml"
OPSET = {"": 18, ML: 3}


class Graph:
    """Nodes and constants; names are numbered, so that the same model gives the same bytes."""

    def __init__(self) -> None:
        self.nodes: list[OnnxProto] = []
        self.constants: list[OnnxProto] = []
        self.opsets = dict(OPSET)
        self._counter = 0

    def name(self, stem: str) -> str:
        """Return a name that nothing has yet."""
        self._counter += 1
        return f"{stem}_{self._counter}"

    def raise_opsets(self, wanted: Mapping[str, int]) -> None:
        """Ask for opsets at least as new as those of a graph that is merged in."""
        for domain, version in wanted.items():
            self.opsets[domain] = max(version, self.opsets.get(domain, 0))

    def constant(self, values: NDArray[Any] | list[int]) -> str:
        """Add a constant: float32, float64, int64 or bool as the array is; a list is int64."""
        array = np.asarray(values, dtype=np.int64 if isinstance(values, list) else None)
        name = self.name("c")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def scalar(self, value: float, kind: type[np.floating[Any]] = np.float32) -> str:
        """Add a constant of one number, shape (1,)."""
        return self.constant(np.asarray([value], dtype=kind))

    def add(
        self,
        operator: str,
        *inputs: str,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401  whatever the operator takes
    ) -> str:
        """Add a node with one output; returns the name of the output."""
        output = self.name(operator)
        node = helper.make_node(
            operator, list(inputs), [output], name=f"n_{output}", domain=domain, **attributes
        )
        self.nodes.append(node)
        return output

    def add_many(
        self,
        operator: str,
        inputs: list[str],
        outputs: list[str],
        **attributes: Any,  # noqa: ANN401  whatever the operator takes
    ) -> None:
        """Add a node with several outputs."""
        name = f"n_{outputs[0]}"
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))

    def cast(self, value: str, kind: type[np.generic]) -> str:
        """Cast to float32, float64 or int64."""
        to: dict[type[np.generic], int] = {
            np.float32: TensorProto.FLOAT,
            np.float64: TensorProto.DOUBLE,
            np.int64: TensorProto.INT64,
        }
        return self.add("Cast", value, to=to[kind])

    def columns(self, value: str, indices: NDArray[Any] | list[int]) -> str:
        """Take columns by their indices."""
        taken = self.constant(np.asarray(indices, dtype=np.int64))
        return self.add("Gather", value, taken, axis=1)

    def reshape(self, value: str, shape: list[int]) -> str:
        """Reshape; -1 is the number of rows."""
        return self.add("Reshape", value, self.constant(shape))

    def concat(self, values: list[str]) -> str:
        """Join columns."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def affine(self, value: str, weights: NDArray[Any], bias: NDArray[Any]) -> str:
        """Multiply rows with weights (d, k) and add a bias (k,), in the type of the weights."""
        product = self.add("MatMul", value, self.constant(weights))
        return self.add("Add", product, self.constant(bias))

    def sigmoid(self, x: str) -> str:
        """Add the logistic function of float64 with all digits of tiny values.

        ONNX Runtime's own is 0 below -37, which is wrong where shares are divided by their sum.
        """
        small = self.add("Exp", self.add("Neg", self.add("Abs", x)))
        one = self.scalar(1, np.float64)
        is_negative = self.add("Less", x, self.scalar(0, np.float64))
        return self.add(
            "Div", self.add("Where", is_negative, small, one), self.add("Add", small, one)
        )
