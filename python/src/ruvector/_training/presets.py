"""Estimators of scikit-learn by their short names, with defaults made for this product.

Bounded depth and leaf size keep the ONNX near 1 MB and a decision in tens of microseconds. A host
may lack a feature (no PSI, no swap): imputed where the estimator does not take missing values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.covariance import EllipticEnvelope
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM

__all__ = ["PRESETS"]

Factory = Callable[[], BaseEstimator]

_NETWORK: Mapping[str, Any] = {
    "hidden_layer_sizes": (32, 16),
    "max_iter": 200,
    "early_stopping": True,
}


def _imputed(estimator: BaseEstimator) -> BaseEstimator:
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), estimator)


def _scaled(estimator: BaseEstimator) -> BaseEstimator:
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(imputer, StandardScaler(), estimator)


def _forest() -> BaseEstimator:
    return RandomForestClassifier(n_estimators=60, max_depth=10, min_samples_leaf=3, n_jobs=1)


def _boosting() -> BaseEstimator:
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=15, min_samples_leaf=10, learning_rate=0.1
    )


def _voters() -> list[tuple[str, BaseEstimator]]:
    return [
        ("forest", RandomForestClassifier(n_estimators=30, max_depth=8, min_samples_leaf=3)),
        ("boosting", HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=15)),
        ("linear", _scaled(LogisticRegression(max_iter=1000))),
    ]


_CLASSIFIERS: Mapping[str, Factory] = {
    "RandomForestClassifier": _forest,
    "HistGradientBoostingClassifier": _boosting,
    "LogisticRegression": lambda: _scaled(LogisticRegression(max_iter=1000)),
    "AdaBoostClassifier": lambda: _imputed(AdaBoostClassifier(n_estimators=60)),
    "BaggingClassifier": lambda: BaggingClassifier(n_estimators=20),
    "CalibratedClassifierCV": lambda: CalibratedClassifierCV(
        RandomForestClassifier(n_estimators=30, max_depth=8, min_samples_leaf=3), cv=3
    ),
    "ExtraTreesClassifier": lambda: ExtraTreesClassifier(
        n_estimators=60, max_depth=10, min_samples_leaf=3, n_jobs=1
    ),
    "GaussianNB": lambda: _scaled(GaussianNB(var_smoothing=1e-6)),
    "GradientBoostingClassifier": lambda: _imputed(
        GradientBoostingClassifier(n_estimators=60, max_depth=3)
    ),
    "KNeighborsClassifier": lambda: _scaled(KNeighborsClassifier()),
    "LinearDiscriminantAnalysis": lambda: _scaled(LinearDiscriminantAnalysis()),
    "MLPClassifier": lambda: _scaled(MLPClassifier(**_NETWORK)),
    "SGDClassifier": lambda: _scaled(SGDClassifier(loss="log_loss")),
    # SVC(probability=True) is deprecated; this is what scikit-learn puts in its place.
    "SVC": lambda: _scaled(CalibratedClassifierCV(SVC(), ensemble=False)),
    "StackingClassifier": lambda: StackingClassifier(
        _voters(), final_estimator=LogisticRegression(max_iter=1000), cv=3
    ),
    "VotingClassifier": lambda: VotingClassifier(_voters(), voting="soft"),
}
_DETECTORS: Mapping[str, Factory] = {
    "EllipticEnvelope": lambda: _scaled(EllipticEnvelope()),
    "IsolationForest": lambda: IsolationForest(n_estimators=100, n_jobs=1),
    "LocalOutlierFactor": lambda: _scaled(LocalOutlierFactor(novelty=True)),
    "OneClassSVM": lambda: _scaled(OneClassSVM(nu=0.05)),
}
_REGRESSORS: Mapping[str, Factory] = {
    "ElasticNet": lambda: _scaled(ElasticNet(alpha=0.1)),
    "ExtraTreesRegressor": lambda: ExtraTreesRegressor(
        n_estimators=60, max_depth=10, min_samples_leaf=3, n_jobs=1
    ),
    "GradientBoostingRegressor": lambda: _imputed(GradientBoostingRegressor(n_estimators=60)),
    "HistGradientBoostingRegressor": lambda: HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=15, min_samples_leaf=10
    ),
    "KNeighborsRegressor": lambda: _scaled(KNeighborsRegressor()),
    "Lasso": lambda: _scaled(Lasso(alpha=0.1)),
    "LinearRegression": lambda: _scaled(LinearRegression()),
    "MLPRegressor": lambda: _scaled(MLPRegressor(**_NETWORK)),
    "RandomForestRegressor": lambda: RandomForestRegressor(
        n_estimators=60, max_depth=10, min_samples_leaf=3, n_jobs=1
    ),
    "Ridge": lambda: _scaled(Ridge()),
    "SVR": lambda: _scaled(SVR()),
}

PRESETS: Mapping[str, Factory] = {
    f"sklearn.{name}": factory
    for name, factory in {**_CLASSIFIERS, **_DETECTORS, **_REGRESSORS}.items()
}
