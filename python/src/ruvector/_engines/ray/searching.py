"""Search over the processors of a Ray cluster: trials of our study, run at once by Ray Tune.

What is tried, how it is scored and how it is kept are as in a search here. Which trial hears of
which results depends on when they end, so that two searches need not try the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._client import DatasetFolder
from ..._search import (
    FirstTrialsRunning,
    SearchOptions,
    SearchResult,
    SearchStopped,
    Setup,
    TrialSettings,
    make_folds,
    score_folds,
    search_in_run,
)
from ..._training import Callback, FitResult, LabelledDataset, RunLog, Task
from ..options import RayOptions
from ..request import FitRequest
from .cluster import Cluster, join_cluster
from .fitting import as_folder, fit_on_ray

__all__ = ["search_on_ray"]


def search_on_ray(
    run: RunLog,
    estimators: Any,  # noqa: ANN401
    dataset: LabelledDataset | str | os.PathLike[str],
    search: SearchOptions,
    options: RayOptions,
) -> SearchResult:
    """Search as :func:`ruvector.search` says for ``engine="ray"``."""
    with as_folder(dataset, options) as folder, join_cluster(options) as cluster:
        runner = _TuneRunner(folder, search, options, cluster)
        return search_in_run(run, estimators, folder, search, runner)


@dataclass(frozen=True)
class _Task:
    """What every trial is told."""

    folder: DatasetFolder
    search: SearchOptions
    gap_ms: float
    task: Task


def _run_trial(config: Mapping[str, Any], told: _Task) -> None:
    """Run one trial in a worker of Ray Tune; it reads the train split by itself."""
    from ray import tune

    def hear(number: int, mean: float) -> None:
        tune.report({"fold": number + 1, "score": mean})

    search = told.search
    try:
        dataset = told.folder.read()
        folds = make_folds(dataset, search.folds, told.gap_ms, told.task)
        settings = TrialSettings(folds, search.sample_weight, search.seed)
        row, rules = score_folds(config["estimator"], config["parameters"], settings, (), hear)
    except Exception as error:  # estimators raise anything for parameters they cannot take
        tune.report({"fold": 0, "score": float("nan"), "failure": str(error) or repr(error)})
        return
    last = {"fold": search.folds + 1, "score": row["score"]}
    # In one piece: mappings in a result reach the searcher taken apart.
    tune.report({**last, "found": (row, rules)})


class _TuneRunner:
    """Runs the trials of a search on a cluster."""

    def __init__(
        self, folder: DatasetFolder, search: SearchOptions, options: RayOptions, cluster: Cluster
    ) -> None:
        self._folder = folder
        self._search = search
        self._options = options
        self._cluster = cluster

    def run_trials(self, setup: Setup, trials: int) -> None:
        """Run trials until there are so many; Ray starts those of a lost worker again."""
        from ray import tune

        told = _Task(self._folder, _plain(self._search), setup.gap_ms, setup.task)
        trainable = tune.with_parameters(_run_trial, told=told)
        hear = _listener(setup)
        mode = "min" if setup.is_error else "max"
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            tune_config=tune.TuneConfig(
                metric="score",
                mode=mode,
                search_alg=_searcher(setup, trials, hear),
                num_samples=-1,
                max_concurrent_trials=self._options.workers,
                # Below the median of earlier trials at the same fold, as in a search here.
                scheduler=tune.schedulers.MedianStoppingRule(
                    time_attr="fold", grace_period=1, min_samples_required=8
                ),
            ),
            run_config=tune.RunConfig(
                storage_path=_path(self._cluster),
                failure_config=tune.FailureConfig(max_failures=self._options.max_failures),
                callbacks=[hear],
                stop=hear.stopper,
                verbose=0,
            ),
        )
        tuner.fit()
        if hear.raised is not None:
            raise hear.raised

    def fit(
        self,
        estimator: Any,  # noqa: ANN401
        parameters: Mapping[str, Any],
        callbacks: Sequence[Callback],
    ) -> FitResult:
        """Fit the best on the workers."""
        search = self._search
        request = FitRequest(estimator, parameters, search.sample_weight, callbacks, search.seed)
        return fit_on_ray(request, self._folder, self._options)


def _plain(search: SearchOptions) -> SearchOptions:
    """Options without what belongs to the caller's process."""
    return SearchOptions(folds=search.folds, seed=search.seed, sample_weight=search.sample_weight)


def _path(cluster: Cluster) -> str:
    return cluster.storage if "://" in cluster.storage else os.path.abspath(cluster.storage)


def _searcher(setup: Setup, trials: int, hear: Any) -> Any:  # noqa: ANN401
    """Make the searcher of Ray Tune that asks our study and tells it."""
    from ray.tune.search import Searcher

    loop = setup.loop

    class StudySearcher(Searcher):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__(metric="score", mode="min" if setup.is_error else "max")
            self._running: dict[str, Any] = {}

        def suggest(self, trial_id: str) -> Any:  # noqa: ANN401
            if setup.progress.done + len(self._running) >= trials:
                return Searcher.FINISHED
            trial = loop.ask(len(self._running))
            try:
                candidate, parameters = loop.choose(trial)
            except FirstTrialsRunning:
                loop.forget(trial)
                return None
            except SearchStopped:
                loop.forget(trial)
                return Searcher.FINISHED
            self._running[trial_id] = trial
            return {"estimator": candidate.estimator, "parameters": parameters}

        def on_trial_complete(
            self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False
        ) -> None:
            trial = self._running.pop(trial_id)
            told = result or {}
            if "found" in told:
                row, rules = told["found"]
                loop.keep(trial, row, rules)
                end = (row["score"], "COMPLETE")
            elif error or "failure" in told:
                loop.fail(trial, told.get("failure", "its worker was lost"))
                end = (None, "FAIL")
            else:
                end = (None, "PRUNED")
            hear.heed(lambda: loop.tell(trial, *end))

        def save(self, checkpoint_path: str) -> None:
            """Nothing: the study keeps its trials where the caller said."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing, see ``save``."""

        def __reduce__(self) -> Any:  # noqa: ANN401
            return _stays_here, ()

    return StudySearcher()


def _stays_here() -> None:
    """Stand for what Ray writes down with a search: study and callbacks are the caller's."""


def _listener(setup: Setup) -> Any:  # noqa: ANN401
    """Make the callback of Ray Tune that tells the caller's, and ends the search for them."""
    from ray.tune import Callback as TuneCallback
    from ray.tune import Stopper

    class Stop(Stopper):  # type: ignore[misc,unused-ignore]
        is_over = False

        def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
            return False

        def stop_all(self) -> bool:
            return self.is_over

    class Hear(TuneCallback):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self.stopper = Stop()
            self.raised: BaseException | None = None

        def on_trial_result(
            self,
            iteration: int,
            trials: Sequence[Any],
            trial: Any,  # noqa: ANN401
            result: Mapping[str, Any],
            **info: Any,  # noqa: ANN401
        ) -> None:
            if "failure" not in result:
                told = {name: float(result[name]) for name in ("fold", "score")}
                self.heed(lambda: setup.progress.tell(**told))

        def heed(self, tell: Callable[[], None]) -> None:
            """Tell the caller's callbacks; what one raises ends the search, not Ray's loop."""
            try:
                tell()
            except BaseException as error:
                self.raised = self.raised or error
                self.stopper.is_over = True

        def __reduce__(self) -> Any:  # noqa: ANN401
            return _stays_here, ()

    return Hear()
