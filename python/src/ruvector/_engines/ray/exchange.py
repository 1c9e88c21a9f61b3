"""Between workers and the caller: steps go out, decisions come back, weights are averaged.

One actor a run. Rank 0 tells each step and waits until the caller's callbacks heard of it, as in a
local fit; the other ranks wait for the same decision, so that all of them stop or save together.
Messages are plain tuples, so that the actor imports nothing that takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._exceptions import CancelledError

__all__ = ["Key", "Told", "Verdict", "create_exchange"]

_POLL_SECONDS = 0.5

#: step, of, loss, metrics; see ``TrainingStep``.
Told = tuple[int, "int | None", "float | None", Mapping[str, float]]
#: Whether all workers stop after the step, and whether they save it.
Verdict = tuple[bool, bool]
#: Attempt and step: a group of workers that was started again begins anew.
Key = tuple[str, int]


def create_exchange(checkpoint_seconds: float) -> Any:  # noqa: ANN401  an actor's handle
    """Start the actor; it takes no processor, since it only waits.

    Parameters
    ----------
    checkpoint_seconds : float
        At least so far apart are two checkpoints.

    """
    import ray

    return ray.remote(num_cpus=0)(Exchange).remote(checkpoint_seconds)


class Exchange:
    """The actor."""

    def __init__(self, checkpoint_seconds: float) -> None:
        self._every = checkpoint_seconds
        self._saved: float | None = None
        self._waiting: list[tuple[Key, Told]] = []
        self._decisions: dict[Key, Verdict] = {}
        self._parts: dict[Key, list[Sequence[NDArray[Any]]]] = {}
        self._means: dict[Key, list[NDArray[Any]]] = {}
        self._failure: Exception | None = None
        self._is_stopped = False
        self._is_abandoned = False
        self._changed = asyncio.Condition()

    async def tell(self, attempt: str, rank: int, told: Told) -> Verdict:
        """Tell a step; returns what is decided once the caller heard of it."""
        key = (attempt, told[0])
        async with self._changed:
            if rank == 0:
                self._waiting.append((key, told))
                self._changed.notify_all()
            await self._changed.wait_for(lambda: self._is_abandoned or key in self._decisions)
        if self._is_abandoned:
            raise CancelledError("Cannot go on fitting: the caller has left; fit again")
        return self._decisions[key]

    async def poll(self) -> list[tuple[Key, Told]]:
        """Take the steps the caller has not heard of; waits a little for one."""
        async with self._changed:
            try:
                await asyncio.wait_for(
                    self._changed.wait_for(lambda: bool(self._waiting)), _POLL_SECONDS
                )
            except asyncio.TimeoutError:
                return []
            waiting, self._waiting = self._waiting, []
            return waiting

    async def decide(self, key: Key, *, stop: bool) -> None:
        """Say that the callbacks heard of a step, and whether one wants the end."""
        now = asyncio.get_running_loop().time()
        self._is_stopped = self._is_stopped or stop
        since = self._saved if self._saved is not None else now
        save = now - since >= self._every
        self._saved = now if save else since
        async with self._changed:
            self._decisions[key] = (self._is_stopped, save)
            self._changed.notify_all()

    async def mean(
        self, attempt: str, step: int, world: int, arrays: Sequence[NDArray[Any]]
    ) -> list[NDArray[Any]]:
        """Mean of the arrays of all workers at a step; returns when all of them sent theirs."""
        key = (attempt, step)
        async with self._changed:
            parts = self._parts.setdefault(key, [])
            parts.append(arrays)
            if len(parts) == world:
                self._means[key] = [np.mean(each, axis=0) for each in zip(*parts, strict=True)]
                del self._parts[key]
                self._means.pop((attempt, step - 2), None)
                self._changed.notify_all()
            await self._changed.wait_for(lambda: key in self._means)
            return self._means[key]

    async def abandon(self) -> None:
        """End all workers at their next step."""
        async with self._changed:
            self._is_abandoned = True
            self._failure = CancelledError("Cannot go on fitting: the caller has left; fit again")
            self._changed.notify_all()

    async def fail(self, error: Exception) -> None:
        """Keep why the fit cannot go on, whatever is tried again."""
        self._failure = self._failure or error

    async def failure(self) -> Exception | None:
        """Why the fit cannot go on."""
        return self._failure
