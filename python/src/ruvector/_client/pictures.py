"""How clients, data sets and decisions look in a notebook: tables and bars, as in a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol

from .._report import draw, render_card

__all__ = ["client_html", "dataset_html", "decision_html"]

_SPLITS = ("train", "gap", "test")


class _Dataset(Protocol):
    meta: Mapping[str, Any]

    def __len__(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    def y(self, split: str) -> Any: ...  # noqa: ANN401


class _Decision(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def probabilities(self) -> Mapping[str, float]: ...
    @property
    def plan(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def refusals(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def held_back(self) -> str: ...
    @property
    def features(self) -> Mapping[str, float]: ...


def client_html(status: Mapping[str, Any]) -> str:
    """Show what a running daemon does."""
    config, model = status.get("config", {}), status.get("model", {})
    decisions = status.get("decisions", {})
    kinds = status.get("history", {}).get("kinds", {})
    facts = {
        "host": f"process {status.get('pid')}, home {status.get('home')}",
        "sampling": f"{config.get('hz')} Hz, {status.get('samples')} samples",
        "model": model.get("live") or "none: the rule decides",
        "decisions": f"{decisions.get('decisions')}, {decisions.get('failures')} failed",
        "acts": "yes" if status.get("acting") else "no, dry run",
        **{f"history: {kind}": f"{found.get('rows')} rows" for kind, found in kinds.items()},
    }
    return render_card("A running host", _facts("What it does now", facts))


def dataset_html(dataset: _Dataset) -> str:
    """Show rows of each label by split, and what the set is made of."""
    rows = [
        [escape(name), *(str(int((dataset.y(split) == at).sum())) for split in _SPLITS)]
        for at, name in enumerate(dataset.labels)
    ]
    table = draw("rowsTable", "Rows of each label", ["", *_SPLITS], rows) if rows else ""
    facts = {
        key: value
        for key, value in {
            "id": dataset.id,
            "rows": len(dataset),
            "features": len(dataset.feature_names),
            "horizon": _seconds(dataset.meta.get("horizonMs")),
        }.items()
        if value not in ("", None)
    }
    names = draw("folded", "Features", escape(", ".join(dataset.feature_names)))
    return render_card("Data set", _facts("What it is", facts), table, names)


def decision_html(decision: _Decision) -> str:
    """Show the label, the probabilities as bars, the plan and what holds it back."""
    by = decision.model or "the rule"
    plan = {
        _target(each.get("target")): f"{_mib(each.get('bytes'))} by {each.get('actuator')}"
        for each in decision.plan
    }
    refusals = {
        f"{each['rule']} ({_target(each.get('target') or 'host')})": each["reason"]
        for each in decision.refusals
    }
    shares = decision.probabilities
    return render_card(
        decision.label,
        _facts("Decision", {"by": by, "because": decision.reason}),
        draw("drawBars", "Probability of each label", shares) if shares else "",
        _facts("Would do", plan) or f"<p>{escape(decision.held_back)}</p>",
        _facts("Held back by", refusals),
        draw("folded", "Features", _facts("What was looked at", decision.features)),
    )


def _facts(caption: str, facts: Mapping[str, object]) -> str:
    return draw("factsTable", caption, facts)


def _seconds(milliseconds: float | None) -> str | None:
    return None if milliseconds is None else f"{milliseconds / 1000:g} s"


def _target(target: object) -> str:
    if not isinstance(target, Mapping):
        return str(target)
    pid = f", process {target['pid']}" if "pid" in target else ""
    return f"{target.get('name') or target.get('path') or target.get('kind')}{pid}"


def _mib(size: float | None) -> str:
    return "" if size is None else f"{size / 2**20:.1f} MiB"
