"""A training set that ``publish`` or ``export`` wrote: what is known of it, and its Parquet files.

A folder, or a bucket by ``s3://bucket/prefix``. Rows are read by whoever needs them: all of them by
:meth:`DatasetFolder.read`, part of them by a worker of an engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import fs

from .._exceptions import DatasetFolderError
from .dataset import Dataset

__all__ = ["DatasetFolder", "open_dataset_folder"]

_CARDS = ("provenance.json", "dataset.json")


@dataclass(frozen=True)
class DatasetFolder:
    """A training set in files.

    Attributes
    ----------
    uri : str
        As it was given.
    filesystem : pyarrow.fs.FileSystem
        Where the files lie.
    files : mapping of str to tuple of str
        Parquet files of the splits ``train`` and ``test``, in the order of their rows.
    meta : mapping
        The data set card.

    """

    uri: str
    filesystem: fs.FileSystem = field(repr=False, compare=False)
    files: Mapping[str, tuple[str, ...]]
    meta: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """Identity of the data set."""
        return str(self.meta["id"])

    @property
    def sha256(self) -> str:
        """Digest of its content and options."""
        return str(self.meta["sha256"])

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names; ``y`` holds indices into them."""
        return tuple(self.meta["labels"])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of ``X``, in order."""
        return tuple(feature["name"] for feature in self.meta["features"])

    @property
    def window(self) -> dict[str, int] | None:
        """Rows of the history in each row; None for the newest alone."""
        given = self.meta.get("window")
        return given and {"steps": int(given["steps"]), "every_ms": int(given["everyMs"])}

    def read(self) -> Dataset:
        """Read all rows.

        Raises
        ------
        DatasetFolderError
            A file cannot be read, or lacks a column.

        """
        tables = []
        for split, paths in self.files.items():
            for path in paths:
                table = self.read_file(path)
                names = pa.array([split] * table.num_rows, pa.string())
                tables.append(table.append_column("split", names))
        return Dataset(pa.concat_tables(tables).combine_chunks(), self.meta)

    def read_file(self, path: str) -> pa.Table:
        """Read the columns of one file that training needs; labels become indices."""
        try:
            with self.filesystem.open_input_file(path) as source:
                table = pq.ParquetFile(source).read()
        except (OSError, pa.ArrowInvalid) as error:
            raise self._unreadable(
                f'file "{path}" cannot be read ({_first_line(error)})'
            ) from error
        return self.select(table)

    def select(self, table: pa.Table) -> pa.Table:
        """Columns that training needs, in order, as float32 and label indices.

        Raises
        ------
        DatasetFolderError
            The table lacks one.

        """
        wanted = [*self.feature_names, "label"]
        lacks = [name for name in wanted if name not in table.column_names]
        if lacks:
            raise self._unreadable(f"its files have no column {', '.join(lacks)}")
        extra = [name for name in ("timestamp", "target") if name in table.column_names]
        columns = {name: table[name].cast(pa.float32()) for name in self.feature_names}
        columns["label"] = pa.array(label_indices(table["label"], self.labels))
        return pa.table({**{name: table[name] for name in extra}, **columns})

    def count_rows(self, split: str) -> list[int]:
        """Rows of each file of a split, from the ends of the files alone."""
        try:
            return [
                int(pq.read_metadata(path, filesystem=self.filesystem).num_rows)
                for path in self.files[split]
            ]
        except (OSError, pa.ArrowInvalid) as error:
            raise self._unreadable(f"a file cannot be read ({_first_line(error)})") from error

    def _unreadable(self, state: str) -> DatasetFolderError:
        return DatasetFolderError(
            f'Cannot train on "{self.uri}": {state}; publish or export the training set again'
        )


def open_dataset_folder(uri: str, *, endpoint_url: str | None = None) -> DatasetFolder:
    """Look at a training set that ``publish`` or ``export`` wrote.

    Parameters
    ----------
    uri : str
        A folder, or ``s3://bucket/prefix``.
    endpoint_url : str, optional
        S3-compatible server, addressed path-style.

    Raises
    ------
    DatasetFolderError
        There is no training set in Parquet, or it cannot be reached.

    """
    filesystem, root = _locate(uri, endpoint_url)
    try:
        names = {each.path for each in filesystem.get_file_info(fs.FileSelector(root))}
        card = next((f"{root}/{name}" for name in _CARDS if f"{root}/{name}" in names), None)
        if card is None:
            raise _no_training_set(uri, "it has no provenance.json and no dataset.json")
        with filesystem.open_input_stream(card) as source:
            told = json.loads(source.read())
        is_published = card.endswith(_CARDS[0])
        files = _published_files(filesystem, root) if is_published else _exported_files(told, root)
    except (OSError, ValueError) as error:
        if isinstance(error, DatasetFolderError):
            raise
        raise _no_training_set(uri, f"it cannot be read ({_first_line(error)})") from error
    meta = told.get("card") if is_published else told
    lacks = [name for name in ("id", "sha256", "labels", "features") if name not in (meta or {})]
    if meta is None or lacks:
        raise _no_training_set(uri, f"its card has no {', '.join(lacks or ['card'])}")
    if not files.get("train") or not files.get("test"):
        raise _no_training_set(uri, "it has no Parquet files of the splits train and test")
    meta.setdefault("featureSpecSha256", told.get("featureSpecSha256"))
    return DatasetFolder(uri, filesystem, files, meta)


def label_indices(column: pa.ChunkedArray, labels: tuple[str, ...]) -> NDArray[np.int8]:
    """Label indices of a column that holds indices or names.

    Raises
    ------
    DatasetFolderError
        It holds something else, such as two-valued labels of an export.

    """
    values = column.combine_chunks().to_pylist() if _is_text(column.type) else None
    if values is None:
        return np.asarray(column.to_numpy(), dtype=np.int8)
    position = {name: index for index, name in enumerate(labels)}
    unknown = sorted({str(value) for value in values} - set(position))
    if unknown:
        raise DatasetFolderError(
            f"Cannot train on labels {', '.join(unknown)}: they are none of {', '.join(labels)}; "
            "export with the label type class or index"
        )
    return np.asarray([position[value] for value in values], dtype=np.int8)


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _locate(uri: str, endpoint_url: str | None) -> tuple[fs.FileSystem, str]:
    try:
        if uri.startswith("s3://") and endpoint_url is not None:
            scheme, _, host = endpoint_url.partition("://")
            s3 = fs.S3FileSystem(endpoint_override=host or scheme, scheme=scheme or "https")
            return s3, uri.removeprefix("s3://").rstrip("/")
        filesystem, root = fs.FileSystem.from_uri(uri) if "://" in uri else (None, uri)
    except (OSError, ValueError) as error:
        raise _no_training_set(uri, f"it cannot be reached ({_first_line(error)})") from error
    if filesystem is not None:
        return filesystem, root.rstrip("/")
    return fs.LocalFileSystem(), os.path.abspath(root)


def _published_files(filesystem: fs.FileSystem, root: str) -> dict[str, tuple[str, ...]]:
    found = sorted(each.path for each in filesystem.get_file_info(fs.FileSelector(f"{root}/data")))
    return {
        split: tuple(
            path
            for path in found
            if path.rpartition("/")[2].startswith(f"{split}-") and path.endswith(".parquet")
        )
        for split in ("train", "test")
    }


def _exported_files(card: Mapping[str, Any], root: str) -> dict[str, tuple[str, ...]]:
    return {
        split: tuple(
            f"{root}/{each['path']}"
            for each in card.get("files", ())
            if each["split"] == split and str(each["path"]).endswith(".parquet")
        )
        for split in ("train", "test")
    }


def _no_training_set(uri: str, state: str) -> DatasetFolderError:
    return DatasetFolderError(
        f'Cannot train on "{uri}": {state}; pass a folder or s3:// address that '
        "`ruvector-memopt publish` or `ruvector-memopt export --training` wrote in Parquet"
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
