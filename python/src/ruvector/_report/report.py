"""The training report: one page of HTML without a script, for a file or a notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .pictures import draw

__all__ = ["Report", "ReportFacts", "build_report", "render_card", "render_leaderboard"]

ReportFacts = Mapping[str, Any]
"""Plain figures, named as in a manifest."""


class Report:
    """A training report.

    Shown by a notebook as it is; :meth:`save` writes a page that needs nothing else.

    Parameters
    ----------
    title : str
        Name of the page.
    verdict : str
        Its first line.
    fragment : str
        Its content as HTML.

    """

    def __init__(self, title: str, verdict: str, fragment: str) -> None:
        self.title = title
        self.verdict = verdict
        self._fragment = fragment

    def __repr__(self) -> str:
        return f"Report({self.title!r}: {self.verdict})"

    def _repr_html_(self) -> str:
        return self._fragment

    def to_html(self) -> str:
        """Return the whole page."""
        return draw("buildPage", self.title, self._fragment)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file and return its path."""
        written = Path(path)
        written.write_text(self.to_html(), encoding="utf-8")
        return written


def build_report(
    facts: ReportFacts,
    *,
    steps: Sequence[ReportFacts] = (),
    class_counts: Mapping[str, int] | None = None,
    leaderboard: str = "",
) -> Report:
    """Build a report from the facts of a model.

    Parameters
    ----------
    facts : mapping
        Named as in a manifest: ``name``, ``created``, ``task``, ``labels``, ``features``,
        ``trainer``, ``dataset``, ``metrics``; ``parity``, ``model`` and ``versions`` when it was
        exported, else ``notExported`` says why it was not.
    steps : sequence of mapping
        Step, loss and metrics that the estimator reported while it was fitted.
    class_counts : mapping, optional
        Rows of each label.
    leaderboard : str, optional
        HTML of the search the model comes from.

    """
    extras = {"steps": steps, "classCounts": class_counts or {}, "leaderboard": leaderboard}
    content = draw("buildTrainingReport", facts, extras)
    title = f"Training report: {facts['name']}"
    return Report(title, draw("verdictOf", facts), draw("buildFragment", content))


def render_card(title: str, *content: str) -> str:
    """HTML of parts below a heading, with the style of a report, for a notebook."""
    return draw("buildCard", title, "".join(content))


def render_leaderboard(
    score: str, rows: Sequence[Mapping[str, str | Sequence[str]]], note: str
) -> str:
    """Build the table of a search, with what its scores may be taken for.

    Parameters
    ----------
    score : str
        Name of the score.
    rows : sequence of mapping
        Text by ``name``, ``parameters``, ``score`` and ``interval``; ``costs`` are seconds of the
        fit, microseconds of a decision and KiB.
    note : str
        Stands above the table.

    """
    return draw("leaderboardSection", score, rows, note)
