"""A bar on standard error, by tqdm, where somebody sees it: on a terminal or in a notebook."""

from __future__ import annotations

import sys
from typing import Protocol

from tqdm import tqdm

__all__ = ["ProgressBar", "is_watched"]

# What is done sooner needs no bar.
_DELAY_S = 0.5


class _Step(Protocol):
    @property
    def step(self) -> int: ...
    @property
    def of(self) -> int | None: ...
    @property
    def loss(self) -> float | None: ...


def is_watched() -> bool:
    """Tell whether standard error is a terminal or the output of a notebook's cell."""
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")


class ProgressBar:
    """A bar over steps of something, a callback of a fit or a search.

    Parameters
    ----------
    title : str
        Stands before it.
    wanted : bool or None
        None shows it where somebody sees it.
    unit : str, default "step"
        What is counted.
    total : int, optional
        How many there are, when it is known before the first one.

    """

    def __init__(
        self, title: str, wanted: bool | None, *, unit: str = "step", total: int | None = None
    ) -> None:
        shown = is_watched() if wanted is None else wanted
        self._bar = tqdm(
            desc=title, unit=unit, total=total, disable=not shown, delay=_DELAY_S, leave=False
        )

    def __call__(self, step: _Step) -> None:
        """Draw a step."""
        if step.of is not None and self._bar.total != step.of:
            self._bar.total = step.of
        if step.loss is not None:
            self._bar.set_postfix(loss=f"{step.loss:.4g}", refresh=False)
        self._bar.update(step.step - self._bar.n)

    def add(self, count: int) -> None:
        """Draw that so many more are done."""
        self._bar.update(count)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.close()
