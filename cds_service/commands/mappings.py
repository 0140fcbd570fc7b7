"""mappings check, unmapped, lookup and export: for the person who keeps a site's codes and units."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.commands.options import BAD_INPUT, FAILED, PlainText, Site, console_for

if TYPE_CHECKING:
    from cds_service.mapping.terminology import Terminology
    from cds_service.mapping.unmapped import Report
    from cds_service.resource_files import ResourceFiles

app = typer.Typer(
    name="mappings",
    help="Check and extend the tables of codes and units that a site keeps.",
    epilog="Start with: cds-service mappings check",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None,
    typer.Option("--mappings", metavar="DIR", exists=True, file_okay=False, help="Another folder of mapping tables."),
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


class Release(StrEnum):
    """The FHIR releases an export can be written in."""

    R4 = "R4"
    R5 = "R5"


@app.command(epilog="Example: cds-service mappings check --site example")
def check(site: Site = None, mappings: Folder = None, as_json: AsJson = False, plain: PlainText = False) -> None:
    """Check all tables, the shipped ones and those of every site, and say what keeps the service from starting.

    Check digits, duplicates, conflicts, damage by spreadsheets, units, dates, thresholds, checksums.
    Exit status 1 when there is anything to mend.
    """
    from cds_service.hooks.mapping_check import check_mappings
    from cds_service.terminal.mappings import show_findings

    found = check_mappings(_root(mappings), site)
    shown = _as_seen_from_here(_root(mappings))
    told: dict[str, Any] = {
        "ok": not found.problems,
        "sites": found.sites,
        "files": found.files,
        "rows": found.rows,
        "findings": [
            {"file": (shown / one.path).as_posix(), "line": one.line, "what": one.reason, "do": one.advice}
            for one in found.problems
        ],
    }
    if as_json:
        _print_json(told)
    else:
        show_findings(console_for(plain), told)
    if found.problems:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: cds-service mappings unmapped export/ --site example --as-overlay > rows.csv")
def unmapped(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", exists=True, help="A Bundle, a CDS Hooks request or NDJSON, or a folder."),
    ],
    site: Site = None,
    mappings: Folder = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Everything as a table.")] = False,
    as_json: AsJson = False,
    as_overlay: Annotated[bool, typer.Option("--as-overlay", help="Rows for the site's codes.csv, to review.")] = False,
    plain: PlainText = False,
) -> None:
    """Name the codes and units in a heap of FHIR data that are not understood, with the concept each may be.

    Files may be packed (.gz). No ids, values, dates or free text of patients are printed.
    """
    from cds_service.mapping.review_rows import REPORT_COLUMNS, overlay_lines, report_lines
    from cds_service.terminal.unmapped import show_unmapped

    if as_csv + as_json + as_overlay > 1:
        raise typer.BadParameter("--csv, --json and --as-overlay exclude one another")
    terminology = _terminology(site, mappings)
    report, files = _tallied(path, terminology)
    told = asdict(report) | {"broken_lines": files.broken_lines, "broken": [one._asdict() for one in files.broken]}
    if as_json:
        _print_json(told)
    elif as_csv:
        _print_csv(REPORT_COLUMNS, report_lines(report))
    elif as_overlay:
        from cds_service.mapping.overlay import LOCAL_COLUMNS

        _print_csv(LOCAL_COLUMNS, overlay_lines(report, terminology))
    else:
        show_unmapped(console_for(plain), told)
    if as_csv or as_overlay:
        _say_what_is_broken(files)
    if files.broken_lines and not report.resources and not report.not_read:
        raise typer.Exit(BAD_INPUT)


@app.command(epilog="Example: cds-service mappings lookup 2889-4")
def lookup(
    asked: Annotated[str, typer.Argument(metavar="CODE|WORD", help="A code, a concept key, or words of a name.")],
    system: Annotated[
        str | None, typer.Option(metavar="NAME", help="loinc, rxnorm, snomed, icd10cm, atc, ndc ... or an address.")
    ] = None,
    site: Site = None,
    mappings: Folder = None,
    plain: PlainText = False,
) -> None:
    """Show what a code or a word means here, in which line that stands, and the units of the concept."""
    from cds_service.commands.lookup import as_told
    from cds_service.mapping.lookup import find
    from cds_service.terminal.mappings import show_lookup

    found = find(_terminology(site, mappings), asked, system)
    if not found.codes and not found.concepts:
        where = f" in {system}" if system else ""
        typer.echo(f"cds-service: no row and no concept for {asked!r}{where}", err=True)
        raise typer.Exit(FAILED)
    show_lookup(console_for(plain), as_told(found))


@app.command(name="export", epilog="Example: cds-service mappings export --fhir --out terminology --release R4")
def export_tables(
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where to write; made when it is missing.")],
    fhir: Annotated[bool, typer.Option("--fhir", help="As FHIR ValueSets, ConceptMaps and CodeSystems.")] = False,
    release: Annotated[Release, typer.Option(help="The FHIR release to write.")] = Release.R4,
    site: Site = None,
    mappings: Folder = None,
    optional: Annotated[
        bool, typer.Option("--optional", help="Also the codes whose use needs a licence (SNOMED CT affiliate, CPT).")
    ] = False,
) -> None:
    """Write the tables for a terminology server. The same tables give the same bytes."""
    import orjson

    from cds_service.mapping.exchange import export

    if not fhir:
        raise typer.BadParameter("say --fhir: it is the only format there is")
    notice = (_root(mappings) / "NOTICE").read_text(encoding="utf-8")
    resources = export(_terminology(site, mappings, optional=optional), notice, release.value, site or "")
    out.mkdir(parents=True, exist_ok=True)
    for name, resource in resources.items():
        (out / name).write_bytes(orjson.dumps(resource, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    typer.echo(f"{len(resources)} resources of FHIR {release.value} written to {out}")


def _root(mappings: Path | None) -> Path:
    from cds_service.mapping.location import mappings_root

    return mappings or mappings_root()


def _as_seen_from_here(root: Path) -> Path:
    here = Path.cwd()
    return root.relative_to(here) if root.is_relative_to(here) else root


def _terminology(site: str | None, mappings: Path | None, *, optional: bool = True) -> Terminology:
    from cds_service.mapping.terminology import load

    return load(_root(mappings), site, optional=optional)


def _tallied(path: Path, terminology: Terminology) -> tuple[Report, ResourceFiles]:
    from cds_service.fhir.lookalikes import disease_named, looks_like
    from cds_service.mapping.likely import Likely
    from cds_service.mapping.unmapped import Tally
    from cds_service.resource_files import ResourceFiles
    from cds_service.terminal.progress import bar

    tally = Tally(terminology, Likely(terminology, lambda name: looks_like({"text": name}), disease_named))
    size = ResourceFiles(path).size
    with bar("reading", size) as advance:
        files = ResourceFiles(path, advance)
        for resource in files:
            tally.add(resource)
    return tally.report(), files


def _say_what_is_broken(files: ResourceFiles) -> None:
    for one in files.broken:
        typer.echo(f"cds-service: {one.file}{f':{one.line}' if one.line else ''} {one.reason}", err=True)
    if files.broken_lines > len(files.broken):
        typer.echo(f"cds-service: and {files.broken_lines - len(files.broken)} more", err=True)


def _print_json(told: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def _print_csv(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
