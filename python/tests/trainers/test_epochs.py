"""Estimators of one's own: scikit-learn's rules hold for the base that ours are built on."""

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper
from sklearn.utils.estimator_checks import parametrize_with_checks

from ruvector._exceptions import DivergedError
from ruvector._training.fitting import fit_here as fit
from ruvector._training.onnx_export import export_onnx
from ruvector.trainers import (
    EpochClassifier,
    EpochDetector,
    EpochRegressor,
    StopTraining,
)
from training_data import make_dataset


class Linear:
    """Full-batch gradient descent on a linear layer, in numpy: the smallest network there is."""

    def build(self, X, target, rng):
        self.mean_ = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        spread = X.std(axis=0, dtype=np.float64)
        self.scale_ = np.where(spread > 0, spread, 1).astype(np.float32)
        self.weights_ = np.zeros((X.shape[1] + 1, self.width(target)), np.float32)

    def rows(self, X):
        scaled = (X - self.mean_) / self.scale_
        return np.hstack([scaled, np.ones((len(X), 1), np.float32)])

    def train_epoch(self, X, target, weight, rng):
        rows = self.rows(X)
        share = weight[:, None] / max(weight.sum(), 1e-9)
        error = self.error(rows @ self.weights_, target)
        self.weights_ = self.weights_ - self.rate * (rows.T @ (share * error)).astype(np.float32)
        return self.evaluate(X, target, weight)

    def evaluate(self, X, target, weight):
        error = self.error(self.rows(X) @ self.weights_, target)
        return np.average((error**2).sum(axis=1), weights=weight + 1e-12)

    def snapshot(self):
        return self.weights_

    def restore(self, state):
        self.weights_ = state


class SoftmaxClassifier(Linear, EpochClassifier):
    rate = 2.0

    def width(self, target):
        return len(self.classes_)

    def error(self, raw, target):
        return self.softmax(raw) - np.eye(raw.shape[1], dtype=np.float32)[target]

    def softmax(self, raw):
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def forward(self, X):
        return self.softmax(self.rows(X) @ self.weights_)

    def to_onnx(self, n_features, classes):
        constants = {
            "mean": self.mean_,
            "scale": self.scale_,
            "weights": self.weights_[:-1],
            "bias": self.weights_[-1],
            "values": np.asarray(classes, np.int64),
        }
        nodes = [
            helper.make_node("Sub", ["rows", "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "scale"], ["scaled"]),
            helper.make_node("MatMul", ["scaled", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["raw"]),
            helper.make_node("Softmax", ["raw"], ["shares"], axis=1),
            helper.make_node("ArgMax", ["shares"], ["best"], axis=1, keepdims=0),
            helper.make_node("Gather", ["values", "best"], ["answer"]),
        ]
        graph = helper.make_graph(
            nodes,
            "softmax",
            [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, n_features])],
            [
                helper.make_tensor_value_info("answer", TensorProto.INT64, [None]),
                helper.make_tensor_value_info("shares", TensorProto.FLOAT, [None, len(classes)]),
            ],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])


class LeastSquares(Linear, EpochRegressor):
    rate = 0.2

    def width(self, target):
        return 1

    def error(self, raw, target):
        return raw - target[:, None]

    def forward(self, X):
        return (self.rows(X) @ self.weights_)[:, 0]


class FarFromMean(EpochDetector):
    def build(self, X, target, rng):
        self.mean_ = np.zeros(X.shape[1], np.float32)

    def train_epoch(self, X, target, weight, rng):
        self.mean_ = X.mean(axis=0)
        return self.evaluate(X, target, weight)

    def evaluate(self, X, target, weight):
        return float(((X - self.mean_) ** 2).sum(axis=1).mean())

    def forward(self, X):
        return ((X - self.mean_) ** 2).sum(axis=1)

    def snapshot(self):
        return self.mean_

    def restore(self, state):
        self.mean_ = state


def expected_failures(estimator):
    # A validation part is the newest rows, so that rows repeated are not rows weighted.
    why = "the newest rows are validated on, whatever they weigh"
    return {
        "check_sample_weight_equivalence_on_dense_data": why,
        "check_sample_weights_invariance": why,
    }


@parametrize_with_checks(
    [
        SoftmaxClassifier(max_epochs=200, patience=200),
        LeastSquares(max_epochs=100, patience=100),
        FarFromMean(contamination=0.1),
    ],
    expected_failed_checks=expected_failures,
)
def test_epoch_trainers_pass_check_of_scikit_learn(estimator, check):
    check(estimator)


def test_fit_exports_what_an_estimator_writes_itself_under_the_names_of_the_host():
    result = fit(SoftmaxClassifier(), make_dataset((0, 1, 3)))
    package = export_onnx(result)
    model = onnx.load_from_string(package.model)
    assert [value.name for value in model.graph.input] == ["X"]
    assert [value.name for value in model.graph.output] == ["label", "probabilities"]
    assert model.ir_version <= 13
    assert package.manifest["model"]["opset"] == {"": 20}
    properties = {each.key: each.value for each in model.metadata_props}
    assert properties["ruvector.task"] == "classification"
    assert properties["ruvector.featureSpecSha256"] == "ab" * 32


def test_fit_tells_callbacks_each_epoch_with_loss_and_time_left():
    steps = []
    result = fit(
        SoftmaxClassifier(max_epochs=7, patience=7), make_dataset(), callbacks=[steps.append]
    )
    assert [step.step for step in steps] == list(range(8))
    assert all(step.of == 7 for step in steps[1:])
    losses = [step.loss for step in steps[1:]]
    assert losses == [entry["loss"] for entry in result.model.history_]
    assert losses[-1] < losses[0]
    assert "valid_loss" in steps[-1].metrics
    assert steps[-1].eta_seconds == 0
    assert steps[3].eta_seconds > 0


def test_fit_ends_early_with_the_best_so_far_when_a_callback_stops_it():
    def stop(step):
        if step.step == 3:
            raise StopTraining

    assert fit(SoftmaxClassifier(), make_dataset(), callbacks=[stop]).model.n_iter_ == 3


def test_fit_ends_by_itself_when_the_validation_loss_no_longer_falls():
    class Worsens(SoftmaxClassifier):
        def evaluate(self, X, target, weight):
            self.seen_ = getattr(self, "seen_", 0) + 1
            return float(self.seen_)

        def train_epoch(self, X, target, weight, rng):
            return 1.0

    assert fit(Worsens(patience=3), make_dataset()).model.n_iter_ == 4


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_fit_refuses_a_loss_that_is_no_number(loss):
    class Diverges(SoftmaxClassifier):
        def train_epoch(self, X, target, weight, rng):
            return loss

    with pytest.raises(DivergedError, match="after step 1; lower the learning rate"):
        fit(Diverges(), make_dataset())


def test_fit_gives_the_same_epochs_for_the_same_seed():
    dataset = make_dataset()
    first, second = (fit(SoftmaxClassifier(), dataset).model for _ in range(2))
    assert_array_equal(first.weights_, second.weights_)
