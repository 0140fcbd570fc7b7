"""Sections of the report about the day of the screening: states, rules, lines, what the charts hold."""

from __future__ import annotations

from collections import Counter
from html import escape

from cds_service.population.figures import COLOURS, Bar, Flow, bars
from cds_service.population.markup import DISEASES, NOTHING, Found, drawn_flows, table
from cds_service.population.suppression import hidden, kept, told

_MOST_SITES = 12
_MOST_CODES = 40


def diagnosis_to_state(found: Found) -> str:
    """How many patients of which disease are in which state."""
    given = [Flow(d, state, number) for (d, state), number in sorted(found.counter("states").items())]
    return drawn_flows("From diagnosis to state", given, DISEASES, found, 520)


def states_and_rules(found: Found) -> str:
    """The states as bars, the rules as a table."""
    states = Counter({state: number for (_, state), number in found.counter("states").items()})
    rows = sorted(kept(states, found.smallest).items(), key=lambda row: (-states[row[0]], row[0]))
    drawn = [
        Bar(s, found.smallest if n is None else n, told(n, found.smallest), COLOURS[s.startswith("LN")])
        for s, n in rows
    ]
    rules = kept(found.counter("rules"), found.smallest)
    listed = sorted(rules.items(), key=lambda row: (row[0][0], -found.counter("rules")[row[0]], row[0]))
    cells = [(key[1], key[2], key[3], told(number, found.smallest)) for key, number in listed]
    notes = [
        (key[0], key[1], found.shown(number))
        for key, number in sorted(found.counter("notes").items(), key=lambda row: (row[0][0], -row[1]))
    ]
    missing = [
        (key[0], key[1], found.shown(number))
        for key, number in sorted(found.counter("missing").items(), key=lambda row: (row[0][0], -row[1]))
    ]
    return (
        bars("Patients by state", drawn)
        + table(("rule", "state", "action", "n:patients"), cells, "Rules")
        + table(("disease", "asked for", "n:patients"), missing, "What was missing")
        + table(("disease", "note", "n:patients"), notes, "Notes")
    )


def lines_of_treatment(found: Found) -> str:
    """Which line followed which, for each disease; and what became of them."""
    parts = []
    for disease, name in DISEASES.items():
        counted = sorted(found.counter("lines").items())
        given = [Flow(before, after, number) for (d, before, after), number in counted if d == disease]
        if given:
            names = {"diagnosis": "a line of treatment"} | {f.target: f.target.partition(" ")[2] for f in given}
            parts.append(f"<h3>{escape(name.capitalize())}</h3>{drawn_flows(name, given, names, found, 420)}")
    outcomes = [
        (d, classes, outcome, found.shown(number))
        for (d, classes, outcome), number in sorted(found.counter("outcomes").items(), key=lambda row: -row[1])[:40]
    ]
    return "".join(parts) + table(("disease", "line", "outcome", "n:lines"), outcomes, "What became of them")


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
        head = "".join(f"<th>{escape(site or 'site not told')}</th>" for site in columns)
        body = "".join(
            f"<tr><td>{escape(e)}</td>{''.join(_share(found, disease, e, site) for site in columns)}</tr>"
            for e in elements
        )
        caption = f"<caption>{escape(name.capitalize())}: patients with a value that is recent enough</caption>"
        parts.append(f"<table>{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "".join(parts) or NOTHING


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
    reasons = [(reason[0], found.shown(number)) for reason, number in aside]
    return (
        f"{listed}{table(('set aside because', 'n:records'), reasons)}"
        "<p>For rows to review: <code>cds-service mappings unmapped EXPORT --as-overlay</code></p>"
    )
