"""The leaderboard of a search: models and rules by their score over the folds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .._report import draw, render_leaderboard

__all__ = ["Leaderboard", "LeaderboardRow"]

_SHOWN = 20


@dataclass(frozen=True)
class LeaderboardRow:
    """One model or rule.

    Attributes
    ----------
    name : str
        Estimator, or rule.
    kind : {"model", "rule"}
    score : float
        Mean over the folds.
    interval : tuple of (float, float)
        95 % of that mean, drawn in blocks of time within each fold.
    fold_scores : tuple of float
    parameters : mapping
        Those that were tried; empty for the estimator's defaults.
    trial : int or None
        Number of the trial.
    fit_seconds : float or None
        Mean over the folds.
    decision_us : float or None
        Median microseconds of one decision in onnxruntime on this machine.
    size_bytes : int or None
        Size of the ONNX file.

    """

    name: str
    kind: str
    score: float
    interval: tuple[float, float]
    fold_scores: tuple[float, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trial: int | None = None
    fit_seconds: float | None = None
    decision_us: float | None = None
    size_bytes: int | None = None


class Leaderboard:
    """Rows, the best first; the rules are always among them.

    Parameters
    ----------
    rows : sequence of LeaderboardRow
        In any order.
    score : str
        Key of the score.
    is_error : bool
        True when a lower score is better.
    note : str
        What the scores may be taken for.

    """

    def __init__(
        self, rows: Sequence[LeaderboardRow], *, score: str, is_error: bool, note: str
    ) -> None:
        self.score = score
        self.note = note
        # A rule goes before a model that is no better: it costs nothing.
        self.rows = tuple(
            sorted(
                rows,
                key=lambda row: (
                    row.score if is_error else -row.score,
                    row.kind == "model",
                    row.trial,
                ),
            )
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[LeaderboardRow]:
        return iter(self.rows)

    def __getitem__(self, at: int) -> LeaderboardRow:
        return self.rows[at]

    def __repr__(self) -> str:
        table = [self._heads(), *(self._cells(at) for at in self._shown())]
        widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([*lines, self._rest(), self.note])

    def _repr_html_(self) -> str:
        return draw("buildFragment", self.to_html())

    def to_html(self) -> str:
        """Return the table without a style, for a report."""
        note = " ".join(part for part in (self.note, self._rest()) if part)
        rows = []
        for at in self._shown():
            name, score, interval, *costs, parameters = self._cells(at)
            texts = {"name": name, "score": score, "interval": interval, "parameters": parameters}
            rows.append({**texts, "costs": costs})
        return render_leaderboard(self.score, rows, note)

    def to_pandas(self) -> Any:  # noqa: ANN401  pandas.DataFrame, which ships no types here
        """Rows as a DataFrame; needs pandas."""
        import pandas as pd

        return pd.DataFrame(self.to_json())

    def to_json(self) -> list[dict[str, Any]]:
        """Rows as JSON-safe records."""
        return [json.loads(json.dumps(asdict(row), default=str)) for row in self.rows]

    def _shown(self) -> list[int]:
        best = [at for at, row in enumerate(self.rows) if row.kind == "model"][:_SHOWN]
        return sorted({*best, *(at for at, row in enumerate(self.rows) if row.kind == "rule")})

    def _rest(self) -> str:
        left = len(self.rows) - len(self._shown())
        return f"{left} more models are in .rows." if left else ""

    def _heads(self) -> list[str]:
        return ["", self.score, "95 % interval", "fit s", "decision µs", "KiB", "parameters"]

    def _cells(self, at: int) -> list[str]:
        row = self.rows[at]
        name = row.name if row.kind == "model" else f"rule: {draw('nameOfRule', row.name)}"
        told = ", ".join(f"{key}={_brief(value)}" for key, value in row.parameters.items())
        return [
            f"{at + 1} {name}",
            f"{row.score:.3f}",
            draw("intervalText", row.interval),
            "" if row.fit_seconds is None else f"{row.fit_seconds:.3g}",
            "" if row.decision_us is None else f"{row.decision_us:.0f}",
            "" if row.size_bytes is None else f"{row.size_bytes / 1024:.0f}",
            told or ("defaults" if row.kind == "model" else ""),
        ]


def _brief(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
