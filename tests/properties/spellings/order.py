"""Where a resource stands and how often it comes: order, copies, pages, keys (terminology.md 3.2, trap 38)."""

from __future__ import annotations

from random import Random

from tests.properties.spellings.chart import Chart, Entry, Spelling, Which, chosen

ORDER_NUMBERS = "urn:oid:1.3.6.1.4.1.5.77"


def shuffled(chart: Chart, dice: Random, which: Which) -> None:
    keys = list(chart.keys)
    dice.shuffle(keys)
    chart.keys = {key: dice.sample(chart.keys[key], len(chart.keys[key])) for key in keys}


def copied(chart: Chart, dice: Random, which: Which) -> None:
    """The same entry twice: two searches that overlap."""
    for key, entry in _some(chart, dice, which):
        chart.keys[key].insert(dice.randrange(len(chart.keys[key]) + 1), dict(entry))


def sent_by_another_server(chart: Chart, dice: Random, which: Which) -> None:
    """The same record under another id, told as the same by its business identifier.

    The id sorts directly behind the original's, so that it cannot win a tie that the original would lose.
    """
    for key, entry in _some(chart, dice, which):
        resource = entry["resource"]
        if "identifier" in resource:
            continue
        named = {**resource, "identifier": [{"system": ORDER_NUMBERS, "value": f"R-{resource['id']}"}]}
        entry["resource"] = named
        copy = {"resource": {**named, "id": f"{resource['id']}-a"}, "search": {"mode": "match"}}
        chart.keys[key].insert(dice.randrange(len(chart.keys[key]) + 1), copy)


def paged(chart: Chart, dice: Random, which: Which) -> None:
    """Part of the entries of a key travels under a key of the client's own."""
    for key in chosen([key for key, entries in chart.keys.items() if len(entries) > 1], dice, which):
        entries = chart.keys[key]
        cut = dice.randrange(1, len(entries))
        chart.keys[key], chart.keys[f"{key}-page-{len(chart.keys)}"] = entries[:cut], entries[cut:]


def under_one_key(chart: Chart, dice: Random, which: Which) -> None:
    """All searches in one answer, or the whole chart as one Bundle."""
    chart.whole = which is None
    patient = [e for e in chart.entries() if e["resource"]["resourceType"] == "Patient"]
    chart.keys = {"patient": patient, "chart": [e for e in chart.entries() if e not in patient]}


def _some(chart: Chart, dice: Random, which: Which) -> list[tuple[str, Entry]]:
    facts = {id(entry) for entry in chart.facts()}
    return chosen([(key, e) for key, entries in chart.keys.items() for e in entries if id(e) in facts], dice, which)


SPELLINGS: dict[str, Spelling] = {
    "shuffled": shuffled,
    "copied": copied,
    "sent by another server": sent_by_another_server,
    "paged": paged,
    "under one key": under_one_key,
}
