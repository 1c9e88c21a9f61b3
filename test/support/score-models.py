"""Answer rows with Python onnxruntime: the independent peer of the Node runtime.

python score-models.py MODEL.onnx < rows.f32 prints {"label": [...], "probabilities": [[...], ...]}.
With --time N it prints the microseconds of N single-row runs, one JSON list a line of input.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import onnxruntime


def main() -> None:
    """Score the rows on standard input, or time single rows on demand."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(sys.argv[1], options)
    width = session.get_inputs()[0].shape[1]
    if len(sys.argv) > 2:
        time_rows(session, width, int(sys.argv[3]))
        return
    rows = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(-1, width)
    label, probabilities = session.run(["label", "probabilities"], {"X": rows})
    print(json.dumps({"label": label.tolist(), "probabilities": probabilities.tolist()}))


def time_rows(session: onnxruntime.InferenceSession, width: int, count: int) -> None:
    """For each line on standard input, run `count` single rows and print their times in µs."""
    row = np.full((1, width), 0.1, np.float32)
    for _ in sys.stdin:
        times = []
        for _ in range(count):
            started = time.perf_counter()
            session.run(["label", "probabilities"], {"X": row})
            times.append((time.perf_counter() - started) * 1e6)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
