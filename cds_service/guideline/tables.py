"""The review pages a clinician reads, made from the code that decides (text only; nothing is read or written here)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from cds_service.case.lazy import lazy
from cds_service.guideline.assessment import Disease
from cds_service.guideline.catalogue import DISEASES, KNOWLEDGE_VERSION, SAFETY_RULES, SCOPE_RULES
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.lupus.steps import STEPS as LUPUS_STEPS
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.membranous.steps import STEPS as MEMBRANOUS_STEPS
from cds_service.guideline.notes import NOTES
from cds_service.guideline.rows import Row, rules_of
from cds_service.guideline.safety import VETOES
from cds_service.guideline.thresholds import Thresholds, numbers

Stories = Mapping[str, Sequence[tuple[str, str]]]
GENERATED = (
    "<!-- Generated from the guideline code by `make tables`. Do not edit: change the code and run it again. -->"
)
UNSIGNED = "**No clinician has signed this knowledge yet.** It is a draft for review."
PICTURES: Mapping[Disease, type] = {"MN": MembranousPicture, "LN": LupusPicture}
STEPS: Mapping[Disease, tuple[Row[Any], ...]] = {"MN": MEMBRANOUS_STEPS, "LN": LUPUS_STEPS}
SOURCE_MARKS = (
    "S000 is EV-01, S001 EV-02, S002 EV-03, S003 EV-04, S004 EV-05; K21 and K24 are KDIGO 2021 and 2024 (EV-06, "
    "EV-07), K12 KDIGO 2012, A24 ACR 2024 (EV-08), E12/E19/E23/E25 EULAR (EV-11, EV-09, EV-10), T a trial, OK own "
    "knowledge, OP our operationalisation: a number that no source states exactly. H the source was read, M well "
    "known, L recollection that a clinician must confirm. Citations: `cds_service/guideline/evidence.py`."
)
THRESHOLD_NAMES = frozenset(item.name for item in numbers())


def guideline_page(disease: Disease, stories: Stories) -> str:
    """One guideline as Markdown: the flow, then every row with sentence, source, thresholds, rules and stories."""
    rows = STEPS[disease]
    parts = [
        f"# {DISEASES[disease].capitalize()}: the rows that decide",
        GENERATED,
        f"Knowledge edition {KNOWLEDGE_VERSION}. {UNSIGNED}",
        "Rows are asked from top to bottom; the first that applies is the answer. After that come the vetoes, "
        "holds and notes of [safety](safety.md).",
        "## The flow",
        "```mermaid",
        *_flow(rows),
        "```",
        "## The rows",
        *_table(rows, disease),
    ]
    for row in rows:
        if row.table:
            parts += [f"### {row.step}: {_cell(row.asks)}", *_table(row.table, disease)]
    parts += ["## The rules and the stories that reach them", *_rules(rules_of(rows), stories)]
    return "\n".join(_spaced(parts)) + "\n"


def safety_page(stories: Stories) -> str:
    """Scope, deferral, and every threshold with unit, source and safe range."""
    parts = [
        "# Scope, safety and thresholds",
        GENERATED,
        f"Knowledge edition {KNOWLEDGE_VERSION}. {UNSIGNED}",
        "## Scope and deferral",
        *_rules((*SCOPE_RULES, "LN-D0", *SAFETY_RULES), stories),
        "## Vetoes: a class that must not be offered",
        "| class | vetoed by |",
        "|---|---|",
        *(f"| {name} | {_cell(reasons)} |" for name, reasons in VETOES.items()),
        "## Notes on a card",
        "| note | when | level |",
        "|---|---|---|",
        *(f"| `{note}` | {_cell(when)} | {level} |" for note, (when, level) in NOTES.items()),
        "## Source marks",
        SOURCE_MARKS,
        "## Thresholds",
        "A site may override a value within its safe range in `thresholds.toml`; "
        "a changed value is stamped and said on the card.",
        "| name | value | unit | source | safe range |",
        "|---|---|---|---|---|",
    ]
    defaults = Thresholds()
    for item in numbers():
        meta = item.metadata
        value = getattr(defaults, item.name)
        limits = f"{meta['low']:g} to {meta['high']:g}"
        parts.append(f"| `{item.name}` | {value:g} | {meta['unit']} | {_cell(meta['source'])} | {limits} |")
    return "\n".join(_spaced(parts)) + "\n"


def _spaced(parts: Sequence[str]) -> Iterator[str]:
    """Blank lines around everything that is not a table row or inside a fence."""
    fenced = False
    for index, part in enumerate(parts):
        follows_table = index > 0 and parts[index - 1].startswith("|")
        if index and not fenced and not (part.startswith("|") and follows_table):
            yield ""
        yield part
        if part.startswith("```"):
            fenced = not fenced


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _flow(rows: Sequence[Row[Any]]) -> Iterator[str]:
    yield "flowchart TD"
    for index, row in enumerate(rows):
        question = row.asks.replace('"', "'")
        answer = (
            ", ".join(row.rules) if row.rules else f"table of {len(row.table)} rows" if row.table else "adds a note"
        )
        yield f'    s{index}{{"{row.step}<br/>{question}"}}'
        yield f'    s{index} -- yes --> a{index}["{answer}"]'
        if index + 1 < len(rows):
            yield f"    s{index} -- no --> s{index + 1}"


def _table(rows: Sequence[Row[Any]], disease: Disease) -> Iterator[str]:
    yield "| row | asks | clinical statement | rules | source, confidence | thresholds |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        rules = ", ".join(row.rules) or ("its own table below" if row.table else "none: a note")
        used = "<br/>".join(f"`{name}`" for name in thresholds_of(row, disease))
        yield f"| {row.step} | {_cell(row.asks)} | {_cell(row.statement)} | {rules} | {_cell(row.source)} | {used} |"


def _rules(rules: Iterable[str], stories: Stories) -> Iterator[str]:
    yield "| rule | stories |"
    yield "|---|---|"
    for rule in rules:
        links = [f"[{title}](../../fixtures/patient-view/{name}/story.md)" for name, title in stories.get(rule, ())]
        yield f"| {rule} | {'<br/>'.join(links) or 'none'} |"


def thresholds_of(row: Row[Any], disease: Disease) -> tuple[str, ...]:
    """The thresholds a row reads, itself or through what it asks of the picture; found in its compiled code."""
    found: dict[str, None] = {}
    seen: set[CodeType] = set()
    _search(row.decide, PICTURES[disease], found, seen)
    return tuple(sorted(found))


def _search(function: Any, picture: type, found: dict[str, None], seen: set[CodeType]) -> None:
    if not isinstance(function, FunctionType) or function.__code__ in seen:
        return
    seen.add(function.__code__)
    for name in _names(function.__code__):
        if name in THRESHOLD_NAMES:
            found[name] = None
        for member in (name, f"_{name}"):  # a picture finds in `_current` what it keeps in `current`
            _search(_callable_of(getattr(picture, member, None)), picture, found, seen)
        candidate = function.__globals__.get(name)
        if _is_of_a_guideline(candidate):
            _search(candidate, picture, found, seen)


def _is_of_a_guideline(candidate: Any) -> bool:
    """A helper function of a row; walking a table is not followed, its rows stand on their own."""
    if not isinstance(candidate, FunctionType) or candidate.__name__ in {"walk", "decided"}:
        return False
    return candidate.__module__.startswith("cds_service.guideline")


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _callable_of(member: Any) -> Any:
    if isinstance(member, lazy):
        return member.compute
    if isinstance(member, property):
        return member.fget
    return member
