"""What the service answers about a chart, and what a trap must not have changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_samples import ON, Resource

from cds_service.app import knowledge_of
from cds_service.hooks.evaluation import Evaluation, evaluate
from cds_service.hooks.knowledge import Knowledge
from cds_service.settings import load
from tests.traps.charts import Chart, diagnosed, lupus_nephritis, on_tacrolimus, prefetch_of, untreated

NOT_THE_DECISION = ("setAside", "versions")


@cache
def _knowledge() -> Knowledge:
    return knowledge_of(load())


@dataclass(frozen=True)
class Answer:
    """The evaluation of one chart, read as a client reads it: from the card."""

    evaluation: Evaluation

    @property
    def card(self) -> dict[str, Any]:
        """The leading card; empty when there is none."""
        return dict(self.evaluation.cards[0]) if self.evaluation.cards else {}

    @property
    def decision(self) -> dict[str, Any]:
        """The machine-readable half of the card without what was set aside; empty when there is no card."""
        half = self.card.get("extension", {}).get("org.nextline-cds.recommendation", {})
        return {name: value for name, value in half.items() if name not in NOT_THE_DECISION}

    @property
    def rule(self) -> str:
        return str(self.decision.get("rule", ""))

    @property
    def state_and_action(self) -> tuple[str, str]:
        return str(self.decision.get("state", "")), str(self.decision.get("action", ""))

    @property
    def offered(self) -> list[str]:
        """The class suggested and its alternatives."""
        return [self.decision[name] for name in ("nextClass",) if name in self.decision] + self.of("alternatives")

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self.of("lines")

    def of(self, member: str) -> list[Any]:
        """A member that is a list; empty when it was left out."""
        return list(self.decision.get(member, []))

    def said_of(self, name: str) -> list[str]:
        """Why the card says that a resource was set aside; empty when it does not say so."""
        half = self.card.get("extension", {}).get("org.nextline-cds.recommendation", {})
        return [item["reason"] for item in half.get("setAside", []) if item["resource"].endswith(f"/{name}")]

    def rests_on(self, name: str) -> bool:
        """Whether a fact or a line names the resource as its source, or the counts call it used."""
        facts = [fact.get("source", "") for fact in self.of("facts")]
        lines = [source for line in self.lines for source in line.get("sources", [])]
        return any(source.endswith(f"/{name}") for source in [*facts, *lines, *self.evaluation.bins.used])

    def value_of(self, fact: str, role: str = "current") -> Any:
        """The value of a fact of the card; None when the card does not have it."""
        found = [f["value"] for f in self.of("facts") if (f["name"], f.get("role")) == (fact, role)]
        return found[0] if found else None


def answer(chart: Chart) -> Answer:
    """What the service says about the chart. Every resource must have ended in a bin (architecture, idea 5)."""
    whose = next(resource["id"] for resource in chart.values() if resource["resourceType"] == "Patient")
    found = Answer(evaluate(prefetch_of(chart), whose, ON, _knowledge()))
    bins = found.evaluation.bins
    assert bins.total == len(bins.used) + len(bins.superseded) + bins.not_relevant + bins.set_aside == len(chart)
    return found


def laid(chart: Chart, trap: Resource, name: str = "trap") -> Chart:
    """The chart with the trap in it."""
    assert name not in chart
    return {**chart, name: {**trap, "id": name}}


def differences(before: Answer, after: Answer) -> dict[str, tuple[Any, Any]]:
    """The members of the decision that are not alike."""
    names = before.decision.keys() | after.decision.keys()
    pairs = {name: (before.decision.get(name), after.decision.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def untouched(chart: Chart, trap: Resource) -> Answer:
    """The answer with the trap in the chart, after checking that it changed nothing and that nothing rests on it."""
    before, after = answer(chart), answer(laid(chart, trap))
    assert before.rule, "the chart has no card, so the trap proves nothing"
    assert differences(before, after) == {}
    assert not after.rests_on("trap")
    return after


def no_card(*diagnoses: Resource) -> None:
    """Neither the nephrotic nor the nephritic chart gets advice (step 0, SC-03)."""
    for chart in (on_tacrolimus(), untreated(), lupus_nephritis()):
        assert answer(chart).rule
        assert answer(diagnosed(chart, *diagnoses)).evaluation.cards == []
