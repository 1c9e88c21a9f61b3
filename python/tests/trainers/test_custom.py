"""Objects that follow no convention: fit, the method of the task and to_onnx are enough."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ruvector._exceptions import (
    ClassesError,
    ConversionError,
    NotAModelError,
    ParityError,
    UnknownParameterError,
)
from ruvector._training.fitting import fit_here as fit
from ruvector._training.onnx_export import export_onnx
from training_data import make_dataset, make_timed_dataset


class LastValue:
    """Forecasts what available memory is now, one column of the row."""

    task = "forecast"
    output = "value"
    opset = 18
    factor = 1.0
    kind = TensorProto.FLOAT

    def fit(self, X, y):
        self.column = 2
        return self

    def predict(self, X):
        return X[:, self.column]

    def to_onnx(self, n_features, classes):
        constants = [
            numpy_helper.from_array(np.asarray([self.column], np.int64), "column"),
            numpy_helper.from_array(np.asarray([self.factor], np.float32), "factor"),
        ]
        graph = helper.make_graph(
            [
                helper.make_node("Gather", ["X", "column"], ["taken"], axis=1),
                helper.make_node("Mul", ["taken", "factor"], ["numbers"]),
                helper.make_node("Cast", ["numbers"], [self.output], to=self.kind),
            ],
            "last",
            [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, n_features])],
            [helper.make_tensor_value_info(self.output, self.kind, [None, 1])],
            constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])


def changed(**attributes):
    return type("Changed", (LastValue,), attributes)()


def test_fit_takes_an_object_with_a_task_and_to_onnx():
    result = fit(LastValue(), make_timed_dataset())
    package = export_onnx(result)
    assert result.task == "forecast"
    assert result.parameters == {}
    assert result.metrics["mae"] == pytest.approx(result.metrics["baseline"]["persistence"]["mae"])
    assert package.manifest["outputs"] == {"value": "value"}
    assert package.parity.max_abs_diff == 0


def test_export_onnx_takes_an_output_of_another_name():
    export_onnx(fit(changed(output="variable"), make_timed_dataset()))


@pytest.mark.parametrize(
    ("attributes", "error", "why"),
    [
        ({"opset": 27}, ConversionError, "asks for opset 27"),
        ({"opset": 6}, ConversionError, "asks for opset 6"),
        ({"kind": TensorProto.DOUBLE}, ConversionError, "no.*tensor of float"),
        ({"factor": 1.001}, ParityError, "differ from the framework"),
        ({"to_onnx": lambda self, n, classes: b"bytes"}, ConversionError, "no onnx.ModelProto"),
        ({"to_onnx": lambda self, n, classes: 1 / 0}, ConversionError, "division by zero"),
    ],
    ids=["new opset", "old opset", "double", "wrong", "bytes", "raises"],
)
def test_export_onnx_refuses_a_graph_the_host_would_not_take(attributes, error, why):
    result = fit(changed(**attributes), make_timed_dataset())
    with pytest.raises(error, match=why.replace("no.*", "is not a ")):
        export_onnx(result)


def test_fit_says_what_an_object_lacks():
    dataset = make_dataset()

    class Empty:
        pass

    class Fits:
        task = "classification"

        def fit(self, X, y):
            return self

    class Answers(Fits):
        def predict_proba(self, X):
            return np.ones((len(X), 2)) / 2

        def to_onnx(self, n_features, classes):
            raise AssertionError

    with pytest.raises(NotAModelError, match=r"it has no fit\(\)"):
        fit(Empty(), dataset)
    with pytest.raises(NotAModelError, match=r"has no to_onnx\(\)"):
        fit(Fits(), dataset)
    with pytest.raises(ClassesError, match="it has no classes_"):
        fit(Answers(), dataset)
    with pytest.raises(UnknownParameterError, match=r"it has no set_params\(\)"):
        fit(Answers(), dataset, parameters={"depth": 3})
