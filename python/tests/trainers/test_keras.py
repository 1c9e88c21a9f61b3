import random

import numpy as np
import onnxruntime
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import ruvector
from ruvector._training.exporters import convert
from ruvector.trainers import KerasClassifier, KerasRegressor, StopTraining
from ruvector.trainers.keras._backend import choose_backend
from training_data import make_dataset
from windowed_data import NAMES, QUICK, STEPS, forecast_rows, windowed_dataset

# After the trainer, which chooses the backend.
import keras  # isort: skip


# Those of a fit or none: all 61 take 38 seconds, and are looked at by hand.
CHECKS = (
    "check_estimator_cloneable",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_set_params",
    "check_dict_unchanged",
    "check_estimators_unfitted",
    "check_classifiers_one_label",
    "check_n_features_in",
    "check_estimators_pickle",
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [KerasClassifier, KerasRegressor])
def test_keras_estimators_keep_the_rules_of_scikit_learn(kind):
    passed = []
    for estimator, check in estimator_checks_generator(kind(max_epochs=1, hidden=4, layers=1)):
        name = getattr(check, "func", check).__name__
        if name in CHECKS:
            check(estimator)
            passed.append(name)
    assert set(CHECKS) - set(passed) <= {"check_classifiers_one_label"}


def test_fit_learns_a_network_by_name_and_exports_it():
    dataset = windowed_dataset()
    result = ruvector.fit("keras.MLP", dataset, parameters=QUICK)
    package = ruvector.export_onnx(result)
    assert result.macro_f1 > 0.9
    assert package.manifest["window"]["steps"] == result.model.window[0] == STEPS
    assert package.manifest["model"]["opset"] == {"": 18}
    assert package.parity.label_mismatches == 0
    assert package.parity.max_abs_diff < 1e-5
    assert package.parity.cases["nan"] > 0


def build_convolution():
    return keras.Sequential(
        [
            keras.Input((STEPS, len(NAMES))),
            keras.layers.Conv1D(8, 2, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )


def test_keras_classifier_takes_a_model_and_leaves_it_as_it_is():
    model = build_convolution()
    before = model.get_weights()
    estimator = KerasClassifier(model, from_logits=True, **QUICK)
    result = ruvector.fit(estimator, windowed_dataset(400))
    package = ruvector.export_onnx(result)
    assert package.parity.max_abs_diff < 1e-5
    assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), before, strict=True))


def test_keras_classifier_takes_a_function_that_makes_a_model():
    def create(n_features, steps, n_outputs):
        start = keras.Input((steps, n_features))
        seen = keras.layers.GRU(8)(start)
        return keras.Model(start, keras.layers.Dense(n_outputs, activation="softmax")(seen))

    options = {**QUICK, "max_epochs": 2}
    result = ruvector.fit(KerasClassifier(create, **options), windowed_dataset(300))
    assert ruvector.export_onnx(result).parity.max_abs_diff < 1e-5


@keras.saving.register_keras_serializable(package="test")
class Bessel(keras.layers.Layer):
    """A layer that ONNX has no operator for."""

    def call(self, X):
        import torch

        return torch.special.bessel_j0(X)

    def compute_output_shape(self, shape):
        return shape


def test_keras_classifier_names_the_layer_that_has_no_onnx_form():
    model = keras.Sequential(
        [keras.Input((8,)), Bessel(name="waves"), keras.layers.Dense(2, activation="softmax")]
    )
    options = {**QUICK, "max_epochs": 1}
    result = ruvector.fit(KerasClassifier(model, **options), make_dataset(classes=(0, 1)))
    with pytest.raises(ruvector.RuvectorError, match=r'layer "waves" \(Bessel\)') as caught:
        ruvector.export_onnx(result)
    assert caught.value.code == "ERR_TRAIN_CONVERSION"


def test_fit_gives_the_same_weights_for_the_same_seed_and_leaves_other_randomness_alone():
    dataset = windowed_dataset(300)
    options = {**QUICK, "max_epochs": 2, "dropout": 0.2}
    random.seed(7)
    wanted = random.random()
    random.seed(7)
    fits = [ruvector.fit("keras.MLP", dataset, parameters=options, seed=seed) for seed in (1, 1, 2)]
    assert random.random() == wanted
    first, again, other = (each.model.predict_proba(dataset.X("test")) for each in fits)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_fit_reports_each_epoch_and_ends_when_a_callback_has_seen_enough():
    seen = []

    def watch(step):
        seen.append(step)
        if step.step == 2:
            raise StopTraining

    result = ruvector.fit("keras.MLP", windowed_dataset(300), parameters=QUICK, callbacks=[watch])
    epochs = [step for step in seen if step.loss is not None]
    assert [step.step for step in epochs] == [1, 2]
    assert all("valid_loss" in step.metrics and step.of == 12 for step in epochs)
    assert result.model.n_iter_ == 2


def test_keras_regressor_forecasts_and_answers_alike_in_onnx():
    X, y = forecast_rows()
    model = KerasRegressor(**{**QUICK, "max_epochs": 25, "patience": 25}).fit(X, y)
    session = onnxruntime.InferenceSession(convert(model, 6, None))
    for rows in (X[:1], X[:7], X):
        (values,) = session.run(["value"], {"X": rows})
        assert values.shape == (len(rows),)
        assert np.allclose(values, model.predict(rows), rtol=1e-5, atol=1e-4)
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("chosen", [{}, {"KERAS_BACKEND": "jax"}])
def test_choose_backend_takes_torch_unless_somebody_has_chosen(chosen):
    environment = dict(chosen)
    choose_backend(environment)
    assert environment == {"KERAS_BACKEND": "torch", **chosen}
