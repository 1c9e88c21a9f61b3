import pytest

from ruvector._exceptions import MissingPackageError, UnknownEstimatorError
from ruvector._training import registry
from ruvector._training.estimators import create_estimator
from ruvector._training.tasks import task_of


def test_create_estimator_gives_the_line_that_installs_a_missing_package(monkeypatch):
    framework = registry.Framework("nowhere", ("no_such_package",), "boosting")
    monkeypatch.setattr(registry, "FRAMEWORKS", {"absent": framework})
    with pytest.raises(
        MissingPackageError, match=r"pip install 'ruvector-memopt\[boosting\]'"
    ) as caught:
        create_estimator("absent.Model")
    assert caught.value.code == "ERR_TRAIN_NO_PACKAGE"
    assert isinstance(caught.value, ImportError)


def test_create_estimator_suggests_the_names_of_a_framework():
    with pytest.raises(UnknownEstimatorError, match=r"lightgbm\.LGBMClassifier"):
        create_estimator("lightgbm.LGBMClasifier")


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("sklearn.RandomForestClassifier", "classification"),
        ("sklearn.LocalOutlierFactor", "anomaly"),
        ("sklearn.svm.OneClassSVM", "anomaly"),
        ("sklearn.Ridge", "forecast"),
        ("xgboost.XGBRegressor", "forecast"),
    ],
)
def test_task_of_follows_from_the_estimator(name, task):
    assert task_of(create_estimator(name)) == task


def test_create_estimator_sets_parameters_of_the_estimator_named_inside_a_calibration():
    model = create_estimator("sklearn.SVC", {"C": 3.0})
    assert model.steps[-1][1].estimator.C == 3.0
