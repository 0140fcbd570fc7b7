"""Sections of the report about what happened: how often cards are seen, what was prescribed, remission, every line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape

from cds_service.population import paper
from cds_service.population.courses import SWITCHED_AFTER
from cds_service.population.figures import COLOURS, Bar, bars
from cds_service.population.markup import NOTHING, Found, table, wide
from cds_service.population.over_time import ALTERNATIVE, OTHER
from cds_service.population.over_time import NOTHING as NO_NEW_LINE
from cds_service.population.over_time import SAME as AS_SUGGESTED
from cds_service.population.suppression import kept, kept_within, told
from cds_service.population.words import class_name

_SEVERITIES = {"critical": COLOURS[6], "warning": COLOURS[4], "info": COLOURS[0]}
_NEEDS_TIME = "<p>Run the screening with <code>--over-time MONTHLY</code> to fill this section.</p>"
_PUBLISHED = {
    "RTX+CNI": ("rituximab with tacrolimus", {"complete": "37.13 %", "partial": "50.01 %", "none": ""}),
    "RTX": ("rituximab alone", {"complete": "26.39 %", "partial": "39.48 %", "none": ""}),
}
_DIFFER = ("group", "the paper", "we", "because", "n:patients")
_KINDS = (paper.COMPLETE, paper.PARTIAL, paper.NEITHER)
_BINS = {
    "used": "used for an answer",
    "superseded": "an older version or a copy of a record that was used",
    "duplicate": "byte for byte there before",
    "not_relevant": "about something no rule reads",
    "set_aside": "could have mattered and cannot be used; each has a reason",
    "medication": "Medications, looked up when a record points at them",
    "other_type": "of a type no rule reads",
    "without_patient": "not about a patient that can be told",
    "neither_disease": "of patients with neither disease",
    "refused": "of patients whose chart could not be read as one",
    "deleted": "said to be deleted by the manifest",
    "broken": "broken: named by file and line in broken.ndjson",
}


def resistance_to_switch(found: Found) -> str:
    """How long it took from the first day shown as resistant to the next line."""
    if not found.over_time:
        return _NEEDS_TIME
    counts: Counter[str] = Counter()
    for (_, when), number in found.counter("switch").items():
        counts[when] += number
    if not counts:
        return "<p>Nobody was shown as resistant.</p>"
    rows = kept({when: counts[when] for when in SWITCHED_AFTER}, found.smallest)
    drawn = [
        Bar(when, found.smallest if n is None else n, told(n, found.smallest), COLOURS[2]) for when, n in rows.items()
    ]
    title = "From the first month shown as resistant to the next line"
    return wide(bars(title, drawn), title)


def burden(found: Found) -> str:
    """Cards for 1,000 chart openings, by severity."""
    people = found.counts["patients"]["found"]
    now = {name: found.counter("severity")[(name,)] for name in _SEVERITIES}
    text = _burden(now, people, "all charts of the export opened once on that day", found)
    if not found.over_time:
        return text
    openings = sum(found.counter("openings").values())
    ever = {name: sum(n for key, n in found.counter("shown").items() if key[1] == name) for name in _SEVERITIES}
    return text + _burden(ever, openings, "each chart of a patient with either disease opened once a month", found)


def _burden(cards: Mapping[str, int], openings: int, which: str, found: Found) -> str:
    if not openings:
        return NOTHING
    visible = kept(cards, found.smallest)
    drawn = [
        Bar(
            name,
            (visible[name] or 0) * 1000 / openings,
            told(None, found.smallest) if visible[name] is None else f"{cards[name] * 1000 / openings:.1f}",
            colour,
        )
        for name, colour in _SEVERITIES.items()
    ]
    title = "Cards by severity"
    return f"<p>Cards for 1,000 chart openings ({escape(which)}: {openings:,}):</p>{wide(bars(title, drawn), title)}"


def agreement(found: Found) -> str:
    """Suggestions when they were first shown, and the line that began next."""
    if not found.over_time:
        return _NEEDS_TIME
    order = (AS_SUGGESTED, ALTERNATIVE, OTHER, NO_NEW_LINE)
    given = found.counter("followed")
    if not given:
        return "<p>No class was suggested early enough to see what followed.</p>"
    whole: Counter[str] = Counter()
    for key, number in given.items():
        whole[key[2]] += number
    rows = kept({how: whole[how] for how in order}, found.smallest)
    drawn = [
        Bar(how, found.smallest if n is None else n, told(n, found.smallest), COLOURS[3]) for how, n in rows.items()
    ]
    # A column adds up to its bar.
    visible = kept_within(given, lambda key: key[2], found.smallest)
    visible |= {key: None for key in given if rows[key[2]] is None}
    kinds = sorted({key[:2] for key in given})
    cells = [
        (d, class_name(c), *[told(visible.get((d, c, how), 0), found.smallest) for how in order]) for d, c in kinds
    ]
    return (
        "<p>Each suggestion to start a class, in the month in which it was first shown, and the line that began in the"
        " 180 days after it. Whether the prescription or the suggestion was better, this does not say.</p>"
        + wide(bars("What was prescribed after a suggestion", drawn), "What was prescribed after a suggestion")
        + table(("disease", "suggested", *[f"n:{how}" for how in order]), cells)
    )


def beside_the_paper(found: Found) -> str:
    """Remission after rituximab by the paper's definitions and by ours, and why they differ."""
    counter = found.counter("paper")
    if not counter:
        return "<p>Nobody got a first rituximab after failed treatment, with twelve months to look at.</p>"
    rows = []
    for group, (name, published) in _PUBLISHED.items():
        of_group = {key: number for key, number in counter.items() if key[0] == group}
        total = sum(of_group.values())
        papers, ours = Counter[str](), Counter[str]()
        for key, number in of_group.items():
            papers[key[1]] += number
            ours[key[2]] += number
        shown_papers, shown_ours = (kept({kind: c[kind] for kind in _KINDS}, found.smallest) for c in (papers, ours))
        rows += [
            (name, kind, _of(shown_papers[kind], total, found), _of(shown_ours[kind], total, found), published[kind])
            for kind in _KINDS
            if total
        ]
    differ = [
        (_PUBLISHED[group][0], by_paper, ours, because, found.shown(number))
        for (group, by_paper, ours, because), number in sorted(counter.items())
        if by_paper != ours
    ]
    head = ("group", "remission", "n:by the paper's definitions", "n:by ours", "n:published")
    return (
        "<p>The paper (Chen and others, Balkan Med J 2023;40:287-293) counts a partial remission where proteinuria is"
        " 0.3 to 3.5 g a day <em>or</em> has fallen by half, with albumin of at least 30 g/L; we ask for both, and not"
        " for albumin (KDIGO 2021, conflict C-02). It counts what was reached by twelve months; ours is the state of"
        " the twelfth month. Its percentages are estimates over time and no whole patients.</p>"
        + table(head, rows)
        + (table(_DIFFER, differ, "Where the two differ") if differ else "<p>The two agree on each of them.</p>")
    )


def where_lines_went(found: Found) -> str:
    """Every line of the export in one bin."""
    lines = found.counts["lines"]
    rows = [(f"{lines[name]:,}", text) for name, text in _BINS.items() if lines[name]]
    rows.append((f"{lines['read']:,}", "read: the sum of the above"))
    return table(("n:lines", ""), rows)


def _of(number: int | None, total: int, found: Found) -> str:
    if number is None:
        return told(None, found.smallest)
    return f"{number} of {total} ({number / total:.1%})"
