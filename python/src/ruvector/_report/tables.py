"""Tables of a report: every one with headers that a screen reader can follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .text import escape, figure, whole

__all__ = ["facts_table", "folded", "matrix_table", "rows_table"]


def rows_table(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    own: int | None = None,
) -> str:
    """Build a table whose first column names the row; the other columns hold figures.

    Parameters
    ----------
    caption : str
        What the table shows.
    heads : sequence of str
        Text of the column heads.
    rows : sequence of sequence of str
        HTML of the cells.
    own : int, optional
        Row to emphasise.

    """
    numeric = ' class="n"'
    head = "".join(
        f'<th scope="col"{numeric if at else ""}>{escape(text)}</th>'
        for at, text in enumerate(heads)
    )
    body = "".join(
        f"<tr{' class=own' if at == own else ''}>"
        f'<th scope="row">{first}</th>'
        + "".join(f"<td{numeric}>{cell}</td>" for cell in others)
        + "</tr>"
        for at, (first, *others) in enumerate(rows)
    )
    return (
        f'<div class="rv-scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts_table(caption: str, facts: Mapping[str, object]) -> str:
    """Names and values in two columns; nothing for none."""
    if not facts:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(_brief(value))}</td></tr>'
        for name, value in facts.items()
    )
    return (
        f'<table class="rv-facts"><caption>{escape(caption)}</caption><tbody>{body}</tbody></table>'
    )


def folded(title: str, content: str) -> str:
    """Build a part that the reader opens; nothing for no content."""
    return content and f"<details><summary>{escape(title)}</summary>{content}</details>"


def matrix_table(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Confusion matrix. Columns are numbered like the rows, so that long names fit a phone."""
    heads = "".join(
        f'<th scope="col"><abbr title="{escape(name)}">{at + 1}</abbr></th>'
        for at, name in enumerate(labels)
    )
    rows = "".join(
        f'<tr><th scope="row">{at + 1} {escape(name)}</th>{_matrix_cells(at, counts)}</tr>'
        for at, (name, counts) in enumerate(zip(labels, matrix, strict=True))
    )
    return (
        '<div class="rv-scroll"><table class="rv-matrix"><caption>Rows: what came. Columns: what '
        "the model said, by the numbers of the rows.</caption>"
        f'<thead><tr><th scope="col">came</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _matrix_cells(row: int, counts: Sequence[int]) -> str:
    total = sum(counts) or 1
    return "".join(
        f'<td style="background:rgba(var(--rv-shade),{0.06 + 0.5 * count / total:.2f})">'
        + (f"<b>{whole(count)}</b>" if at == row else whole(count))
        + "</td>"
        for at, count in enumerate(counts)
    )


def _brief(value: Any) -> str:  # noqa: ANN401  any JSON value
    if isinstance(value, float):
        return figure(value) if abs(value) >= 0.001 or value == 0 else f"{value:.3g}"
    if isinstance(value, list | tuple):
        return ", ".join(_brief(each) for each in value)
    return str(value)
