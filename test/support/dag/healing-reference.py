"""The scores of src/dag/healing, computed with NumPy from the whole series: JSON in, JSON out."""

import json
import sys

import numpy as np

MAD_TO_DEVIATION = 1.4826
MEAN_TO_DEVIATION = np.sqrt(np.pi / 2)


def robust_scores(values: np.ndarray, window: int, min_samples: int) -> list[float | None]:
    """Each value against the median and MAD of those before it; None before there are enough."""
    scores: list[float | None] = []
    for at, value in enumerate(values):
        if at + 1 < min_samples:
            scores.append(None)
            continue
        before = values[max(0, at - window) : at]
        median = np.median(before)
        distances = np.abs(before - median)
        spread = MAD_TO_DEVIATION * np.median(distances)
        if spread == 0:
            spread = MEAN_TO_DEVIATION * np.mean(distances)
        distance = value - median
        if distance == 0:
            scores.append(0.0)
        else:
            scores.append(
                float(distance / spread) if spread > 0 else float(np.sign(distance) * 1e308)
            )
    return scores


def page_hinkley(values: np.ndarray, delta: float, threshold: float) -> list[int]:
    """Places of drifts, from the sums of the whole series since the last one."""
    found: list[int] = []
    start = 0
    for at in range(len(values)):
        part = values[start : at + 1]
        before = np.concatenate([[part[0]], np.cumsum(part)[:-1] / np.arange(1, len(part))])
        up = np.cumsum(part - before - delta)
        down = np.cumsum(before - part - delta)
        reached = max(last_above_minimum(up), last_above_minimum(down))
        if reached > threshold:
            found.append(at)
            start = at + 1
    return found


def last_above_minimum(sums: np.ndarray) -> float:
    """How far the last sum is above the smallest one before it, 0 being where all begin."""
    return float(sums[-1] - min(0.0, sums.min()))


def main() -> None:
    """Answers one request on standard input."""
    request = json.load(sys.stdin)
    series = [np.array(each, dtype=np.float64) for each in request["series"]]
    scores = [robust_scores(each, request["windowSize"], request["minSamples"]) for each in series]
    drifts = [
        page_hinkley(each, request["delta"], request["lambda"]) for each in request["drifting"]
    ]
    json.dump({"scores": scores, "drifts": drifts}, sys.stdout)


if __name__ == "__main__":
    main()
