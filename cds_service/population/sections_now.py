"""Sections of the report about the day of the screening: states, rules, lines, what the charts hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from html import escape

from cds_service.population.figures import COLOURS, Bar, Flow, bars
from cds_service.population.markup import DISEASES, NOTHING, Found, drawn_flows, table, wide
from cds_service.population.suppression import hidden, kept_within, told
from cds_service.population.words import (
    action_name,
    line_name,
    missing_name,
    note_sentence,
    outcome_name,
    reason_name,
    state_name,
)

_MOST_SITES = 12
_MOST_CODES = 40


def in_short(found: Found) -> str:
    """What the cards of that day would ask for."""
    counter = found.counter("actions")
    visible = kept_within(counter, lambda key: key[0], found.smallest)
    totals: Counter[str] = Counter()
    for (_, action), number in visible.items():
        totals[action] += number or 0
    order = sorted(totals, key=lambda action: (-totals[action], action))
    rows = [
        (action_name(action), *[told(visible.get((disease, action), 0), found.smallest) for disease in DISEASES])
        for action in order
    ]
    return table(("", *[f"n:{name}" for name in DISEASES.values()]), rows, "What is asked for, by patients")


def diagnosis_to_state(found: Found) -> str:
    """How many patients of which disease are in which state."""
    given = [Flow(d, state, number) for (d, state), number in sorted(found.counter("states").items())]
    names = {**DISEASES, **{flow.target: state_name(flow.target) for flow in given}}
    return drawn_flows("From diagnosis to state", given, names, found, 520, total_shown=True)


def states_and_rules(found: Found) -> str:
    """The states as bars, the rules as a table, what was missing, and the notes beside answers."""
    counter = found.counter("states")
    states = kept_within(counter, lambda key: key[0], found.smallest)
    drawn = [
        Bar(
            state_name(key[1]),
            found.smallest if n is None else n,
            told(n, found.smallest),
            COLOURS[key[0] == "LN"],
        )
        for key, n in sorted(states.items(), key=lambda row: (-(row[1] or 0), row[0]))
    ]
    return (
        wide(bars("Patients by state", drawn), "Patients by state")
        + table(("rule", "state", "", "action", "n:patients"), _rules(found, states), "Rules")
        + table(("disease", "asked for", "n:patients"), _words(found, "missing", missing_name), "What was missing")
        + table(("disease", "note", "n:patients"), _words(found, "notes", note_sentence), "Notes beside answers")
    )


def _rules(found: Found, states: Mapping[tuple[str, ...], int | None]) -> list[tuple[str, ...]]:
    """The rules. Those of a state add up to it: where the state is hidden, they are, too."""
    counter = found.counter("rules")
    visible = kept_within(counter, lambda key: key[:1] + key[2:3], found.smallest)
    visible |= {key: None for key in counter if states.get((key[0], key[2])) is None}
    listed = sorted(visible.items(), key=lambda row: (row[0][0], -(row[1] or 0), row[0]))
    return [
        (rule, state_name(state), state, action_name(action), told(number, found.smallest))
        for (_, rule, state, action), number in listed
    ]


def _words(found: Found, name: str, word: Callable[[str], str]) -> list[tuple[str, ...]]:
    """Words that a patient may have several of: they add up to nothing that is shown."""
    shown = {key: 0 if hidden(number, found.smallest) else number for key, number in found.counter(name).items()}
    rows = [(key, found.counter(name)[key]) for key in sorted(shown, key=lambda key: (key[0], -shown[key], key))]
    return [(key[0], word(key[1]), found.shown(number)) for key, number in rows]


def lines_of_treatment(found: Found) -> str:
    """Which line followed which, for each disease; and what became of them."""
    parts = []
    for disease, name in DISEASES.items():
        counted = sorted(found.counter("lines").items())
        given = [Flow(before, after, number) for (d, before, after), number in counted if d == disease]
        if given:
            names = {flow.target: line_name(flow.target.partition(" ")[2]) for flow in given}
            names["diagnosis"] = "with a line"
            parts.append(f"<h3>{escape(name.capitalize())}</h3>{drawn_flows(name, given, names, found, 420)}")
    counter = found.counter("outcomes")
    visible = kept_within(counter, lambda key: key[:2], found.smallest)
    outcomes = [
        (d, line_name(classes), outcome_name(outcome), told(visible[d, classes, outcome], found.smallest))
        # What is hidden comes last: its place among the others would tell about how many they are.
        for (d, classes, outcome), _ in sorted(visible.items(), key=lambda row: (-(row[1] or 0), row[0]))[:40]
    ]
    return "".join(parts) + table(("disease", "line", "what became of it", "n:lines"), outcomes, "What became of them")


def completeness(found: Found) -> str:
    """Which share of the patients has an element that is recent enough, by site."""
    sites: Counter[str] = Counter()
    for key, number in found.counter("elements").items():
        sites[key[2]] += number
    columns = [site for site, _ in sites.most_common(_MOST_SITES)]
    parts = []
    for disease, name in DISEASES.items():
        elements = dict.fromkeys(key[1] for key in found.counter("elements") if key[0] == disease)
        if not elements:
            continue
        head = "".join(f"<th>{escape(site.removeprefix('Organization/') or 'site not told')}</th>" for site in columns)
        body = "".join(
            f"<tr><td>{escape(e)}</td>{''.join(_share(found, disease, e, site) for site in columns)}</tr>"
            for e in elements
        )
        caption = f"<caption>{escape(name.capitalize())}: patients with a value that is recent enough</caption>"
        whole = f"<table>{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
        parts.append(wide(whole, f"{name.capitalize()}: what the charts hold"))
    legend = '<p class="small">Green: 80 % and more; yellow: 50 to 79 %; red: less. Without colour: few patients.</p>'
    return "".join(parts) + legend if parts else NOTHING


def _share(found: Found, disease: str, element: str, site: str) -> str:
    counter = found.counter("elements")
    there = counter[disease, element, site, "there"]
    total = there + counter[disease, element, site, "missing"]
    if not total:
        return "<td></td>"
    if hidden(total, found.smallest) or hidden(there, found.smallest) or hidden(total - there, found.smallest):
        few = "few patients" if total < found.smallest else f"{_rounded(there / total)} %"
        return f"<td>{few}</td>"
    share = there / total
    colour = "low" if share < 0.5 else "mid" if share < 0.8 else "high"
    return f'<td class="{colour}">{share:.0%} of {total:,}</td>'


def _rounded(share: float) -> str:
    """A share so coarse that it does not tell a small count."""
    return "under 10" if share < 0.1 else "over 90" if share > 0.9 else f"about {round(share * 10) * 10}"


def unmapped(found: Found) -> str:
    """Codes that look like something a rule reads and are in no table: for the person who keeps the site's mappings."""
    rows = sorted(found.counter("unmapped").items(), key=lambda row: (-row[1], row[0]))[:_MOST_CODES]
    aside = sorted(found.counter("set aside").items(), key=lambda row: -row[1])
    cells = [
        (kind, concept, system, code, display if number >= found.smallest else "(rare)", found.shown(number))
        for (kind, concept, system, code, display), number in rows
    ]
    listed = table(("type", "looks like", "system", "code", "display", "n:records"), cells) if cells else NOTHING
    reasons = [(reason_name(reason[0]), reason[0], found.shown(number)) for reason, number in aside]
    return (
        f"{listed}{table(('set aside because', '', 'n:records'), reasons)}"
        "<p>For rows to review: <code>cds-service mappings unmapped EXPORT --as-overlay</code></p>"
    )
