"""Values between TypeScript and Python: arrays and tables as bytes, scalars as JSON.

A description `{"kind", ...}` goes over the control channel and says where the bytes are.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any, TypeAlias

from .transfer import Transfer

__all__ = ["CrossingError", "decode_value", "encode_value"]

Description: TypeAlias = dict[str, Any]
"""What the control channel says about a value."""

Foreign: TypeAlias = Any
"""An object of numpy, pyarrow, pandas or polars, none of which need be installed."""

TAG = "$rv"
# More than these do not make memory faster.
_COPY_THREADS = 4


class CrossingError(TypeError):
    """A value that has no counterpart on the other side."""

    __module__ = "builtins"  # shown by its short name


def decode_value(description: Description, transfer: Transfer) -> object:
    """Build the Python value of a description."""
    kind = description["kind"]
    if kind == "json":
        return _untag(description["value"])
    data = transfer.take(description)
    if kind == "bytes":
        return bytes(data)
    if kind == "array":
        return _array_of(data, description)
    pyarrow = _require("pyarrow", "a table")
    reader = pyarrow.ipc.open_stream(pyarrow.py_buffer(data))
    if kind == "batch":
        return reader.read_next_batch()
    table = reader.read_all()
    if kind == "polars":
        try:
            return importlib.import_module("polars").from_arrow(table)
        except ImportError:
            return table
    return table


def encode_value(name: str, value: object, transfer: Transfer) -> Description:
    """Describe a value for TypeScript and store its bytes.

    Raises:
        CrossingError: the value has no counterpart there.

    """
    if isinstance(value, bytes | bytearray | memoryview):
        return {"kind": "bytes", **_store(memoryview(value).cast("B"), transfer)}
    try:
        table = _table_of(value)
    except ValueError as error:  # pyarrow's own are ValueErrors
        kind = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
        raise CrossingError(
            f'Cannot pass "{name}" to TypeScript: Arrow has no column for a part of this {kind} '
            f"({error}); cast that column to numbers, text, times, lists or structs"
        ) from error
    if table is not None:
        return _encode_table(table, value, transfer)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _encode_array(name, numpy, value, transfer)
    return {"kind": "json", "value": _tag(name, value)}


def _store(data: memoryview, transfer: Transfer) -> Description:
    def write(room: memoryview) -> None:
        room[:] = data

    return transfer.store(data.nbytes, write)


def _require(module: str, what: str) -> Foreign:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CrossingError(
            f'Cannot receive {what}: "{module}" is not installed for {sys.executable}; '
            f"run %pip install {module}"
        ) from error


# One letter each, as struct and memoryview name them.
_FORMATS = {"f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q"} | {
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
}


def _array_of(data: memoryview, description: Description) -> object:
    dtype, shape = description["dtype"], description["shape"]
    try:
        numpy: Foreign = importlib.import_module("numpy")
    except ImportError:
        return data.cast(_FORMATS[dtype[-2:]]) if dtype[-2:] in _FORMATS else data  # type: ignore[call-overload]
    return numpy.frombuffer(data, dtype=dtype).reshape(shape)


def _encode_array(name: str, numpy: Foreign, array: Foreign, transfer: Transfer) -> Description:
    kind = array.dtype.kind
    if kind in "US" or (kind == "O" and array.size < 1_000_000):
        return {"kind": "json", "value": _tag(name, array.tolist())}
    if kind == "V" and array.dtype.names and array.ndim == 1:
        columns = {field: numpy.ascontiguousarray(array[field]) for field in array.dtype.names}
        return _encode_table(_require("pyarrow", "records").table(columns), array, transfer)
    if kind not in "bfiumM" or array.dtype.itemsize not in (1, 2, 4, 8):
        raise CrossingError(
            f'Cannot pass "{name}" to TypeScript: no typed array holds "{array.dtype}"; '
            "convert it with .astype(...)"
        )
    native = array.astype(array.dtype.newbyteorder("<"), copy=False)
    # Its shape first: numpy makes an array of no dimension one of one.
    shape = list(native.shape)
    flat = numpy.ascontiguousarray(native).reshape(-1).view(numpy.uint8)
    return {
        "kind": "array",
        "dtype": native.dtype.str,
        "shape": shape,
        **_store(flat.data, transfer),
    }


def _table_of(value: object) -> Foreign | None:
    """Arrow table or batch of a table-like value; None for everything else."""
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and isinstance(value, pyarrow.Table | pyarrow.RecordBatch):
        return value
    for library in ("pandas", "polars"):
        module = sys.modules.get(library)
        if module is None:
            continue
        if isinstance(value, module.Series):
            value = value.to_frame(value.name or "value")
        if not isinstance(value, module.DataFrame):
            continue
        if library == "polars":
            return value.to_arrow(compat_level=module.CompatLevel.oldest())
        return _require("pyarrow", "a DataFrame").Table.from_pandas(value)
    return None


def _encode_table(table: Foreign, value: object, transfer: Transfer) -> Description:
    pyarrow = _require("pyarrow", "a table")

    table = _plain_columns(pyarrow, table)

    def write_to(sink: Foreign) -> None:
        with pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write(table)

    def write(room: memoryview) -> None:
        sink = pyarrow.FixedSizeBufferWriter(pyarrow.py_buffer(room))
        sink.set_memcopy_threads(_COPY_THREADS)
        write_to(sink)
        sink.close()

    size = pyarrow.MockOutputStream()
    write_to(size)
    kind = "batch" if isinstance(table, pyarrow.RecordBatch) else "arrow"
    if type(value).__module__.startswith("polars"):
        kind = "polars"
    return {"kind": kind, "rows": table.num_rows, **transfer.store(size.size(), write)}


def _plain_columns(pyarrow: Foreign, table: Foreign) -> Foreign:
    """Spell out encodings that TypeScript's Arrow cannot read."""
    types = pyarrow.types
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if types.is_run_end_encoded(field.type):
            chunks = column.chunks if isinstance(column, pyarrow.ChunkedArray) else [column]
            decode = importlib.import_module("pyarrow.compute").run_end_decode
            column = pyarrow.chunked_array([decode(chunk) for chunk in chunks])
        elif types.is_list_view(field.type) or types.is_large_list_view(field.type):
            # pyarrow's cast loses the values.
            column = pyarrow.array(column.to_pylist(), pyarrow.list_(field.type.value_type))
        else:
            continue
        if isinstance(table, pyarrow.RecordBatch) and isinstance(column, pyarrow.ChunkedArray):
            column = column.combine_chunks()
        table = table.set_column(at, field.with_type(column.type), column)
    return table


