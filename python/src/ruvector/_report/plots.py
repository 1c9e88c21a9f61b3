"""The pictures of a report, each from plain figures of a manifest.

Not the tables below them: ``sections``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .svg import WIDTH, Axes, circle, draw_axes, label, line, path, picture, rect, rounded, ticks
from .text import ReportFacts, figure, signed, whole

__all__ = [
    "draw_bars",
    "draw_curves",
    "draw_forecast",
    "draw_histogram",
    "draw_importance",
    "draw_intervals",
    "draw_precision_recall",
    "draw_reliability",
]

_ROW = 34
_NAME_LETTERS = 46


def draw_intervals(score: str, rows: Sequence[tuple[str, float, Sequence[float] | None]]) -> str:
    """Scores with their intervals, the first one the model's."""
    ends = [end for _, value, interval in rows for end in (value, *(interval or ()))]
    low, high = min(0.0, *ends), max(ends)
    axes = Axes((low, high or 1.0), (0, 1), 8, WIDTH - 12, 4, 4 + _ROW * len(rows))
    shapes = [line(axes.at_x(at), 4, axes.at_x(at), axes.bottom, "grid") for at in ticks(*axes.x)]
    for at, (name, value, interval) in enumerate(rows):
        kind = "main" if at == 0 else "other"
        y = 4 + _ROW * at + 24
        shapes.append(label(8, y - 10, name[:_NAME_LETTERS], "start", "" if at == 0 else "quiet"))
        if interval is not None:
            first, last = axes.at_x(interval[0]), axes.at_x(interval[1])
            shapes.append(line(first, y, last, y, f"{kind}-line"))
            shapes += [line(end, y - 4, end, y + 4, f"{kind}-line") for end in (first, last)]
        shapes.append(circle(axes.at_x(value), y, 4, kind))
    shapes += [
        label(axes.at_x(at), axes.bottom + 14, f"{at:.4g}", "middle", "quiet")
        for at in ticks(*axes.x)
    ]
    told = "; ".join(f"{name} {figure(value)}" for name, value, _ in rows)
    return picture(f"{score} with 95 % intervals", f"{told}.", axes.bottom + 20, "".join(shapes))


def draw_bars(title: str, shares: Mapping[str, float]) -> str:
    """Bars of shares from 0 to 1, one a line, each with its figure."""
    shapes = []
    for at, (name, share) in enumerate(shares.items()):
        y = 4 + _ROW * at
        shapes.append(label(8, y + 10, name[:_NAME_LETTERS], "start", "quiet"))
        shapes.append(rect(8, y + 15, max(1.0, (WIDTH - 64) * min(share, 1)), 9, "main"))
        shapes.append(label(WIDTH - 8, y + 23, figure(share), "end"))
    told = "; ".join(f"{name} {figure(share)}" for name, share in shares.items())
    return picture(title, f"{told}.", 4 + _ROW * len(shares), "".join(shapes))


def draw_reliability(calibration: ReportFacts) -> str:
    """How often the model is right against how sure it says it is, with the rows of each bin."""
    bins = [each for each in calibration["bins"] if each["rows"] > 0]
    axes = Axes((0, 1), (0, 1), 44, WIDTH - 10, 10, 210)
    most = max(each["rows"] for each in bins)
    foot = axes.bottom + 74
    counts = Axes((0, 1), (0, most), 44, WIDTH - 10, axes.bottom + 38, foot)
    shapes = [
        draw_axes(axes, ("stated probability", "share that was right")),
        line(axes.at_x(0), axes.at_y(0), axes.at_x(1), axes.at_y(1), "dash"),
        path(
            [(axes.at_x(each["confidence"]), axes.at_y(each["accuracy"])) for each in bins],
            "main-line",
        ),
    ]
    for each in bins:
        shapes.append(circle(axes.at_x(each["confidence"]), axes.at_y(each["accuracy"]), 4, "main"))
        left, right = counts.at_x(each["low"]) + 1, counts.at_x(each["high"]) - 1
        top = counts.at_y(each["rows"])
        shapes.append(rect(left, top, right - left, foot - top, "soft"))
    shapes.append(
        label(axes.left, foot + 14, f"rows in each bin, at most {whole(most)}", kind="quiet")
    )
    told = (
        f"Over {len(bins)} bins of stated probability; the dashed diagonal is perfect calibration. "
        f"Expected calibration error {figure(calibration['ece'])}."
    )
    return picture("Reliability diagram", told, foot + 20, "".join(shapes))


