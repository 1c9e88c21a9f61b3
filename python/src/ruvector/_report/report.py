"""The training report: one page of HTML without a script, for a file or a notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .sections import model_sections, render_data, render_parity, render_steps
from .style import STYLE
from .tables import rows_table
from .text import ReportFacts, escape

__all__ = ["Report", "build_report", "render_fragment", "render_leaderboard"]

_STATES = {True: "rv-verdict rv-better", False: "rv-verdict rv-worse", None: "rv-verdict"}


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
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{escape(self.title)}</title>"
            "<style>body{margin:0;background:#f8f9fa}"
            "@media (prefers-color-scheme:dark){body{background:#16191d}}</style></head>"
            f"<body>{self._fragment}</body></html>\n"
        )

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
    comparison = facts["metrics"].get("comparison") or {}
    verdict = str(comparison.get("sentence", "It was held against no rule."))
    estimator = facts["trainer"]["estimator"]
    title = f"Training report: {facts['name']}"
    cards = [
        leaderboard and f'<section class="rv-card rv-wide">{leaderboard}</section>',
        *model_sections(facts),
        render_steps(steps),
        render_data(facts, class_counts or {}),
        render_parity(facts),
    ]
    head = (
        f'<h1 class="{_STATES[comparison.get("better")]}">{escape(verdict)}</h1>'
        f"<p>{escape(facts['name'])} · {escape(estimator)} · {escape(facts['created'])}</p>"
    )
    return Report(
        title, verdict, render_fragment(f'{head}<div class="rv-cards">{"".join(cards)}</div>')
    )


def render_fragment(content: str) -> str:
    """Content with the style of a report, for a notebook or a page."""
    return f'<article class="rv-report"><style>{STYLE}</style>{content}</article>'


def render_leaderboard(score: str, rows: Sequence[Sequence[str]], note: str) -> str:
    """Build the table of a search, with what its scores may be taken for.

    Parameters
    ----------
    score : str
        Name of the score.
    rows : sequence of sequence of str
        Name, score, interval, seconds of the fit, microseconds of a decision, KiB and parameters.
    note : str
        Stands above the table.

    """
    cells = [
        [
            f"{escape(name)}<small>{escape(parameters)}</small>",
            f"{escape(value)}<small>{escape(interval)}</small>",
            *(escape(cost) for cost in costs),
        ]
        for name, value, interval, *costs, parameters in rows
    ]
    heads = ["", score, "fit s", "µs", "KiB"]
    caption = (
        "Leaderboard: score over the folds, seconds of a fit, microseconds of a decision, size"
    )
    return f"<h2>Search</h2><p>{escape(note)}</p>{rows_table(caption, heads, cells)}"
