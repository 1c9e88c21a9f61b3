"""What the measurement of one task gives; the same for all tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .bootstrap import block_length
from .held_out import HeldOutRows
from .labelled_dataset import LabelledDataset

__all__ = ["Scored", "block_of"]


@dataclass(frozen=True)
class Scored:
    """Scores of a fitted model on the test split.

    Attributes
    ----------
    metrics : dict
        JSON-safe, with ``interval`` and ``baseline``.
    held_out : HeldOutRows
        Rows it was measured on, in time order.
    classes : tuple of int
        Label index of each probability column; empty unless the task is classification.

    """

    metrics: dict[str, Any]
    held_out: HeldOutRows
    classes: tuple[int, ...] = ()


def block_of(rows: HeldOutRows, dataset: LabelledDataset) -> int:
    """Rows of a bootstrap block of held-out rows."""
    return block_length(len(rows.y), rows.timestamps, dataset.meta.get("horizonMs"))