def draw_importance(rows: Sequence[ReportFacts], loses: str) -> str:
    """Draw what is lost when one feature is shuffled, the most important first."""
    ends = [end for each in rows for end in (each["drop"], *each["interval"])]
    axes = Axes(
        (min(0.0, *ends), max(0.0, *ends) or 1.0), (0, 1), 8, WIDTH - 56, 0, _ROW * len(rows)
    )
    zero = axes.at_x(0)
    shapes = [line(zero, 2, zero, axes.bottom + 2, "grid")]
    for at, each in enumerate(rows):
        y = _ROW * at + 17
        shapes.append(label(8, y - 4, str(each["feature"])[:_NAME_LETTERS]))
        there = axes.at_x(each["drop"])
        shapes.append(rect(min(zero, there), y, abs(there - zero), 10, "soft"))
        first, last = (axes.at_x(end) for end in each["interval"])
        shapes.append(line(first, y + 5, last, y + 5, "main-line"))
        shapes.append(circle(there, y + 5, 3, "main"))
        shapes.append(label(WIDTH - 4, y + 9, signed(each["drop"]), "end", "quiet"))
    told = "; ".join(f"{each['feature']} {signed(each['drop'])}" for each in rows[:5])
    return picture(
        f"Loss of {loses} when a feature is shuffled", f"{told}.", axes.bottom + 8, "".join(shapes)
    )


def draw_curves(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], x_name: str = "step"
) -> str:
    """Up to three lines over the steps of a fit."""
    points = [point for values in series.values() for point in values]
    steps, values = [x for x, _ in points], [y for _, y in points]
    axes = Axes(
        (min(steps), max(steps)), rounded(min(values), max(values)), 52, WIDTH - 10, 24, 190
    )
    shapes = [draw_axes(axes, (x_name, title))]
    at = axes.left
    for (name, held), kind in zip(series.items(), ("main", "second", "other"), strict=False):
        shapes.append(path([(axes.at_x(x), axes.at_y(y)) for x, y in held], f"{kind}-line"))
        shapes.append(line(at, 10, at + 16, 10, f"{kind}-line"))
        shapes.append(label(at + 20, 14, name))
        at += 34 + 7 * len(name)
    told = "; ".join(
        f"{name} from {figure(held[0][1])} to {figure(held[-1][1])}"
        for name, held in series.items()
    )
    return picture(f"{title} by {x_name}", f"{told}.", axes.bottom + 38, "".join(shapes))


def draw_precision_recall(points: Sequence[ReportFacts], share: float) -> str:
    """Precision against recall; the dashed line is the share of anomalous rows."""
    axes = Axes((0, 1), (0, 1), 44, WIDTH - 10, 10, 200)
    held = [(axes.at_x(each["recall"]), axes.at_y(each["precision"])) for each in points]
    shapes = [
        draw_axes(axes, ("recall", "precision")),
        line(axes.left, axes.at_y(share), axes.right, axes.at_y(share), "dash"),
        path(held, "main-line"),
    ]
    told = f"{len(points)} thresholds. Guessing would have a precision of {figure(share)}, dashed."
    return picture("Precision against recall", told, axes.bottom + 38, "".join(shapes))


def draw_histogram(
    title: str, x_name: str, edges: Sequence[float], series: Mapping[str, Sequence[float]]
) -> str:
    """One or two histograms over the same bins, each as a share of its own rows."""
    shares = {
        name: [count / (sum(counts) or 1) for count in counts] for name, counts in series.items()
    }
    most = max(max(values) for values in shares.values()) or 1.0
    axes = Axes((edges[0], edges[-1]), (0, most), 44, WIDTH - 10, 24, 180)
    shapes = [draw_axes(axes, (x_name, "share of rows"))]
    at = axes.left
    for (name, values), kind in zip(shares.items(), ("soft", "softer"), strict=False):
        for low, high, share in zip(edges[:-1], edges[1:], values, strict=True):
            left, top = axes.at_x(low), axes.at_y(share)
            shapes.append(rect(left, top, axes.at_x(high) - left - 1, axes.bottom - top, kind))
        shapes.append(rect(at, 5, 12, 10, kind))
        shapes.append(label(at + 17, 14, name))
        at += 34 + 7 * len(name)
    told = "; ".join(f"{name}: {whole(sum(counts))} rows" for name, counts in series.items())
    return picture(title, f"{told}.", axes.bottom + 38, "".join(shapes))


def draw_forecast(rows: Sequence[ReportFacts]) -> str:
    """Draw what came and what was foreseen for it, over time."""
    values = [each[name] for each in rows for name in ("actual", "predicted")]
    times = [each["seconds"] for each in rows]
    axes = Axes((times[0], times[-1]), rounded(min(values), max(values)), 44, WIDTH - 10, 24, 190)
    shapes = [draw_axes(axes, ("seconds", "memory available, %"))]
    for at, (name, kind) in enumerate((("actual", "other"), ("predicted", "main"))):
        held = [(axes.at_x(each["seconds"]), axes.at_y(each[name])) for each in rows]
        shapes.append(path(held, f"{kind}-line"))
        left = axes.left + 90 * at
        shapes.append(line(left, 10, left + 16, 10, f"{kind}-line"))
        shapes.append(label(left + 20, 14, name))
    told = f"{len(rows)} held-out rows over {whole(times[-1] - times[0])} seconds."
    return picture("Forecast and what came", told, axes.bottom + 38, "".join(shapes))
