"""Check each model of a folder with onnx.checker and replay its golden rows in Python's onnxruntime."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa

reports = []
for path in sorted(Path(sys.argv[1]).glob("*.onnx")):
    proto = onnx.load(str(path))
    onnx.checker.check_model(proto, full_check=True)
    table = pa.ipc.open_stream(path.with_suffix(".arrow").read_bytes()).read_all()
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    X = np.stack([table[name].to_numpy() for name in json.loads(facts["features"])], axis=1)
    classes = sum(1 for name in table.column_names if name[:1] == "p" and name[1:].isdigit())
    expected = np.stack([table[f"p{k}"].to_numpy() for k in range(classes)], axis=1)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    label, probabilities = session.run(["label", "probabilities"], {"X": X})
    difference = np.abs(probabilities - expected) / (1 + np.abs(expected))
    reports.append(
        {
            "name": path.stem,
            "opset": proto.opset_import[0].version,
            "ir": proto.ir_version,
            "worst": float(difference.max()),
            "mismatches": int((label != table["expected_label"].to_numpy()).sum()),
            "rows": len(X),
        }
    )
print(json.dumps(reports))
