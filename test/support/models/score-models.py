"""Answer rows with Python onnxruntime: the independent peer of the Node runtime.

python score-models.py MODEL.onnx < rows.f32 prints {"label": [...], "probabilities": [[...], ...]}.
With --time it reads lines "COUNT PAUSE_MS", runs that many single rows with that pause before each and
prints {"waitsUs": [...], "cpuUs": ...}: what each run took, and the thread's CPU time a run.
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
        time_rows(session, width)
        return
    rows = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(-1, width)
    label, probabilities = session.run(["label", "probabilities"], {"X": rows})
    print(json.dumps({"label": label.tolist(), "probabilities": probabilities.tolist()}))


def time_rows(session: onnxruntime.InferenceSession, width: int) -> None:
    """Time single rows as each line on standard input asks for."""
    row = np.full((1, width), 0.1, np.float32)
    for line in sys.stdin:
        count, pause_ms = map(float, line.split())
        waits, cpu = [], 0.0
        for _ in range(int(count)):
            if pause_ms > 0:
                time.sleep(pause_ms / 1000)
            started, cpu_started = time.perf_counter(), time.thread_time()
            session.run(["label", "probabilities"], {"X": row})
            waits.append((time.perf_counter() - started) * 1e6)
            cpu += (time.thread_time() - cpu_started) * 1e6
        print(json.dumps({"waitsUs": waits, "cpuUs": cpu / count}), flush=True)


if __name__ == "__main__":
    main()
