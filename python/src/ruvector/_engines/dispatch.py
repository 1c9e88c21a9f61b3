"""``fit`` and ``search`` as users call them: in this process, or by an engine.

Engines are imported when one is asked for; their workers import this package, so nothing heavy is
imported here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .._exceptions import EngineOptionsError
from .._parameters import FLAG, MAPPING, PATH, TEXT, Wanted, number, sequence, takes, whole_number
from .._progress_bar import ProgressBar
from .options import FlowerOptions, RayOptions, read_options

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from .._search import SearchResult, Space
    from .._training import Callback, FitResult, LabelledDataset, LoggerName, RunLog

__all__ = ["fit", "search"]

_ENGINES = ("local", "ray", "flower")
_DATASET = Wanted(
    "client.dataset(), or the folder of a training set",
    lambda value: isinstance(value, str | os.PathLike) or callable(getattr(value, "X", None)),
)
_CALLBACKS = sequence("a list of functions", callable)
_SEED = whole_number("a whole number of at least 0", 0)


# What a data set or parameters lack is said by who reads them.
@takes(
    callbacks=_CALLBACKS,
    seed=_SEED,
    progress=FLAG,
    engine=TEXT,
)
def fit(
    estimator: BaseEstimator | str,
    dataset: LabelledDataset | str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    callbacks: Sequence[Callback] = (),
    seed: int = 0,
    logger: LoggerName | None = None,
    progress: bool | None = None,
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
    progress : bool, optional
        Draw a bar. By default on a terminal and in a notebook, when it takes longer than a moment.
    engine : {"local", "ray", "flower"}, default "local"
        In this process, on the workers of a Ray cluster, or on hosts that keep their data.
    **engine_options
        Of ``"ray"``: ``address`` of a cluster that is there (without it one starts on this machine
        and stops with the call), ``workers`` (2), ``checkpoints``, a folder or ``s3://``
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

    name = estimator if isinstance(estimator, str) else type(estimator).__name__
    with ProgressBar(f"fit {name}", progress) as bar:
        if logger is None:
            return run((*callbacks, bar))
        with open_run(logger, name) as log:
            result = run((*callbacks, bar, log.log_step))
            log_result(log, result)
    return replace(result, run_id=log.run_id)


@takes(
    dataset=_DATASET,
    # How many make sense together is said by the search.
    trials=whole_number("a number of trials"),
    folds=whole_number("a number of folds of at least 2"),
    gap_ms=number("milliseconds of at least 0", 0),
    timeout_seconds=number("seconds above 0"),
    seed=_SEED,
    callbacks=_CALLBACKS,
    spaces=MAPPING,
    storage=PATH,
    progress=FLAG,
    engine=TEXT,
)
def search(
    estimators: Any,  # noqa: ANN401  a name, an estimator, several of them, or a mapping
    dataset: LabelledDataset | str | os.PathLike[str],
    *,
    trials: int = 40,
    folds: int = 4,
    gap_ms: float | None = None,
    timeout_seconds: float | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    spaces: Mapping[str, Space] | None = None,
    sample_weight: Literal["balanced"] | None = "balanced",
    storage: str | os.PathLike[str] | None = None,
    logger: LoggerName | None = None,
    progress: bool | None = None,
    engine: Literal["local", "ray"] = "local",
    **engine_options: Any,  # noqa: ANN401
) -> SearchResult:
    """Search for the best estimator and parameters.

    Every trial is fitted on the past and scored on what came later, in several folds of the train
    split; the test split is never read until the best model is measured on it, once. Each estimator
    is tried with its defaults first.

    Parameters
    ----------
    estimators : str, estimator, list of them, or mapping of names to them
        What :func:`ruvector.fit` takes; all of one task.
    dataset : LabelledDataset or path
        See :func:`ruvector.fit`.
    trials : int, default 40
        How many are made, those of an earlier run in ``storage`` counted.
    folds : int, default 4
        Parts of the train split that are validated on.
    gap_ms : float, optional
        Left out between the rows of a fold that are trained on and those it is validated on. By
        default, and at least, the horizon of the labels and what the features look back.
    timeout_seconds : float, optional
        After that long, what is complete has to do; one trial always is.
    seed : int, default 0
        Of the search and of the estimators: the same seed on the same data gives the same result,
        unless time ends it.
    callbacks : sequence of callable, default ()
        Each is called with a :class:`ruvector.trainers.TrainingStep` that counts trials, several
        times a second. One that raises :class:`ruvector.trainers.StopTraining` ends the search with
        the trials that are complete; anything else it raises ends it for good.
    spaces : mapping of str to callable, optional
        What is tried, by name of the estimator: ``{"sklearn.SVC": lambda trial: {"C":
        trial.suggest_float("C", 0.1, 10, log=True)}}``. Others have a space of ours.
    sample_weight : {"balanced", None}, default "balanced"
        See :func:`ruvector.fit`.
    storage : path, optional
        A file that keeps every trial (Optuna's journal). A search that was interrupted goes on from
        it, with the trials that are left.
    logger : {"mlflow", None}, default None
        See :func:`ruvector.fit`. The best model is one run, every complete trial a run below it.
    progress : bool, optional
        Draw a bar over the trials. By default on a terminal and in a notebook.
    engine : {"local", "ray"}, default "local"
        In this process one trial after the other, or ``workers`` at once on a Ray cluster, where
        the same seed need not try the same.
    **engine_options
        See :func:`ruvector.fit`.

    Returns
    -------
    SearchResult
        ``best``, ``leaderboard``, and why trials failed.

    Raises
    ------
    MissingPackageError
        Optuna is not installed; the text has the line that installs it.
    SearchError
        Options or data cannot be searched with, or no trial was complete.
    EngineOptionsError, EngineError
        See :func:`ruvector.fit`.

    Examples
    --------
    >>> found = ruvector.search(
    ...     ["sklearn.RandomForestClassifier", "lightgbm.LGBMClassifier"], dataset, trials=30
    ... )  # doctest: +SKIP
    >>> found.leaderboard  # doctest: +SKIP
    >>> ruvector.deploy(found.best, name="memopt")  # doctest: +SKIP

    """
    from dataclasses import replace

    from .._search import SearchOptions, search_in_run
    from .._training import log_result, open_run

    run_search = _choose_search(engine, engine_options)
    bar = ProgressBar("search", progress, unit="trial")
    options = SearchOptions(
        trials=trials,
        folds=folds,
        gap_ms=gap_ms,
        timeout_seconds=timeout_seconds,
        seed=seed,
        callbacks=(*callbacks, bar),
        spaces=spaces or {},
        sample_weight=sample_weight,
        storage=storage,
    )
    with bar, open_run(logger, "search") as run:
        if run_search is None:
            found = search_in_run(run, estimators, _read(dataset), options)
        else:
            found = run_search(run, estimators, dataset, options)
        log_result(run, found.best)
        run.log_page("leaderboard.html", found.leaderboard._repr_html_())
    return replace(found, best=replace(found.best, run_id=run.run_id))


def _choose_search(engine: str, given: Mapping[str, Any]) -> Callable[..., SearchResult] | None:
    if engine == "flower":
        raise EngineOptionsError(
            'Cannot search with engine "flower": hosts would be asked for every trial; search here '
            "or on Ray, and fit what was found across hosts"
        )
    if engine != "ray":
        _check_local(engine, given)
        return None
    # Trials and the last fit share the cluster; checkpoints of the fit go where the caller says.
    ray_options = read_options(RayOptions, engine, given)

    def on_ray(run: RunLog, estimators: Any, dataset: Any, options: Any) -> SearchResult:  # noqa: ANN401
        from .ray.searching import search_on_ray

        return search_on_ray(run, estimators, dataset, options, ray_options)

    return on_ray


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
    from .._training import fit_here

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
