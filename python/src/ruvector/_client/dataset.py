"""A labelled data set as it came from the daemon: columns of a table, viewed as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._exceptions import ExportOptionsError
from .._frames import to_pandas, to_polars
from .._parameters import MAPPING, takes
from .pictures import dataset_html

__all__ = ["Dataset"]

SPLITS = ("train", "gap", "test")
_FLOAT_BYTES = 4


class Dataset:
    """Features, labels and split of a training set.

    Attributes
    ----------
    table : pyarrow.Table
        Columns ``timestamp``, the features, ``label`` (index into ``labels``), ``split`` and
        ``target``.
    meta : mapping
        The daemon's data set card: how every number came about.

    """

    @takes(meta=MAPPING)
    def __init__(self, table: pa.Table, meta: Mapping[str, Any] | None = None) -> None:
        _check_table(table)
        self.table = table
        self.meta: Mapping[str, Any] = dict(meta or {})
        self._splits = table["split"].to_numpy(zero_copy_only=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {int((self._splits == name).sum())}" for name in SPLITS)
        return (
            f"Dataset({self.id!r}, {len(self)} rows: {counts}; {len(self.feature_names)} features)"
        )

    def _repr_html_(self) -> str:
        return dataset_html(self)

    def to_pandas(self) -> Any:  # noqa: ANN401  pandas is not a dependency
        """Copy all rows into a pandas.DataFrame: times in UTC, labels and splits by name.

        Raises
        ------
        MissingPackageError
            pandas is not installed.

        """
        return to_pandas(self._named_table())

    def to_polars(self) -> Any:  # noqa: ANN401  polars is not a dependency
        """Give all rows as a polars.DataFrame: times in UTC, labels and splits by name.

        Raises
        ------
        MissingPackageError
            polars is not installed.

        """
        return to_polars(self._named_table())

    def _named_table(self) -> pa.Table:
        """Table with times as such, and with the names of labels that are known."""
        table = self.table
        for name, read in (("timestamp", _times_of), ("label", self._label_names)):
            if name in table.column_names:
                at = table.column_names.index(name)
                table = table.set_column(at, name, read(table[name]))
        return table

    def _label_names(self, column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        if not self.labels:
            return column
        indices = column.combine_chunks().cast(pa.int8())
        return pa.DictionaryArray.from_arrays(indices, pa.array(self.labels))

    @property
    def id(self) -> str:
        """Identity of the data set."""
        return str(self.meta.get("id", ""))

    @property
    def sha256(self) -> str:
        """Digest of its content and options, computed by the daemon."""
        return str(self.meta.get("sha256", ""))

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names; ``y`` holds indices into them."""
        return tuple(self.meta.get("labels", ()))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of ``X``, in the order the host computes them."""
        described = self.meta.get("features")
        if described:
            return tuple(feature["name"] for feature in described)
        other = {"timestamp", "label", "split", "target"}
        return tuple(name for name in self.table.column_names if name not in other)

    @property
    def window(self) -> dict[str, int] | None:
        """Rows of the history in each row, ``{"steps", "every_ms"}``; None for the newest alone."""
        given = self.meta.get("window")
        return given and {"steps": int(given["steps"]), "every_ms": int(given["everyMs"])}

    def X(self, split: str = "train") -> NDArray[np.float32]:  # noqa: N802  the field's name
        """Feature rows of a split, shape (n, d), float32; NaN where the host lacks the value.

        A view of the received bytes when the columns lie evenly in one batch without nulls and
        the rows of the split follow one another; else one copy. Column-major either way.
        """
        rows = self._rows(split)
        return self._matrix()[rows]

    def y(self, split: str = "train") -> NDArray[np.int8]:
        """Label indices of a split, shape (n,)."""
        labels: NDArray[np.int8] = self.table["label"].to_numpy()
        return labels[self._rows(split)]

    def target(self, split: str = "train") -> NDArray[np.float32] | None:
        """Memory available one horizon after each row of a split, in percent of MemTotal.

        What a forecast learns; shape (n,), NaN where it is not known. None when the table was made
        without it.
        """
        if "target" not in self.table.column_names:
            return None
        column: NDArray[np.float32] = self.table["target"].to_numpy()
        return column[self._rows(split)]

    def timestamps(self, split: str = "train") -> NDArray[np.int64] | None:
        """Milliseconds of each row of a split, shape (n,); None when the table has no times."""
        if "timestamp" not in self.table.column_names:
            return None
        column = self.table["timestamp"]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
        return np.asarray(column.to_numpy())[self._rows(split)].astype(np.int64)

    def sample_weight(self, split: str = "train") -> NDArray[np.float64]:
        """Weight of each row by its class, 1 where the daemon gave no weights; shape (n,)."""
        given = self.meta.get("classWeights", {})
        weights = np.array([float(given.get(name, 1.0)) for name in self.labels])
        y = self.y(split)
        return weights[y] if len(weights) else np.ones(len(y))

    def _rows(self, split: str) -> slice | NDArray[np.intp]:
        if split not in SPLITS:
            raise ExportOptionsError(
                f'Cannot take split "{split}": it is not known; use one of {", ".join(SPLITS)}'
            )
        rows = np.flatnonzero(self._splits == split)
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
            return slice(int(rows[0]), int(rows[-1]) + 1)
        return rows

    def _matrix(self) -> NDArray[np.float32]:
        missing = [name for name in self.feature_names if name not in self.table.column_names]
        if missing:
            raise ExportOptionsError(
                f'Cannot read features of data set "{self.id}": the table has no column '
                f"{', '.join(missing)}, which its metadata names; ask client.dataset() again"
            )
        columns = [self.table[name] for name in self.feature_names]
        view = _view_of(columns, len(self))
        if view is not None:
            return view
        matrix = np.empty((len(self), len(columns)), np.float32, order="F")
        for i, column in enumerate(columns):
            matrix[:, i] = column.to_numpy(zero_copy_only=False)
        return matrix


def _check_table(table: object) -> None:
    """Refuse what is no training set here, and not by an error of some column later."""
    if not isinstance(table, pa.Table):
        raise ExportOptionsError(
            f"Cannot take a data set from {type(table).__name__}: it is no pyarrow.Table; pass one "
            "as client.dataset().table has it"
        )
    missing = [name for name in ("label", "split") if name not in table.column_names]
    if missing:
        raise ExportOptionsError(
            f"Cannot take a data set from this table: it has no column {' and '.join(missing)}; "
            "use client.dataset(), or ruvector-memopt export --training"
        )


def _times_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    times = column if pa.types.is_timestamp(column.type) else column.cast(pa.int64())
    return times.cast(pa.timestamp("ms", tz="UTC"), safe=False)


def _view_of(columns: list[pa.ChunkedArray], rows: int) -> NDArray[np.float32] | None:
    """Return the columns as one strided matrix, when they lie at even distances in one batch."""
    if (
        rows == 0
        or not columns
        or any(
            column.num_chunks != 1 or column.null_count or column.type != pa.float32()
            for column in columns
        )
    ):
        return None
    addresses = [
        chunk.buffers()[1].address + chunk.offset * _FLOAT_BYTES
        for chunk in (column.chunk(0) for column in columns)
    ]
    steps = set(np.diff(addresses).tolist()) or {rows * _FLOAT_BYTES}
    step = steps.pop()
    if steps or step < rows * _FLOAT_BYTES:
        return None
    size = step * (len(columns) - 1) + rows * _FLOAT_BYTES
    memory = pa.foreign_buffer(addresses[0], size, base=columns)
    return np.ndarray((rows, len(columns)), np.float32, memory, strides=(_FLOAT_BYTES, step))
