"""Which of the secrets are in which files: raw, decompressed, and Parquet column by column.

Usage: scan-secrets.py SECRETS.json FOLDER. Prints {path: [secrets found]} as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# Every form of every secret is longer.
HEAD_BYTES = 8


def contents(path: Path) -> bytes:
    """Everything a reader of the file gets to see, as bytes."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b" or raw[:4] == b"\x28\xb5\x2f\xfd":
        kind = "gzip" if raw[0] == 0x1F else "zstd"
        return raw + pa.input_stream(str(path), compression=kind).read()
    if raw[:4] != b"PAR1":
        return raw
    table = pq.read_table(path)
    columns = [str(column.unique().to_pylist()) for column in table.columns]
    return raw + "\n".join([str(table.schema), *columns]).encode()


def written(secret: str) -> set[bytes]:
    """The secret as it looks in plain text, and with the escapes of JSON and of Python."""
    escaped = json.dumps(secret)[1:-1]
    return {text.encode() for text in (secret, escaped, json.dumps(escaped)[1:-1])}


def head_of(form: bytes) -> int:
    """Its first bytes as a number."""
    assert len(form) >= HEAD_BYTES
    return int.from_bytes(form[:HEAD_BYTES], "little")


def heads_in(content: bytes, heads: np.ndarray) -> set[int]:
    """Those of the sorted heads that stand anywhere in the bytes: one pass instead of one a form."""
    seen: set[int] = set()
    for offset in range(min(HEAD_BYTES, len(content))):
        count = (len(content) - offset) // HEAD_BYTES
        words = np.frombuffer(content, "<u8", count, offset)
        at = np.minimum(np.searchsorted(heads, words), len(heads) - 1)
        seen.update(words[heads[at] == words].tolist())
    return seen


def main() -> None:
    """Scans every file below the folder."""
    secrets = {secret: written(secret) for secret in json.loads(Path(sys.argv[1]).read_text())}
    heads = np.unique(
        np.array([head_of(form) for forms in secrets.values() for form in forms], dtype="<u8")
    )
    folder = Path(sys.argv[2])
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = contents(path)
        seen = heads_in(content, heads)
        found[str(path.relative_to(folder))] = [
            secret
            for secret, forms in secrets.items()
            if any(head_of(form) in seen and form in content for form in forms)
        ]
    print(json.dumps(found))


main()
