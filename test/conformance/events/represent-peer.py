"""Answers each line of JSON (events and what to make of them) with the tensor, flat, by the published formulas in NumPy."""

import json
import sys

import numpy as np


def windows(t, size, stride, incomplete):
    """Tonic: windows of time from the first event on; at least one."""
    more = (t[-1] - t[0] - size) / stride
    count = max(1, int(np.ceil(more) if incomplete else np.floor(more)) + 1)
    starts = np.arange(count) * stride + t[0]
    return zip(np.searchsorted(t, starts), np.searchsorted(t, starts + size), strict=True)


def frames(e, shape, window, overlap, incomplete):
    out = []
    for start, end in windows(e["t"], window, window - overlap, incomplete):
        frame = np.zeros((2, *shape), np.int64)
        np.add.at(
            frame, ((e["p"][start:end] > 0).astype(int), e["y"][start:end], e["x"][start:end]), 1
        )
        out.append(frame)
    return np.array(out)


def voxel_grid(e, shape, bins):
    """Zhu et al. 2019, as Tonic normalises time: the last event falls out of the last bin."""
    grid = np.zeros((bins, *shape))
    place = bins * (e["t"] - e["t"][0]).astype(float) / (e["t"][-1] - e["t"][0])
    bin_of = place.astype(int)
    polarity = np.where(e["p"] > 0, 1.0, -1.0)
    for step, share in ((0, 1.0 - (place - bin_of)), (1, place - bin_of)):
        fits = bin_of + step < bins
        index = (bin_of[fits] + step, e["y"][fits], e["x"][fits])
        np.add.at(grid, index, (polarity * share)[fits])
    return grid


def time_surfaces(e, shape, interval, tau):
    """Lagorce et al. 2016, over the whole sensor."""
    latest = np.full((2, *shape), -np.inf)
    out = []
    for i, (start, end) in enumerate(windows(e["t"], interval, interval, False)):
        for k in range(start, end):
            latest[int(e["p"][k] > 0), e["y"][k], e["x"][k]] = e["t"][k]
        out.append(np.exp(-((i + 1) * interval + e["t"][0] - latest) / tau))
    return np.array(out)


def histogram(e, shape, most, clip):
    """OpenEB's HistoProcessor, in 32 bits."""
    step, top = np.float32(1) / np.float32(most), np.float32(clip)
    out = np.zeros((2, *shape), np.float32)
    for x, y, p in zip(e["x"], e["y"], e["p"], strict=True):
        out[int(p > 0), y, x] = min(top, out[int(p > 0), y, x] + step)
    return out


def difference(e, shape, most, clip):
    """OpenEB's DiffProcessor, in 32 bits."""
    step, top = np.float32(1) / np.float32(most), np.float32(clip)
    out = np.zeros(shape, np.float32)
    for x, y, p in zip(e["x"], e["y"], e["p"], strict=True):
        out[y, x] = max(-top, min(top, out[y, x] + (step if p > 0 else -step)))
    return out


def event_cube(e, shape, bins, start, duration, split):
    """OpenEB's EventCubeProcessor, in 32 bits, without a clip."""
    planes = 2 if split else 1
    out = np.zeros((bins, planes, *shape), np.float32)
    scale = np.float32(bins) / np.float32(duration)
    for t, x, y, p in zip(e["t"], e["x"], e["y"], e["p"], strict=True):
        place = np.float32(t - start) * scale - np.float32(0.5)
        left = int(np.floor(place))
        share = max(np.float32(0), np.float32(1) - abs(np.float32(left) - place))
        sign = np.float32(1 if split or p > 0 else -1)
        plane = int(split and p > 0)
        for bin_of, value in ((left, share), (left + 1, np.float32(1) - share)):
            if 0 <= bin_of < bins:
                out[bin_of, plane, y, x] += sign * value
    return out


def latest_times(e, shape, split):
    """OpenEB's TimeSurfaceProcessor."""
    out = np.zeros((*shape, 2 if split else 1), np.int64)
    for t, x, y, p in zip(e["t"], e["x"], e["y"], e["p"], strict=True):
        out[y, x, int(split and p > 0)] = t
    return out


def refractory(e, shape, period):
    """Tonic: what comes more than the period after the last one of its pixel."""
    latest = np.full(shape, -np.inf)
    kept = []
    for i, (t, x, y) in enumerate(zip(e["t"], e["x"], e["y"], strict=True)):
        if t - latest[y, x] > period:
            kept.append(i)
        latest[y, x] = t
    return np.array(kept)


def denoise(e, shape, period):
    """Tonic: what has one of its four neighbours less than the period before."""
    ends = np.full((shape[0] + 2, shape[1] + 2), -np.inf)
    kept = []
    for i, (t, x, y) in enumerate(zip(e["t"], e["x"], e["y"], strict=True)):
        ends[y + 1, x + 1] = t + period
        if max(ends[y, x + 1], ends[y + 2, x + 1], ends[y + 1, x], ends[y + 1, x + 2]) > t:
            kept.append(i)
    return np.array(kept)


KINDS = {
    f.__name__: f
    for f in (
        frames,
        voxel_grid,
        time_surfaces,
        histogram,
        difference,
        event_cube,
        latest_times,
        refractory,
        denoise,
    )
}

for line in sys.stdin:
    question = json.loads(line)
    events = {name: np.array(values) for name, values in question["events"].items()}
    with np.errstate(over="ignore"):
        result = KINDS[question["kind"]](events, tuple(question["shape"]), **question["with"])
    print(json.dumps({"shape": list(result.shape), "data": result.ravel().tolist()}), flush=True)
