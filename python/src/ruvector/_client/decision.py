"""One decision of the daemon, explained, as ``client.decide()`` gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .pictures import decision_html

__all__ = ["Decision"]


@dataclass(frozen=True)
class Decision:
    """What the host would do now, and why. Nothing was done.

    Attributes
    ----------
    label : str
        What the host needs, such as ``"NoActionNeeded"``.
    reason : str
        One sentence.
    model : str or None
        ``name@version`` that decided; None when it was the rule.
    probabilities : mapping of str to float
        Of each label; empty when the rule decided.
    plan : sequence of mapping
        What would be taken from whom.
    refusals : sequence of mapping
        What holds it back: ``rule``, ``target`` and ``reason``.
    features : mapping of str to float
        What the model looked at.
    explanation : mapping
        All that the daemon said.

    """

    label: str
    reason: str
    model: str | None
    probabilities: Mapping[str, float]
    plan: Sequence[Mapping[str, Any]]
    refusals: Sequence[Mapping[str, Any]]
    features: Mapping[str, float]
    explanation: Mapping[str, Any] = field(repr=False)

    @property
    def held_back(self) -> str:
        """Why nothing is planned, in one sentence; empty when something is."""
        if self.plan:
            return ""
        if self.label == "NoActionNeeded":
            return "nothing to do"
        if self.refusals:
            return f"nothing is done: {self.refusals[0]['reason']}"
        return "nothing is done: nobody is short whom a target could help"

    def __repr__(self) -> str:
        would = f"{len(self.plan)} actions planned" if self.plan else self.held_back
        sure = self.probabilities.get(self.label)
        share = "" if sure is None else f", p {sure:.2f}"
        return f"Decision({self.label}{share}, by {self.model or 'the rule'}: {would})"

    def _repr_html_(self) -> str:
        return decision_html(self)


def decision_of(explanation: Mapping[str, Any]) -> Decision:
    """Take a decision out of the daemon's answer."""
    decision = explanation.get("decision", {})
    return Decision(
        label=str(decision.get("label", "")),
        reason=str(decision.get("reason", "")),
        model=decision.get("modelVersion"),
        probabilities=dict(decision.get("probabilities") or {}),
        plan=list(decision.get("plan") or ()),
        refusals=list(decision.get("refusals") or ()),
        features={each["name"]: each["value"] for each in explanation.get("features", ())},
        explanation=explanation,
    )
