"""The estimators of a search: by name or as objects, each with what is tried of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline

from .._exceptions import SearchError
from .._training import Task, create_estimator, estimator_path, task_of
from .._untyped import Estimator
from .spaces import Space, Suggest, default_space, prefixed

__all__ = ["Candidate", "common_task", "take_candidates"]


@dataclass(frozen=True)
class Candidate:
    """One estimator.

    Attributes
    ----------
    name : str
        As in the leaderboard.
    estimator : estimator or str
        What :func:`ruvector.fit` takes.
    task : Task
        What it is for.
    space : callable or None
        What is tried; None tries its defaults alone.
    prefix : str
        Put before each parameter: the last step of a pipeline that was given as an object.

    """

    name: str
    estimator: Estimator
    task: Task
    space: Space | None
    prefix: str

    def suggest(self, trial: Suggest) -> dict[str, Any]:
        """Parameters for a trial."""
        if self.space is None:
            return {}
        found = self.space(prefixed(trial, self.name))
        return {self.prefix + key: value for key, value in found.items()}


def take_candidates(
    estimators: Any,  # noqa: ANN401  a name, an estimator, several, or a mapping
    spaces: Mapping[str, Space],
) -> list[Candidate]:
    """Read what the caller asked for.

    Raises
    ------
    SearchError
        There is none, two have one name, a space is for none, or they have different tasks.

    """
    named = _name_all(estimators)
    unknown = sorted(set(spaces) - set(named))
    if unknown or not named:
        state = (
            f"there is no estimator {', '.join(map(repr, unknown))}" if unknown else "none is given"
        )
        known = ", ".join(map(repr, named)) or "a name such as 'sklearn.RandomForestClassifier'"
        raise SearchError(f"Cannot search for parameters: {state}; use {known}")
    return [_to_candidate(name, estimator, spaces) for name, estimator in named.items()]


def common_task(candidates: Sequence[Candidate]) -> Task:
    """Task of all candidates.

    Raises
    ------
    SearchError
        They have different ones: their scores cannot be compared.

    """
    tasks = {candidate.task for candidate in candidates}
    if len(tasks) > 1:
        told = ", ".join(f"{each.name} ({each.task})" for each in candidates)
        raise SearchError(f"Cannot compare {told}: their tasks differ; search one task at a time")
    return candidates[0].task


def _name_all(estimators: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(estimators, Mapping):
        return dict(estimators)
    several = estimators if isinstance(estimators, list | tuple) else [estimators]
    named: dict[str, Any] = {}
    for each in several:
        name = each if isinstance(each, str) else _short_name(each)
        if name in named:
            raise SearchError(
                f'Cannot search for parameters: two estimators are called "{name}"; pass a '
                "mapping of names to estimators"
            )
        named[name] = each
    return named


def _short_name(estimator: Estimator) -> str:
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return f"{estimator_path(last).partition('.')[0]}.{type(last).__name__}"


def _to_candidate(name: str, estimator: Estimator, spaces: Mapping[str, Space]) -> Candidate:
    is_named = isinstance(estimator, str)
    built = create_estimator(estimator) if is_named else estimator
    is_pipeline = isinstance(built, Pipeline)
    last = built.steps[-1][1] if is_pipeline else built
    # By name, parameters are those of the last step already.
    prefix = f"{built.steps[-1][0]}__" if is_pipeline and not is_named else ""
    space = spaces.get(name)
    if space is not None:
        return Candidate(name, estimator, task_of(built), space, "")
    return Candidate(name, estimator, task_of(built), default_space(last), prefix)
