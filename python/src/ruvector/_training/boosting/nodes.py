"""Nodes of boosted trees, collected one by one into flat arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..trees import TreeArrays

__all__ = ["NodeTable"]


class NodeTable:
    """Nodes of one tree after another; a node is reserved first and set when it is known."""

    def __init__(self) -> None:
        self._rows: list[list[Any]] = []
        self._trees = 0
        self._first = 0

    def start_tree(self) -> None:
        """Begin the next tree."""
        self._trees += 1
        self._first = len(self._rows)

    def reserve(self) -> int:
        """Reserve a node of the current tree; returns its number in the tree."""
        node = len(self._rows) - self._first
        #                  tree, node, feature, threshold, left, right, missing left, leaf, value
        self._rows.append([self._trees - 1, node, 0, 0.0, 0, 0, False, True, 0.0])
        return node

    def set_leaf(self, node: int, value: float) -> None:
        """Give a leaf its value."""
        self._rows[self._first + node][8] = value

    def set_split(
        self,
        node: int,
        feature: int,
        threshold: float,
        children: tuple[int, int],
        missing_left: bool,
    ) -> None:
        """Make a node a split."""
        row = self._rows[self._first + node]
        row[2:8] = [feature, threshold, *children, missing_left, False]

    def to_arrays(self, *, n_targets: int, **facts: Any) -> TreeArrays:  # noqa: ANN401
        """Build the arrays; trees take turns between the targets."""
        tree, node, feature, threshold, left, right, missing, leaf, value = zip(
            *self._rows, strict=True
        )
        tree_id, is_leaf = np.asarray(tree), np.asarray(leaf)
        return TreeArrays(
            tree_id=tree_id,
            node_id=np.asarray(node),
            feature=np.asarray(feature),
            threshold=np.asarray(threshold, dtype=np.float64),
            left=np.asarray(left),
            right=np.asarray(right),
            missing_left=np.asarray(missing),
            is_leaf=is_leaf,
            leaf_target=(tree_id % n_targets)[is_leaf],
            leaf_weight=np.asarray(value, dtype=np.float64)[is_leaf],
            n_targets=n_targets,
            **facts,
        )
