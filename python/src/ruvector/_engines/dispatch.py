"""``fit`` and ``search`` as users call them: in this process, or by an engine.

Engines are imported when one is asked for; their workers import this package, so nothing heavy is
imported here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .._exceptions import EngineOptionsError
from .options import FlowerOptions, RayOptions, read_options

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from .._training import Callback, FitResult, LabelledDataset, LoggerName

__all__ = ["fit", "search"]

_ENGINES = ("local", "ray", "flower")


def fit(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset | str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
    logger: LoggerName | None = None,
    engine: Literal["local", "ray", "flower"] = "local",
    **engine_options: Any,  # noqa: ANN401
) -> FitResult:
    """Fit an estimator on the train split and measure it on the test split.

    A classifier learns the labels. An outlier detector learns the calm rows and is held against
    "the label is not the calm one". A regressor learns the memory available one horizon after the
    row, in percent of MemTotal.

    Parameters
    ----------
    estimator : estimator or str
        A name such as ``"sklearn.RandomForestClassifier"``, ``"lightgbm.LGBMClassifier"`` or
        ``"sklearn.IsolationForest"``, or an estimator (cloned, never changed): of scikit-learn,
        LightGBM or XGBoost, alone, in a pipeline or in a search, of which the best model is taken;
        or any object with ``fit``, the method its task answers with (``predict_proba``,
        ``decision_function`` or ``predict``) and ``to_onnx(n_features, classes)``.
    dataset : LabelledDataset or path
        From ``client.dataset()``, or the folder or ``s3://`` address of a training set that
        ``publish`` or ``export`` wrote in Parquet. Fitted in float32, as the host computes
        features. With ``engine="flower"`` hosts learn from their own rows, and the model is
        measured on these.
    parameters : mapping, optional
        Parameters of the estimator.
    sample_weight : {"balanced", None}, default "balanced"
        Weight rows inversely to the frequency of their class. Left out when the estimator takes no
        weights, already has a ``class_weight``, or is no classifier.
    callbacks : sequence of callable, default ()
        Each is called with a :class:`ruvector.trainers.TrainingStep` as the fit goes on. One that
        raises :class:`ruvector.trainers.StopTraining` ends it early, with what was fitted so far;
        anything else it raises ends it for good.
    seed : int, default 0
        For every ``random_state`` that is not set. The same seed on the same data gives the same
        model.
    logger : {"mlflow", None}, default None
        Log parameters, metrics of each step and at the end, the ONNX model and the report to
        MLflow, which says itself where to (``MLFLOW_TRACKING_URI``). What cannot be logged is a
        warning, and the fit is not lost.
    engine : {"local", "ray", "flower"}, default "local"
        In this process, on the workers of a Ray cluster, or on hosts that keep their data.
    **engine_options
        Of ``"ray"``: ``address`` of a cluster that is there (without it one starts on this machine
        and stops with the call), ``workers`` (2), ``storage`` for checkpoints, a folder or ``s3://``
        address that all machines reach, from which the same fit goes on when it is called again
        (a folder that goes with the call), ``endpoint_url`` of an S3-compatible server,
        ``max_failures`` (3), how often lost workers are started again, ``checkpoint_seconds`` (10),
        ``cache_bytes`` (256 MiB), up to which rows of a worker stay in its memory, and
        ``object_store_bytes`` (256 MiB) of a cluster that is started.
        Of ``"flower"``: see docs/fleet.md.

    Returns
    -------
    FitResult

    Raises
    ------
    MissingPackageError
        The package of a named estimator or of the engine is not installed; the text has the line
        that installs it.
    ConversionError
        The estimator would have no ONNX form after the fit.
    FewRowsError, FewClassesError, MissingTargetError
        There is not enough to learn from; the text says how many and what to do.
    MissingValuesError
        The data has NaN and the estimator does not take NaN.
    DivergedError
        The loss became NaN or infinite.
    DatasetFolderError
        There is no training set at the path.
    EngineOptionsError, EngineError
        The engine has no such options, or cannot be reached, or was lost.
    TrainingError
        The estimator itself failed; its error is the cause.

    Examples
    --------
    >>> result = ruvector.fit("sklearn.RandomForestClassifier", client.dataset())  # doctest: +SKIP
    >>> result.macro_f1, result.baselines["majority"]["macroF1"]  # doctest: +SKIP
    >>> ruvector.fit("xgboost.XGBClassifier", "datasets/fleet", engine="ray")  # doctest: +SKIP

    """
    from dataclasses import replace

    from .._training import log_result, open_run

    run_fit = _choose_fit(engine, engine_options)

    def run(told: Sequence[Callback]) -> FitResult:
        from .request import FitRequest

        return run_fit(FitRequest(estimator, parameters or {}, sample_weight, told, seed), dataset)

    if logger is None:
        return run(callbacks)
    name = estimator if isinstance(estimator, str) else type(estimator).__name__
    with open_run(logger, name) as log:
        result = run((*callbacks, log.log_step))
        log_result(log, result)
    return replace(result, run_id=log.run_id)


def _choose_fit(engine: str, given: Mapping[str, Any]) -> Callable[..., FitResult]:
    if engine == "ray":
        ray_options = read_options(RayOptions, engine, given)

        def on_ray(request: Any, dataset: Any) -> FitResult:  # noqa: ANN401
            from .ray.fitting import fit_on_ray

            return fit_on_ray(request, dataset, ray_options)

        return on_ray
    if engine == "flower":
        flower_options = read_options(FlowerOptions, engine, given)

        def on_hosts(request: Any, dataset: Any) -> FitResult:  # noqa: ANN401
            from .flower.fitting import fit_on_hosts

            return fit_on_hosts(request, dataset, flower_options)

        return on_hosts
    _check_local(engine, given)
    return _fit_here


def _check_local(engine: str, given: Mapping[str, Any]) -> None:
    if engine != "local":
        raise EngineOptionsError(
            f'Cannot use engine "{engine}": there is no such engine; use one of '
            f"{', '.join(_ENGINES)}"
        )
    if given:
        raise EngineOptionsError(
            f"Cannot use options {', '.join(sorted(given))}: they are of another engine than "
            '"local"; pass engine="ray" or engine="flower"'
        )


def _fit_here(request: Any, dataset: Any) -> FitResult:  # noqa: ANN401
    from .._training import fit as fit_here

    return fit_here(
        request.estimator,
        _read(dataset),
        parameters=request.parameters,
        sample_weight=request.sample_weight,
        callbacks=request.callbacks,
        seed=request.seed,
    )


def _read(dataset: Any) -> LabelledDataset:  # noqa: ANN401
    from .._client import open_dataset_folder

    if isinstance(dataset, str | os.PathLike):
        return open_dataset_folder(os.fspath(dataset)).read()
    found: LabelledDataset = dataset
    return found
