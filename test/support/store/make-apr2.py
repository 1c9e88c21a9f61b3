"""Writes the golden APR2 files of test/golden/apr2, from the document alone and none of our code.

`python make-apr2.py write DIR` writes them; `python make-apr2.py read FILE` checks a file and prints its JSON.
The numbers are formatted as Rust's serde_json does: shortest float32 digits, "12.0" for whole floats.
"""

import json
import struct
import sys
import zlib
from decimal import Decimal
from pathlib import Path

import numpy as np

FLOATS = ("usage_percent", "usage_trend", "top_process_percent", "page_file_ratio")
FIELDS = (
    "usage_percent",
    "usage_trend",
    "process_count",
    "top_process_percent",
    "page_file_ratio",
    "time_of_day",
    "day_of_week",
    "minutes_since_last_opt",
)
LABELS = ("NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical")


def float32_text(value: float) -> str:
    single = np.float32(value)
    sign, digits, exponent = Decimal(
        np.format_float_scientific(single, unique=True, trim="-")
    ).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    exponent += len(digits) - len(text)
    minus = "-" if sign else ""
    if text == "0":
        return minus + "0.0"
    point = len(text) + exponent
    if exponent >= 0 and point <= 13:
        return f"{minus}{text}{'0' * exponent}.0"
    if 0 < point <= 13:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{fraction}e{point - 1}"


def sample_json(sample: dict) -> str:
    features = sample["features"]
    members = [
        f'"{name}":{float32_text(features[name]) if name in FLOATS else features[name]}'
        for name in FIELDS
    ]
    return f'{{"features":{{{",".join(members)}}},"label":"{sample["label"]}"}}'


def encode(samples: list[dict]) -> bytes:
    body = f"[{','.join(map(sample_json, samples))}]".encode()
    return b"APR2" + struct.pack("<I", len(body)) + body + struct.pack("<I", zlib.crc32(body))


def make(values: tuple, label: str) -> dict:
    return {"features": dict(zip(FIELDS, values, strict=True)), "label": label}


def golden_samples() -> dict[str, list[dict]]:
    rng = np.random.default_rng(20260101)
    ordinary = [
        make(
            (
                float(np.float32(rng.uniform(0, 100))),
                float(np.float32(rng.uniform(-1, 1))),
                int(rng.integers(1, 3000)),
                float(np.float32(rng.uniform(0, 60))),
                float(np.float32(rng.uniform(0, 1))),
                int(rng.integers(0, 24)),
                int(rng.integers(0, 7)),
                int(rng.integers(0, 1441)),
            ),
            LABELS[i % 4],
        )
        for i in range(120)
    ]
    bits = [
        0,
        1,
        0x7F7FFFFF,
        0x80000000,
        0x00800000,
        0x4B800000,
        0x39800000,
        0x3727C5AC,
        0x55555555,
    ]
    singles = np.array(bits, dtype="<u4").view("<f4")
    edges = [
        make(
            (float(f), -float(f), 2**32 - 1, float(f), float(f), 255, 255, 2**32 - 1), LABELS[i % 4]
        )
        for i, f in enumerate(singles)
    ]
    return {"empty": [], "one": ordinary[:1], "many": ordinary, "edges": edges}


def write(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, samples in golden_samples().items():
        (directory / f"{name}.apr").write_bytes(encode(samples))
        (directory / f"{name}.json").write_text(json.dumps(samples) + "\n")


def read(path: Path) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 4)
    body = data[8 : 8 + length]
    (crc,) = struct.unpack_from("<I", data, 8 + length)
    samples = json.loads(body)
    report = {
        "magic": data[:4].decode(),
        "whole": len(data) == length + 12,
        "crc": crc == zlib.crc32(body),
        "same_bytes": encode(samples) == data,
        "samples": samples,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]))
