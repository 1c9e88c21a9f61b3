"""The loop of a search: asks for trials, runs them, and writes down what became of each."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._exceptions import CancelledError, SearchError
from .._training import RunLog
from .candidates import Candidate
from .leaderboard import LeaderboardRow
from .progress import SearchProgress, SearchStopped
from .study import Study, Trial, ask, finished_trials
from .trial_run import FoldRules, Pruned, TrialSettings, interval_of_mean, run_trial

__all__ = ["FirstTrialsRunning", "TrialLoop"]

_RULES = "rules"


class FirstTrialsRunning(Exception):  # noqa: N818  it is no error: several trials run at a time
    """Estimators are tried with their defaults yet: what to try next shows when these end."""


class TrialLoop:
    """Trials of one study.

    Parameters
    ----------
    study : optuna.Study
    candidates : sequence of Candidate
    settings : TrialSettings
    progress : SearchProgress
    run : RunLog
        Gets a run below its own for every complete trial.

    """

    def __init__(
        self,
        study: Study,
        candidates: Sequence[Candidate],
        settings: TrialSettings,
        progress: SearchProgress,
        run: RunLog,
    ) -> None:
        self._study = study
        self._candidates = {candidate.name: candidate for candidate in candidates}
        self._settings = settings
        self._progress = progress
        self._run = run

    def run(self, trials: int, run_until: Callable[[int], None] | None = None) -> None:
        """Run the trials that are left; fewer when the time is over or a callback says so.

        Parameters
        ----------
        trials : int
            How many there are at most.
        run_until : callable, optional
            Runs trials until there are so many; by default one after the other, here.

        Raises
        ------
        SearchError
            No trial was complete.

        """
        self._progress.done = self._progress.resumed = len(finished_trials(self._study))
        self._progress.has_result = bool(self._complete())
        try:
            (run_until or self._run_until)(trials)
        except SearchStopped as stop:
            if not self._complete():
                raise SearchError(
                    f"Cannot find a model: {stop} before a trial was complete"
                ) from stop
        if not self._complete():
            raise SearchError(
                f"Cannot find a model: every trial failed: {'; '.join(self.failures())}"
            )

    def _run_until(self, trials: int) -> None:
        while self._progress.done < trials:
            self._run_one()
            self._progress.done = len(finished_trials(self._study))
            self._tell()

    def best(self, *, is_error: bool) -> tuple[Candidate, dict[str, Any]]:
        """Candidate of the best trial, with its parameters."""
        choose = min if is_error else max
        trial = choose(self._complete(), key=lambda each: each.value)
        candidate = self._candidates[trial.user_attrs["estimator"]]
        # Asked again, because a file keeps no tuples and no objects.
        return candidate, candidate.suggest(trial) if trial.params else {}

    def counts(self) -> dict[str, int]:
        """Trials that are complete, pruned and failed."""
        states = [trial.state.name for trial in finished_trials(self._study)]
        named = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
        return {name: states.count(state) for name, state in named.items()}

    def failures(self) -> tuple[str, ...]:
        """Why trials failed, each reason once."""
        found = [trial.user_attrs.get("failure") for trial in finished_trials(self._study)]
        return tuple(dict.fromkeys(why for why in found if why))

    def model_rows(self) -> list[LeaderboardRow]:
        """Rows of the complete trials."""
        return [
            LeaderboardRow(
                name=trial.user_attrs["estimator"],
                kind="model",
                score=trial.value,
                parameters=trial.user_attrs["parameters"],
                trial=trial.number,
                **_figures(trial.user_attrs),
            )
            for trial in self._complete()
        ]

    def rule_rows(self) -> list[LeaderboardRow]:
        """Rows of the rules on the same folds."""
        return [
            LeaderboardRow(name=name, kind="rule", score=held["score"], **_scores(held))
            for name, held in self._study.user_attrs.get(_RULES, {}).items()
        ]

    def _complete(self) -> list[Trial]:
        return [trial for trial in finished_trials(self._study) if trial.state.name == "COMPLETE"]

    def _tell(self) -> None:
        complete = self._complete()
        self._progress.has_result = bool(complete)
        if complete:
            self._progress.tell(best=float(self._study.best_value))

    def _run_one(self) -> None:
        from optuna.trial import TrialState

        trial = self.ask()
        state, value = TrialState.FAIL, None
        try:
            candidate, parameters = self.choose(trial)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                row, rules = run_trial(trial, candidate, parameters, self._settings, self._progress)
            self.keep(trial, row, rules)
            state, value = TrialState.COMPLETE, row["score"]
        except Pruned:
            state = TrialState.PRUNED
        except (SearchStopped, CancelledError):
            raise
        except Exception as error:  # estimators raise anything for parameters they cannot take
            if error is self._progress.raised:
                raise
            self.fail(trial, error)
        finally:
            self._study.tell(trial, value, state=state)

    def ask(self, running: int = 0) -> Trial:
        """Begin a trial whose draws follow from the seed and from what is finished, or running."""
        begun = len(finished_trials(self._study)) + running
        return ask(self._study, self._settings.seed, begun)

    def choose(self, trial: Trial) -> tuple[Candidate, dict[str, Any]]:
        """Choose an estimator and parameters for a trial, and note them. Raises SearchStopped."""
        candidate, parameters = self._choose(trial)
        trial.set_user_attr("estimator", candidate.name)
        trial.set_user_attr("parameters", json.loads(json.dumps(parameters, default=str)))
        return candidate, parameters

    def keep(self, trial: Trial, row: Mapping[str, Any], rules: FoldRules) -> None:
        """Note what a complete trial is worth."""
        self._keep_rules(rules)
        for key, figure in row.items():
            trial.set_user_attr(key, figure)
        name, parameters = trial.user_attrs["estimator"], trial.user_attrs["parameters"]
        self._log(f"trial {trial.number}: {name}", parameters, row)

    def forget(self, trial: Trial) -> None:
        """End a trial that was never begun; it does not count."""
        from optuna.trial import TrialState

        self._study.tell(trial, state=TrialState.FAIL)

    def fail(self, trial: Trial, error: object) -> None:
        """Note why a trial failed."""
        trial.set_user_attr("failure", f"{trial.user_attrs.get('estimator', '')}: {error}")

    def tell(self, trial: Trial, value: float | None, state: str) -> None:
        """End a trial: ``COMPLETE``, ``PRUNED`` or ``FAIL``; the caller's callbacks hear of it."""
        from optuna.trial import TrialState

        self._study.tell(trial, value, state=TrialState[state])
        self._progress.done = len(finished_trials(self._study))
        self._tell()

    def _log(self, name: str, parameters: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        low, high = row["interval"]
        single = {key: row[key] for key in ("score", "fit_seconds", "decision_us", "size_bytes")}
        figures = {**single, "interval.low": low, "interval.high": high}
        self._run.log_child(name, parameters, figures)

    def _choose(self, trial: Trial) -> tuple[Candidate, dict[str, Any]]:
        """Defaults of each estimator first; then what the sampler makes of those that worked."""
        from optuna.trial import TrialState

        finished = finished_trials(self._study)
        # Not those of a run that was interrupted: their estimators are tried once more.
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        tried = {each.user_attrs.get("estimator") for each in (*running, *finished)}
        fresh = next((name for name in self._candidates if name not in tried), None)
        if fresh is not None:
            return self._candidates[fresh], {}
        # By its first trial alone, when all of these are over: a study has one set of choices.
        firsts = {each.user_attrs["estimator"]: each for each in reversed(finished)}
        if len(firsts) < len(self._candidates):
            raise FirstTrialsRunning
        open_ones = [
            name
            for name, candidate in self._candidates.items()
            if candidate.space is not None and "failure" not in firsts[name].user_attrs
        ]
        if not open_ones:
            raise SearchStopped("nothing is left to try")
        candidate = self._candidates[trial.suggest_categorical("estimator", open_ones)]
        return candidate, candidate.suggest(trial)

    def _keep_rules(self, rules: FoldRules) -> None:
        if _RULES in self._study.user_attrs:
            return
        described = {
            name: {
                "score": float(np.mean([score for score, _ in held])),
                "interval": interval_of_mean([draws for _, draws in held]),
                "fold_scores": [score for score, _ in held],
            }
            for name, held in rules.items()
        }
        self._study.set_user_attr(_RULES, described)


def _scores(held: Mapping[str, Any]) -> dict[str, Any]:
    return {"interval": tuple(held["interval"]), "fold_scores": tuple(held["fold_scores"])}


def _figures(held: Mapping[str, Any]) -> dict[str, Any]:
    costs = {key: held[key] for key in ("fit_seconds", "decision_us", "size_bytes")}
    return {**_scores(held), **costs}
