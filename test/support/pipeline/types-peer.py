"""Reads and writes the pipeline's types with pyarrow and polars: types-peer.py <folder>."""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa


def read(path: str) -> pa.Table:
    """A file in the format of Arrow IPC."""
    with pa.OSFile(path) as source:
        return pa.ipc.open_file(source).read_all()


def write(table: pa.Table, path: str) -> None:
    """The same."""
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def through_pyarrow(source: str, target: str) -> None:
    """Every value becomes a Python object and is built again from it."""
    table = read(source)
    table.validate(full=True)
    write(pa.Table.from_pylist(table.to_pylist(maps_as_pydicts=None), schema=table.schema), target)


def through_polars(source: str, target: str) -> None:
    """The same with polars."""
    frame = pl.read_ipc(source)
    pl.DataFrame(frame.to_dicts(), schema=frame.schema).write_ipc(target)


def describe_tensors(source: str, target: str) -> None:
    """Says what the tensors, embeddings and sparse vectors of a file are."""
    table = read(source).combine_chunks()
    column = table["tensor"].chunk(0)
    tensors = column.to_numpy_ndarray()
    sparse = table["sparse"].chunk(0)
    entries = sparse.values
    size = json.loads(table.schema.field("sparse").metadata[b"ARROW:extension:metadata"])["size"]
    matrix = np.zeros((len(sparse), size))
    offsets = sparse.offsets.to_numpy()
    for row in range(len(sparse)):
        part = slice(offsets[row], offsets[row + 1])
        matrix[row, entries.field("index").to_numpy()[part]] = entries.field("value").to_numpy()[
            part
        ]
    embedding = table["embedding"].chunk(0)
    facts = {
        "type": str(column.type),
        "isTensor": isinstance(column.type, pa.FixedShapeTensorType),
        "dimNames": column.type.dim_names,
        "permutation": column.type.permutation,
        "shape": tensors.shape,
        "strides": [stride // tensors.itemsize for stride in tensors.strides],
        "values": tensors.tolist(),
        "sparse": matrix.tolist(),
        "embedding": embedding.flatten().to_numpy().reshape(len(embedding), -1).tolist(),
    }
    Path(target).write_text(json.dumps(facts), encoding="utf-8")


def write_tensors(target: str) -> None:
    """Tensors of pyarrow's own making, and what numpy says of them."""
    kind = pa.fixed_shape_tensor(
        pa.int32(), [2, 3, 2], dim_names=["c", "h", "w"], permutation=[0, 2, 1]
    )
    storage = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(36, dtype=np.int32)), 12)
    column = pa.ExtensionArray.from_storage(kind, storage)
    plain = pa.FixedShapeTensorArray.from_numpy_ndarray(
        np.arange(12, dtype=np.float64).reshape(3, 2, 2)
    )
    write(pa.table({"tensor": column, "plain": plain}), target)
    facts = {
        name: {
            "shape": array.shape,
            "strides": [stride // array.itemsize for stride in array.strides],
            "values": array.tolist(),
        }
        for name, array in (
            ("tensor", column.to_numpy_ndarray()),
            ("plain", plain.to_numpy_ndarray()),
        )
    }
    Path(f"{target}.json").write_text(json.dumps(facts), encoding="utf-8")


folder = Path(sys.argv[1])
through_pyarrow(str(folder / "every-type.arrow"), str(folder / "pyarrow.arrow"))
through_polars(str(folder / "every-type.arrow"), str(folder / "polars.arrow"))
describe_tensors(str(folder / "vectors.arrow"), str(folder / "vectors.json"))
write_tensors(str(folder / "tensors.arrow"))
