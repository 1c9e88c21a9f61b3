"""Estimators of scikit-learn that are fitted and answer in float64.

In float32, sums over columns of very different sizes keep little, their order decides the last
digits, and log likelihoods that are sums of large squares give shares that do not sum to 1.
"""

from __future__ import annotations

from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVR

__all__ = ["IN_FLOAT64", "LINEAR_REGRESSORS"]

# Those whose answer is the sum of columns times coef_, and intercept_.
LINEAR_REGRESSORS: tuple[type, ...] = (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LinearSVR,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
)
IN_FLOAT64: tuple[type, ...] = (
    *LINEAR_REGRESSORS,
    GaussianNB,
    LinearDiscriminantAnalysis,
    LogisticRegression,
    LogisticRegressionCV,
    QuadraticDiscriminantAnalysis,
)
