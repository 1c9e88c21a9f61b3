import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

import ruvector
from ruvector._training.exporters import convert
from ruvector.trainers import StopTraining, TorchClassifier, TorchRegressor
from training_data import make_dataset
from windowed_data import NAMES, QUICK, STEPS, forecast_rows, windowed_dataset

# Weights of rows act on the mean of a mini-batch, and batches of repeated rows are other batches.
EXPECTED = {"check_sample_weight_equivalence_on_dense_data"}


@pytest.mark.parametrize("kind", [TorchClassifier, TorchRegressor])
def test_check_estimator_finds_what_scikit_learn_expects(kind):
    estimator = kind(
        hidden=16, layers=1, learning_rate=0.05, batch_size=64, max_epochs=12, validation_fraction=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn's own checks
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {each["check_name"] for each in results if each["status"] == "failed"}
    assert failed == EXPECTED
    assert len(results) > 50


@pytest.mark.parametrize("name", ["torch.MLP", "torch.GRU", "torch.TCN"])
def test_fit_learns_from_a_window_what_no_row_tells_and_exports_it(name):
    dataset = windowed_dataset()
    result = ruvector.fit(name, dataset, parameters=QUICK)
    package = ruvector.export_onnx(result)
    assert result.model.window == (STEPS, len(NAMES))
    assert result.macro_f1 > 0.9
    assert package.manifest["window"] == {"steps": STEPS, "everyMs": 1000}
    assert package.manifest["model"]["opset"] == {"": 18}
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff < 1e-5
    assert package.parity.cases["nan"] > 0


def test_fit_refuses_a_network_over_windows_on_rows_without():
    with pytest.raises(ruvector.RuvectorError, match=r"client\.dataset\(window=") as caught:
        ruvector.fit("torch.GRU", make_dataset())
    assert caught.value.code == "ERR_TRAIN_FEATURE_MISMATCH"


def test_fit_scores_baselines_on_the_newest_row_of_a_window():
    result = ruvector.fit("torch.MLP", windowed_dataset(), parameters={**QUICK, "max_epochs": 2})
    assert result.baselines["usageThreshold"]["macroF1"] > 0


def test_fit_gives_the_same_weights_for_the_same_seed_and_leaves_other_randomness_alone():
    dataset = windowed_dataset(300)
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    options = {**QUICK, "max_epochs": 3, "dropout": 0.2}
    fits = [ruvector.fit("torch.GRU", dataset, parameters=options, seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.rand(3), wanted)
    first, again, other = (each.model.predict_proba(dataset.X("test")) for each in fits)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_fit_reports_each_epoch_and_ends_when_a_callback_has_seen_enough():
    seen = []

    def watch(step):
        seen.append(step)
        if step.step == 3:
            raise StopTraining

    result = ruvector.fit("torch.MLP", windowed_dataset(300), parameters=QUICK, callbacks=[watch])
    epochs = [step for step in seen if step.loss is not None]
    assert [step.step for step in epochs] == [1, 2, 3]
    assert all("valid_loss" in step.metrics and step.of == 12 for step in epochs)
    assert result.model.n_iter_ == 3


def test_fit_ends_when_the_validation_loss_gets_no_better():
    options = {**QUICK, "patience": 2, "max_epochs": 200, "learning_rate": 0.1}
    model = ruvector.fit("torch.MLP", windowed_dataset(300), parameters=options).model
    losses = [epoch["valid_loss"] for epoch in model.history_]
    assert model.n_iter_ < 200
    assert int(np.argmin(losses)) == len(losses) - 3


def test_fit_refuses_a_loss_that_is_no_number():
    with pytest.raises(ruvector.RuvectorError, match="lower the learning rate") as caught:
        ruvector.fit(
            "torch.MLP", windowed_dataset(300), parameters={**QUICK, "learning_rate": 1e30}
        )
    assert caught.value.code == "ERR_TRAIN_DIVERGED"


class Residual(nn.Module):
    """A module of the user's own, which looks at the shape of what it gets."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.body = nn.Linear(n_features, n_features)
        self.head = nn.Linear(n_features, n_outputs)

    def forward(self, X):
        flat = X.reshape(X.shape[0], -1)
        return self.head(flat + torch.nn.functional.gelu(self.body(flat)))


def test_torch_classifier_takes_a_module_and_leaves_it_as_it_is():
    module = Residual(8, 3)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    estimator = TorchClassifier(module, **QUICK)
    result = ruvector.fit(estimator, make_dataset(classes=(0, 1, 3), missing=0.05))
    package = ruvector.export_onnx(result)
    assert package.manifest["classes"] == [0, 1, 3]
    assert result.macro_f1 > 0.6
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert clone(result.model).get_params()["learning_rate"] == 0.02


def test_torch_classifier_takes_a_function_that_makes_a_module():
    def create(n_features, steps, n_outputs):
        return Residual(n_features * steps, n_outputs)

    result = ruvector.fit(TorchClassifier(create, **QUICK), windowed_dataset(400))
    assert isinstance(result.model.module_, Residual)


def test_torch_classifier_gives_no_weight_to_what_never_changed():
    dataset = make_dataset(classes=(0, 1), absent=(3,))
    model = ruvector.fit(TorchClassifier(**QUICK), dataset).model
    rows = dataset.X("test").copy()
    expected = model.predict_proba(rows)
    rows[:, 3] = 1e9
    assert np.array_equal(model.predict_proba(rows), expected)


def test_torch_classifier_names_the_operation_that_has_no_onnx_form():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(8, 2)

        def forward(self, X):
            return self.head(torch.special.bessel_j0(X))

    result = ruvector.fit(TorchClassifier(Odd(), **QUICK), make_dataset(classes=(0, 1)))
    with pytest.raises(ruvector.RuvectorError, match=r'module "Odd".*bessel') as caught:
        ruvector.export_onnx(result)
    assert caught.value.code == "ERR_TRAIN_CONVERSION"


def test_torch_classifier_refuses_a_network_that_it_does_not_know():
    with pytest.raises(ruvector.RuvectorError, match="use one of mlp, gru, tcn"):
        ruvector.fit(TorchClassifier("lstm"), make_dataset())


@pytest.mark.parametrize("network", ["mlp", "gru", "tcn"])
def test_torch_regressor_forecasts_and_answers_alike_in_onnx(network):
    X, y = forecast_rows()
    window = None if network == "mlp" else (3, 2)
    options = {**QUICK, "max_epochs": 30, "hidden": 16, "validation_fraction": 0}
    model = TorchRegressor(network, window=window, **options).fit(X, y)
    session = onnxruntime.InferenceSession(convert(model, 6, None))
    X[0, 1] = np.nan
    for rows in (X[:1], X[:7], X):
        (values,) = session.run(["value"], {"X": rows})
        assert values.shape == (len(rows),)
        assert np.allclose(values, model.predict(rows), rtol=1e-5, atol=1e-4)
    assert model.score(X[1:], y[1:]) > 0.8
