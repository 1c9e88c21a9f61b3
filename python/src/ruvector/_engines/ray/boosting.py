"""LightGBM and XGBoost on workers: one model, whose histograms are added up over the workers.

Each framework talks between its own processes; Ray's trainers set that up. A checkpoint is the
booster so far, from which both go on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._training import TrainingStep, fit_rows, training_error
from ..._untyped import Estimator
from .parts import pad_classes, take_rows
from .worker import Worker

__all__ = ["fit_lightgbm", "fit_xgboost"]


def fit_xgboost(worker: Worker) -> Estimator | None:
    """Fit an XGBClassifier."""
    import xgboost
    from xgboost.callback import TrainingCallback

    model = worker.job.model
    X, y, weights = pad_classes(worker, *take_rows(worker))
    wanted, callbacks = model.get_num_boosting_rounds(), model.callbacks
    state = worker.load() or {"done": 0, "booster": None}
    done = int(state["done"])
    start = None if state["booster"] is None else xgboost.Booster(model_file=state["booster"])

    class Teller(TrainingCallback):  # type: ignore[misc,unused-ignore]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ANN401
            step = done + epoch + 1
            stop, save = worker.tell(TrainingStep(step, wanted))
            if save:
                worker.save({"done": step, "booster": model.save_raw("json")})
            return stop

    model.set_params(n_estimators=max(wanted - done, 1), callbacks=[*(callbacks or []), Teller()])
    arguments = {"sample_weight": weights, **({} if start is None else {"xgb_model": start})}
    if start is None or done < wanted:
        fit_rows(model, X, y, arguments, [])
    model.set_params(n_estimators=wanted, callbacks=callbacks)
    return model if worker.rank == 0 else None


def fit_lightgbm(worker: Worker) -> Estimator | None:
    """Fit an LGBMClassifier."""
    import lightgbm
    from lightgbm.callback import EarlyStopException
    from ray.train.lightgbm import get_network_params

    model = worker.job.model
    X, y, weights = pad_classes(worker, *take_rows(worker))
    wanted = model.n_estimators
    state = worker.load() or {"done": 0, "booster": None}
    done = int(state["done"])
    start = None if state["booster"] is None else lightgbm.Booster(model_str=state["booster"])

    def tell(environment: Any) -> None:  # noqa: ANN401  LightGBM's CallbackEnv
        step = environment.iteration + 1
        stop, save = worker.tell(TrainingStep(step, wanted))
        if save:
            worker.save({"done": step, "booster": environment.model.model_to_string()})
        if stop:
            raise EarlyStopException(environment.iteration, [])

    asked, bins = _learn_bins(worker)
    asked = {**asked, "tree_learner": "data", "pre_partition": True, **get_network_params()}
    target = np.searchsorted(model.classes_, y)
    rows = lightgbm.Dataset(X, target, weight=weights, reference=bins, params=asked)
    try:
        model._Booster = lightgbm.train(
            asked, rows, max(wanted - done, 1), init_model=start, callbacks=[tell]
        )
    except lightgbm.basic.LightGBMError as error:
        raise training_error(model, error) from error
    model.set_params(n_estimators=wanted)
    return model if worker.rank == 0 else None


def _learn_bins(worker: Worker) -> tuple[dict[str, Any], Any]:
    """Parameters of LightGBM, and the bins that all workers use.

    From an even share of all rows: workers that talk to each other before their data sets are made
    would take the bins of a feature from the rows of one of them. The estimator is left as one that
    was fitted on these rows, with all it knows but the booster.
    """
    import lightgbm

    model, sample = worker.job.model, worker.job.sample
    X, y, weights = pad_classes(worker, sample.X, sample.y)
    model.set_params(n_estimators=1)
    model.fit(X, y, sample_weight=weights)
    asked = {name: value for name, value in model.booster_.params.items() if value is not None}
    asked.pop("num_iterations", None)
    return asked, lightgbm.Dataset(X, np.searchsorted(model.classes_, y), params=asked).construct()
