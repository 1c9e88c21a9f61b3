"""Progress of fits that others wrote: boosting and networks report, and stop when told to."""

import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from ruvector._exceptions import CancelledError, DivergedError, TrainingError
from ruvector._training.fitting import fit_here as fit
from ruvector.trainers import StopTraining, report
from training_data import make_dataset

ITERATIVE = {
    "gradient boosting": (GradientBoostingClassifier(n_estimators=9), 9, "n_estimators_"),
    "LightGBM": (
        LGBMClassifier(n_estimators=9, num_leaves=4, verbose=-1, n_jobs=1),
        9,
        "best_iteration_",
    ),
    "XGBoost": (XGBClassifier(n_jobs=1, n_estimators=9, max_depth=2), 9, None),
    "network": (MLPClassifier((4,), max_iter=9, tol=0), 9, "n_iter_"),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ITERATIVE)
def test_fit_tells_each_step_of(name):
    estimator, of, _ = ITERATIVE[name]
    steps = []
    model = make_pipeline(StandardScaler(), estimator)
    fit(model, make_dataset(n=200), callbacks=[steps.append])
    assert [step.step for step in steps] == list(range(of + 1))
    assert steps[-1].of == of


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ITERATIVE)
def test_fit_keeps_what_was_fitted_when_a_callback_stops(name):
    estimator, _, attribute = ITERATIVE[name]
    seen = []

    def stop(step):
        seen.append(step.step)
        if step.step >= 4:
            raise StopTraining

    result = fit(estimator, make_dataset(n=200), callbacks=[stop])
    assert max(seen) == 4
    assert result.macro_f1 > 0
    if attribute:
        assert getattr(result.model, attribute) == 4


@pytest.mark.parametrize("name", ["gradient boosting", "LightGBM", "XGBoost"])
def test_fit_ends_with_what_a_callback_raises(name):
    def cancel(step):
        if step.step == 2:
            raise CancelledError("Cannot finish training: it was cancelled; start it again")

    with pytest.raises(CancelledError, match="it was cancelled"):
        fit(ITERATIVE[name][0], make_dataset(n=200), callbacks=[cancel])


def test_fit_tells_begin_and_end_of_an_estimator_without_steps():
    steps = []
    forest = RandomForestClassifier(n_estimators=3, max_depth=3)
    fit(forest, make_dataset(n=200), callbacks=[steps.append])
    assert [(step.step, step.of) for step in steps] == [(0, None), (1, 1)]


def test_fit_refuses_to_end_before_there_is_anything_to_keep():
    def stop(_step):
        raise StopTraining

    with pytest.raises(CancelledError, match="nothing to keep yet"):
        fit(RandomForestClassifier(n_estimators=3), make_dataset(n=200), callbacks=[stop])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fit_calls_numbers_that_ran_away_what_they_are():
    network = MLPClassifier((8,), learning_rate_init=1e30, solver="sgd", max_iter=20)
    with pytest.raises(DivergedError) as caught:
        fit(network, make_dataset(n=200))
    assert caught.value.code == "ERR_TRAIN_DIVERGED"


def test_fit_types_the_error_of_an_estimator_and_keeps_its_cause():
    with pytest.raises(TrainingError, match=r"n_estimators.*correct its parameters") as caught:
        fit(RandomForestClassifier(n_estimators=-1), make_dataset(n=200))
    assert caught.value.__cause__ is not None


def test_report_does_nothing_outside_of_a_fit():
    report(1, 2, loss=float("nan"))
