"""Sections of a report out of the facts of a model; one that has nothing to show is empty text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .plots import (
    draw_curves,
    draw_forecast,
    draw_histogram,
    draw_importance,
    draw_intervals,
    draw_precision_recall,
    draw_reliability,
)
from .tables import facts_table, folded, matrix_table, rows_table
from .text import ReportFacts, escape, figure, interval_text, name_of_rule, signed, whole

__all__ = ["SCORES", "model_sections", "render_data", "render_parity", "render_steps"]


#: Key and name of the score that decides, by task.
SCORES: Mapping[str, tuple[str, str]] = {
    "classification": ("macroF1", "macro-F1"),
    "anomaly": ("averagePrecision", "average precision"),
    "forecast": ("mae", "mean absolute error"),
}
_SHOWN_FEATURES = 12
_SHOWN_STEPS = 40


def model_sections(manifest: ReportFacts) -> list[str]:
    """Render what the held-out rows say of a model, whichever task it has."""
    metrics = manifest["metrics"]
    task = manifest.get("task", "classification")
    return [
        _scores(metrics, task),
        _matrix(metrics, manifest.get("labels") or (), task),
        _calibration(metrics.get("calibration")),
        _detection(metrics.get("detection")),
        _forecast(metrics.get("forecast")),
        _importance(metrics.get("importance"), SCORES[task][1]),
    ]


def _card(title: str, note: str, content: str, *, is_wide: bool = False) -> str:
    kind = "rv-card rv-wide" if is_wide else "rv-card"
    told = f"<p>{escape(note)}</p>" if note else ""
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{told}{content}</section>'


def _scores(metrics: ReportFacts, task: str) -> str:
    key, name = SCORES[task]
    if metrics.get(key) is None:
        told = "The held-out rows are all of one kind and cannot tell; collect for longer."
        return _card("Scores", told, "")
    rules = [
        (name_of_rule(rule), facts)
        for rule, facts in metrics.get("baseline", {}).items()
        if isinstance(facts, Mapping) and facts.get(key) is not None
    ]
    rules.sort(key=lambda rule: rule[1][key], reverse=task != "forecast")
    shown = [("this model", metrics), *rules]
    rows = [
        [
            escape(who),
            f"{figure(facts[key])}<small>{interval_text(facts.get('interval'))}</small>",
            ""
            if facts is metrics
            else f"{signed(facts.get('difference'))}"
            f"<small>{interval_text(facts.get('differenceInterval'), sign=True)}</small>",
        ]
        for who, facts in shown
    ]
    difference = "rule − model" if task == "forecast" else "model − rule"
    others = {
        "accuracy": metrics.get("accuracy"),
        "precision where it says anomalous": metrics.get("precision"),
        "anomalous rows that it finds": metrics.get("recall"),
        "area under the ROC curve": metrics.get("rocAuc"),
        "root mean squared error": metrics.get("rmse"),
    }
    known = {other: value for other, value in others.items() if value is not None}
    test_rows = metrics.get("rows", {}).get("test")
    note = (
        "Intervals are 95 %, drawn in blocks of time. The difference is drawn on the same blocks; "
        "above zero favours the model."
    )
    return _card(
        f"Scores on {whole(test_rows)} held-out rows" if test_rows else "Scores on held-out rows",
        note,
        draw_intervals(name, [(who, facts[key], facts.get("interval")) for who, facts in shown])
        + rows_table(f"{name} of the model and of each rule", ["", name, difference], rows, own=0)
        + facts_table("Further scores", known)
        + _per_class(metrics),
    )


def _per_class(metrics: ReportFacts) -> str:
    rows = [
        [
            escape(each["label"]),
            *(figure(each[name]) for name in ("precision", "recall", "f1")),
            whole(each["support"]),
        ]
        for each in metrics.get("perClass", ())
    ]
    heads = ["label", "precision", "recall", "F1", "rows"]
    return folded("Each label", rows_table("Scores of each label", heads, rows)) if rows else ""


def _matrix(metrics: ReportFacts, labels: Sequence[str], task: str) -> str:
    matrix = metrics.get("confusionMatrix")
    if not matrix:
        return ""
    names = labels if task == "classification" else ("normal", "anomalous")
    return _card("Confusion matrix", "", matrix_table(matrix, names))


def _calibration(calibration: ReportFacts | None) -> str:
    if not calibration or not any(each["rows"] for each in calibration["bins"]):
        return ""
    rows = [
        [
            f"{figure(each['low'])} to {figure(each['high'])}",
            whole(each["rows"]),
            figure(each["confidence"]),
            figure(each["accuracy"]),
        ]
        for each in calibration["bins"]
        if each["rows"] > 0
    ]
    heads = ["stated probability", "rows", "on average", "right"]
    note = (
        "How often the most probable label came, against the probability the model gave it. "
        f"Expected calibration error (ECE): {figure(calibration['ece'])}."
    )
    table = folded("As a table", rows_table("Bins of stated probability", heads, rows))
    return _card("Calibration", note, draw_reliability(calibration) + table)


def _importance(importance: ReportFacts | None, score: str) -> str:
    if not importance or not importance.get("features"):
        return ""
    features = importance["features"]
    rows = [
        [
            escape(each["feature"]),
            signed(each["drop"]),
            interval_text(each["interval"], sign=True),
        ]
        for each in features
    ]
    note = (
        f"How much worse {score} gets on {whole(importance['rows'])} held-out rows when the blocks "
        "of one feature are shuffled; features that say the same share what they are worth."
    )
    table = folded(
        f"All {len(features)} as a table",
        rows_table("Permutation importance", ["feature", "loss", "95 % interval"], rows),
    )
    return _card(
        "Feature importance", note, draw_importance(features[:_SHOWN_FEATURES], score) + table
    )


def _detection(detection: ReportFacts | None) -> str:
    if not detection:
        return ""
    curve = draw_precision_recall(detection["precisionRecall"], detection["anomalousShare"])
    scores = detection["scores"]
    series = {name: scores[name] for name in ("normal", "anomalous")}
    histogram = draw_histogram("Scores of held-out rows", "score", scores["edges"], series)
    note = "A row is called anomalous from a score on; each point of the curve is one such score."
    return _card("Detection", note, curve + histogram)


def _forecast(forecast: ReportFacts | None) -> str:
    if not forecast:
        return ""
    errors = forecast["errors"]
    histogram = draw_histogram(
        "Errors of held-out rows",
        "predicted − actual, points",
        errors["edges"],
        {"rows": errors["rows"]},
    )
    note = "In percent of all memory: what came one horizon later, and what was foreseen for it."
    return _card("Forecast", note, draw_forecast(forecast["newest"]) + histogram)


def render_steps(steps: Sequence[ReportFacts]) -> str:
    """Loss and metrics over the steps that the estimator reported."""
    series: dict[str, list[tuple[float, float]]] = {}
    for each in steps:
        named = {"loss": each.get("loss"), **(each.get("metrics") or {})}
        for name, value in named.items():
            if isinstance(value, int | float):
                series.setdefault(name, []).append((each["step"], value))
    series = {name: held for name, held in series.items() if len(held) > 1}
    losses = {name: held for name, held in series.items() if "loss" in name}
    others = {name: held for name, held in series.items() if "loss" not in name}
    pictures = [
        draw_curves(title, held) for title, held in (("loss", losses), ("metric", others)) if held
    ]
    if not pictures:
        return ""
    thinned = steps[:: -(-len(steps) // _SHOWN_STEPS)]
    names = list(series)
    rows = [
        [
            whole(each["step"]),
            *(
                figure({"loss": each.get("loss"), **(each.get("metrics") or {})}.get(n))
                for n in names
            ),
        ]
        for each in thinned
    ]
    table = folded("As a table", rows_table("Figures by step", ["step", *names], rows))
    return _card("Learning curve", "", "".join(pictures) + table)


def render_data(manifest: ReportFacts, class_counts: Mapping[str, int]) -> str:
    """Render what it was trained on, and how."""
    dataset, trainer = manifest["dataset"], manifest["trainer"]
    rows = manifest["metrics"].get("rows", {})
    horizon = dataset.get("horizonMs")
    facts = {
        "data set": dataset["id"],
        "sha256": dataset["sha256"],
        "rows": whole(dataset["rows"]),
        "trained on": whole(rows["train"]) if "train" in rows else None,
        "held out": whole(rows["test"]) if "test" in rows else None,
        "labels look ahead": f"{horizon / 1000:g} s" if horizon else None,
        "features": whole(len(manifest["features"])),
        "feature specification": dataset.get("featureSpecSha256"),
        "weights of rows": trainer.get("sampleWeight") or "all alike",
        "fitted in": f"{trainer['fitSeconds']:.3g} s",
    }
    known = {name: value for name, value in facts.items() if value is not None}
    counts = [[escape(name), whole(count)] for name, count in class_counts.items()]
    return _card(
        "Data",
        "",
        facts_table("What it was trained on", known)
        + (
            folded("Rows of each label", rows_table("Of all splits", ["label", "rows"], counts))
            if counts
            else ""
        )
        + folded("Parameters", facts_table("Of the estimator", trainer.get("parameters", {})))
        + folded("Versions", facts_table("Of the packages", manifest.get("versions", {}))),
    )


def render_parity(manifest: ReportFacts) -> str:
    """How near the ONNX model is to the fitted one; why there is none, where there is none."""
    parity, model = manifest.get("parity"), manifest.get("model")
    if not parity or not model:
        return _card("ONNX", str(manifest.get("notExported", "It was not exported.")), "")
    facts = {
        "rows compared": whole(parity["rows"]),
        "largest difference": f"{parity['maxAbsDiff']:.2g}",
        "labels that differ": parity.get("labelMismatches"),
        "tolerance": f"{parity['tolerance']:.0e}",
        "size": f"{whole(model['sizeBytes'] / 1024)} KiB",
        "opset": ", ".join(
            f"{name or 'ai.onnx'} {number}" for name, number in model["opset"].items()
        ),
        "sha256": model["sha256"],
    }
    known = {name: value for name, value in facts.items() if value is not None}
    note = "The exported model answers like the fitted one; the host proves it again."
    return _card("ONNX", note, facts_table("The model file against the framework", known))
