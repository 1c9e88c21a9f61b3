"""Readers that are not ours say what they see in a published dataset, as JSON on standard output.

check-publication.py FOLDER [READER...], all readers when none is named.
"""

import hashlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CACHE = tempfile.TemporaryDirectory()
os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": CACHE.name,
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}

import datasets  # noqa: E402
import duckdb  # noqa: E402
import frictionless  # noqa: E402
import jsonschema  # noqa: E402
import mlcroissant  # noqa: E402
import pandas  # noqa: E402
import polars  # noqa: E402
import pyarrow.parquet  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402
from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: E402


def digest(table: Any) -> str:
    """One hash of all values, column by column, whoever read them."""
    state = hashlib.sha256()
    for name in sorted(table.columns):
        column = table[name]
        if str(column.dtype).startswith("datetime"):
            column = column.astype("datetime64[ms, UTC]").astype("int64")
        state.update(name.encode())
        if is_text(column):
            state.update("\n".join(map(text_of, column)).encode())
        else:
            state.update(column.astype("float64").to_numpy().tobytes())
    return state.hexdigest()


def is_text(column: Any) -> bool:
    return any(isinstance(value, bytes | str) for value in column)


def text_of(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, str) else ""


def read_datasets(folder: Path, config: str) -> dict[str, Any]:
    data = datasets.load_dataset(str(folder), config)
    return {
        split: {
            "rows": part.num_rows,
            "types": {name: str(feature) for name, feature in part.features.items()},
            "names": {
                name: feature.names
                for name, feature in part.features.items()
                if isinstance(feature, datasets.ClassLabel)
            },
            "bytes": part.data.nbytes,
            "digest": digest(part.to_pandas()),
        }
        for split, part in data.items()
    }


def read_frames(folder: Path, data: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for split in sorted({path.name.split("-")[0] for path in (folder / data).glob("*.parquet")}):
        pattern = str(folder / data / f"{split}-*.parquet")
        files = sorted((folder / data).glob(f"{split}-*.parquet"))
        frames = {
            "pandas": pandas.concat([pandas.read_parquet(file) for file in files]),
            "polars": polars.scan_parquet(pattern).collect().to_pandas(),
            "duckdb": duckdb.sql(f"SET TimeZone='UTC'; FROM '{pattern}'").df(),
        }
        found[split] = {name: {"rows": len(f), "digest": digest(f)} for name, f in frames.items()}
    return found


def read_croissant(folder: Path) -> dict[str, Any]:
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    for logger in (logging.getLogger(), logging.getLogger("absl")):
        logger.addHandler(handler)
    for checksum in json.loads((folder / "croissant.json").read_text())["distribution"]:
        if "sha256" in checksum:
            data = (folder / checksum["contentUrl"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == checksum["sha256"]
    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    issues = dataset.metadata.ctx.issues
    sets = {}
    for record_set in dataset.metadata.record_sets:
        records = [
            {key.split("/")[-1]: value for key, value in record.items()}
            for record in dataset.records(record_set.id)
        ]
        frame = pandas.DataFrame(records)
        sets[record_set.id] = {
            "rows": len(records),
            "columns": list(frame.columns),
            "digest": digest(frame),
        }
    return {
        "warnings": [*messages, *sorted(issues.warnings)],
        "errors": sorted(issues.errors),
        "version": dataset.metadata.version,
        "conforms": str(dataset.metadata.ctx.conforms_to),
        "recordSets": sets,
    }


def read_frictionless(folder: Path) -> dict[str, Any]:
    report = frictionless.validate(str(folder / "datapackage.json"))
    return {
        "valid": report.valid,
        "errors": report.flatten(["type", "note", "message"])[:5],
        "rows": {task.name: task.stats.get("rows") for task in report.tasks},
    }


def read_schema(folder: Path, data: str, table: str) -> dict[str, Any]:
    schema = json.loads((folder / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    row_schema = {**schema, "$ref": f"#/$defs/{table}"}
    frame = pandas.concat([pandas.read_parquet(file) for file in (folder / data).glob("*.parquet")])
    rows = json.loads(frame.head(50).to_json(orient="records", date_format="iso"))
    validator = jsonschema.Draft202012Validator(row_schema)
    return {"errors": [error.message for row in rows for error in validator.iter_errors(row)][:5]}


def read_layout(folder: Path) -> dict[str, Any]:
    layout = {}
    for file in sorted(folder.glob("data/**/*.parquet")):
        metadata = pyarrow.parquet.ParquetFile(file).metadata
        chunks = [
            metadata.row_group(group).column(column)
            for group in range(metadata.num_row_groups)
            for column in range(metadata.num_columns)
        ]
        layout[file.relative_to(folder).as_posix()] = {
            "rowGroups": [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)],
            "compressions": sorted({chunk.compression for chunk in chunks}),
            "withPageIndex": sum(
                chunk.has_offset_index and chunk.has_column_index for chunk in chunks
            ),
            "chunks": len(chunks),
        }
    return layout


def read_signature(folder: Path) -> bool | None:
    if not (folder / "checksums.sha256.sig").exists():
        return None
    key = load_pem_public_key((folder / "checksums.sha256.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    signature = (folder / "checksums.sha256.sig").read_bytes()
    key.verify(signature, (folder / "checksums.sha256").read_bytes())
    return True


def main(folder: Path, wanted: list[str]) -> None:
    tables = json.loads((folder / "schema.json").read_text())["$defs"]
    places = {name: "data" if name == "training" else f"data/{name}" for name in tables}
    readers: dict[str, Callable[[], Any]] = {
        "datasets": lambda: {
            name: read_datasets(folder, "default" if name == "training" else name)
            for name in tables
        },
        "frames": lambda: {name: read_frames(folder, place) for name, place in places.items()},
        "croissant": lambda: read_croissant(folder),
        "frictionless": lambda: read_frictionless(folder),
        "schema": lambda: {
            name: read_schema(folder, place, name) for name, place in places.items()
        },
        "layout": lambda: read_layout(folder),
        "signed": lambda: read_signature(folder),
    }
    print(json.dumps({name: readers[name]() for name in wanted or readers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
