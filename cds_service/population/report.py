"""report.html: what a committee reads before it decides. One file, nothing from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from cds_service.population import sections_course, sections_now
from cds_service.population.markup import DISEASES, Found, table
from cds_service.population.tally import Counters

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d1d1f;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .4rem;border-top:1px solid #ccc;padding-top:1rem}
table{border-collapse:collapse;margin:.6rem 0;font-size:.9rem}caption{text-align:left;color:#444;padding:.2rem 0}
td,th{border-bottom:1px solid #ddd;padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg text{font:12px system-ui,sans-serif;fill:#1d1d1f}
.wide{overflow-x:auto;max-width:100%}.wide svg{min-width:46rem}
p.small,footer{color:#555;font-size:.88rem}.low{background:#fbe3dc}.mid{background:#fdf3d8}.high{background:#e5f1e1}
"""
_SECTIONS: tuple[tuple[str, Callable[[Found], str]], ...] = (
    ("In short", sections_now.in_short),
    ("From diagnosis to state", sections_now.diagnosis_to_state),
    ("States and rules", sections_now.states_and_rules),
    ("Lines of treatment", sections_now.lines_of_treatment),
    ("From resistance to the next line", sections_course.resistance_to_switch),
    ("What the charts hold", sections_now.completeness),
    ("Codes that nobody has mapped", sections_now.unmapped),
    ("How often a card would be seen", sections_course.burden),
    ("What was prescribed then", sections_course.agreement),
    ("Remission as document 002 counts it, and as we do", sections_course.beside_the_paper),
    ("Where every line went", sections_course.where_lines_went),
)


def report(counts: Mapping[str, Any], counters: Counters, smallest: int, over_time: bool) -> str:
    """The page. `smallest` is the smallest count of patients that is shown."""
    found = Found(counts, counters, smallest, over_time)
    parts = [f"<h2>{escape(title)}</h2>\n{section(found)}" for title, section in _SECTIONS]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Screening as of {escape(found.day)}</title><style>{_STYLE}</style></head><body>\n"
        f"{_head(found)}\n{''.join(parts)}\n{_foot(found)}\n</body></html>\n"
    )


def _head(found: Found) -> str:
    people = found.counts["patients"]
    names = {
        "found": "patients in the export",
        "with_disease": "with membranous nephropathy or lupus nephritis: judged",
        "neither_disease": "with neither disease",
        "deceased": "deceased: not judged",
        "record_merged": "whose record was merged into another: not judged",
        "refused": "whose chart could not be read as one",
        "without_patient_resource": "without a Patient resource (in the numbers above)",
    }
    rows = [(found.shown(people[name]), text) for name, text in names.items() if people[name] or name == "found"]
    diseases: Counter[str] = Counter()
    for (disease, _), number in found.counters.get("states", Counter()).items():
        diseases[disease] += number
    told = ", ".join(f"{DISEASES[name]}: {found.shown(diseases[name])}" for name in DISEASES if diseases[name])
    return (
        f"<h1>Screening as of {escape(found.day)}</h1><p>Every patient was judged by the functions that answer the"
        f" service's calls. {escape(told.capitalize())}.</p>{table(('n:patients', ''), rows)}"
        f'<p class="small">Counts of patients from 1 to {found.smallest - 1} are written as &lt;{found.smallest},'
        " or hidden where they would follow from others, some larger one with them.</p>"
    )


def _foot(found: Found) -> str:
    versions = found.counts["versions"]
    told = _listed(
        (
            f"service {versions['service']}",
            f"knowledge {versions['knowledge']}",
            f"mappings {str(versions['mappings'])[:19]}",
            f"site {versions['site']}" if versions["site"] else "",
            f"thresholds changed by the site: {', '.join(versions['changedThresholds'])}"
            if versions["changedThresholds"]
            else "",
        )
    )
    return (
        f"<footer><h2>Method</h2><p>{escape(told)}. A state is what the chart lets one say that day, not a diagnosis."
        " Charts are judged as exported: a problem that was resolved since is seen as resolved, also in the past."
        " The report says what would have been shown; it does not say that a suggestion was right.</p></footer>"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(word for word in words if word)
