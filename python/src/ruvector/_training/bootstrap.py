"""How sure a score is: a moving-block bootstrap over rows in time order.

Neighbouring rows look alike, so blocks are drawn and not rows. ``src/models/scores.ts`` draws the
same blocks with the same seed; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "REPLICATES",
    "SEED",
    "block_length",
    "count_draws",
    "interval_of",
    "macro_f1_difference",
    "macro_f1_interval",
    "mean_interval",
]

REPLICATES = 1000
SEED = 20_260_101
MIN_BLOCKS = 5
_MAX_CELLS = 2_000_000  # of one part of the draws
_STEP = 0x6D2B79F5
_MASK = np.uint64(0xFFFFFFFF)


def block_length(rows: int, timestamps: NDArray[np.int64] | None, horizon_ms: float | None) -> int:
    """Rows of a block.

    One horizon, since labels of rows closer than that share what they are computed from; at least
    the cube root of the rows, at most a fifth of them.

    Parameters
    ----------
    rows : int
        How many there are.
    timestamps : ndarray of int64, optional
        Milliseconds of each row, in order.
    horizon_ms : float, optional
        How far labels look ahead.

    """
    length = 1
    while length**3 < rows:
        length += 1
    if timestamps is not None and horizon_ms is not None and rows > 1:
        step = np.sort(np.diff(timestamps))[(rows - 1) >> 1]
        if step > 0:
            length = max(length, int(np.ceil(horizon_ms / step)))
    return min(length, max(1, rows // MIN_BLOCKS))


def macro_f1_interval(
    expected: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: Sequence[int],
    n_labels: int,
    block: int,
) -> list[float]:
    """95 % interval of the macro-F1, ``[low, high]``.

    Parameters
    ----------
    expected, predicted : ndarray of int64, shape (n,)
        Label indices in time order.
    classes : sequence of int
        Classes of the macro average.
    n_labels : int
        Number of labels.
    block : int
        Rows of a block, see :func:`block_length`.

    """
    return interval_of(_draw_scores(expected, predicted, classes, n_labels, block))


def macro_f1_difference(
    expected: NDArray[np.int64],
    predicted: NDArray[np.int64],
    rival: NDArray[np.int64],
    classes: Sequence[int],
    n_labels: int,
    block: int,
) -> list[float]:
    """95 % interval of how far ``predicted`` is above ``rival``, drawn together."""
    own = _draw_scores(expected, predicted, classes, n_labels, block)
    return interval_of(own - _draw_scores(expected, rival, classes, n_labels, block))


def mean_interval(values: NDArray[np.float64], block: int) -> list[float]:
    """95 % interval of the mean of values in time order, ``[low, high]``."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    starts, lengths = _draw_blocks(len(values), block)
    return interval_of((sums[starts + lengths] - sums[starts]).sum(axis=1) / len(values))


def count_draws(
    rows: int, block: int, *, seed: int = SEED, draws: int = REPLICATES
) -> Iterator[NDArray[np.int64]]:
    """How often each draw takes each row, shape (draws, rows), a part of the draws at a time."""
    starts, lengths = _draw_blocks(rows, block, seed, draws)
    for part in np.array_split(starts, max(1, draws * rows // _MAX_CELLS)):
        edges = np.zeros((len(part), rows + 1), dtype=np.int64)
        at = np.arange(len(part))[:, None]
        np.add.at(edges, (at, part), 1)
        np.add.at(edges, (at, part + lengths), -1)
        yield edges[:, :-1].cumsum(axis=1)


def interval_of(scores: NDArray[np.float64]) -> list[float]:
    """95 % of drawn scores, ``[low, high]``; draws without a score (NaN) are left out."""
    low, high = np.nanquantile(scores, (0.025, 0.975))
    return [float(low), float(high)]


def _draw_blocks(
    rows: int, block: int, seed: int = SEED, draws: int = REPLICATES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the first rows of the blocks, shape (draws, blocks), and their lengths, (blocks,)."""
    blocks = -(-rows // block)
    lengths = np.full(blocks, block)
    lengths[-1] = rows - (blocks - 1) * block
    drawn = _uniform(draws * blocks, seed)
    starts = np.floor(drawn * (rows - block + 1)).astype(np.int64)
    return starts.reshape(draws, blocks), lengths


def _draw_scores(
    expected: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: Sequence[int],
    n_labels: int,
    block: int,
) -> NDArray[np.float64]:
    rows, cells = len(expected), n_labels * n_labels
    # Row n holds the confusion of the first n rows, so that a block's is one subtraction.
    one_hot = np.zeros((rows + 1, cells), dtype=np.int64)
    one_hot[np.arange(1, rows + 1), expected * n_labels + predicted] = 1
    sums = np.cumsum(one_hot, axis=0)
    starts, lengths = _draw_blocks(rows, block)
    matrices = np.zeros((REPLICATES, cells), dtype=np.int64)
    for at, length in enumerate(lengths):
        matrices += sums[starts[:, at] + length] - sums[starts[:, at]]
    return _macro_f1(matrices.reshape(REPLICATES, n_labels, n_labels), classes)


def _macro_f1(matrices: NDArray[np.int64], classes: Sequence[int]) -> NDArray[np.float64]:
    # F1 = 2 TP / (row sum + column sum), for all replicates at once
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    totals = matrices.sum(axis=1) + matrices.sum(axis=2)
    f1 = 2.0 * hits / np.maximum(totals, 1)
    return np.asarray(f1[:, list(classes)].mean(axis=1), dtype=np.float64)


def _uniform(n: int, seed: int) -> NDArray[np.float64]:
    """Return the first ``n`` numbers of mulberry32 in [0, 1), all at once."""
    state = (np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(_STEP)) & _MASK
    mixed = _multiply(state ^ (state >> np.uint64(15)), state | np.uint64(1))
    more = _multiply(mixed ^ (mixed >> np.uint64(7)), mixed | np.uint64(61))
    mixed = ((mixed + more) & _MASK) ^ mixed
    return np.asarray((mixed ^ (mixed >> np.uint64(14))) / 4_294_967_296, dtype=np.float64)


def _multiply(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (a * b) & _MASK
