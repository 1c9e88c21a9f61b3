"""Arrow tables as data frames of pandas and polars, which are loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import Any

import pyarrow as pa

from ._exceptions import MissingPackageError

__all__ = ["to_pandas", "to_polars"]


def to_pandas(table: pa.Table) -> Any:  # noqa: ANN401  pandas is not a dependency
    """Copy a table into a pandas.DataFrame. Raises MissingPackageError without pandas."""
    _load("pandas")
    return table.to_pandas()


def to_polars(table: pa.Table) -> Any:  # noqa: ANN401  polars is not a dependency
    """View a table as a polars.DataFrame. Raises MissingPackageError without polars."""
    return _load("polars").from_arrow(table)


def _load(name: str) -> Any:  # noqa: ANN401
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackageError(
            f'Cannot make a data frame of {name}: the package is not installed; run "pip install '
            f'{name}"'
        ) from error