def _tag(name: str, value: object) -> object:
    """JSON of a value; what JSON lacks becomes `{"$rv": [type, text]}`."""
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value) if abs(value) <= 2**53 - 1 else {TAG: ["bigint", str(value)]}
    if isinstance(value, float):
        if math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0):
            return float(value)
        return {TAG: ["number", repr(float(value))]}
    if isinstance(value, datetime | date):
        moment = value if isinstance(value, datetime) else datetime(*value.timetuple()[:3])
        ms = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000
        return {TAG: ["date", ms]}
    if isinstance(value, Mapping):
        entries = {str(key): _tag(name, one) for key, one in value.items()}
        return {TAG: ["object", entries]} if TAG in entries else entries
    if isinstance(value, list | tuple):
        return [_tag(name, one) for one in value]
    if hasattr(value, "item") and hasattr(value, "dtype"):  # a scalar of numpy
        return _tag(name, value.item())
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    raise CrossingError(
        f'Cannot pass "{name}" to TypeScript: a value of type "{kind}" has no counterpart there; '
        "convert it to numbers, text, lists, dicts, a numpy array or a table"
    )


def _untag(value: object) -> object:
    if isinstance(value, list):
        return [_untag(one) for one in value]
    if not isinstance(value, dict):
        return value
    if TAG not in value:
        return {key: _untag(one) for key, one in value.items()}
    kind, content = value[TAG]
    match kind:
        case "bigint":
            return int(content)
        case "number":
            return float(content)
        case "date":
            return datetime.fromtimestamp(content / 1000, timezone.utc)
        case _:
            return {key: _untag(one) for key, one in content.items()}
