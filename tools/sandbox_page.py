"""What the sandbox's FHIR servers show to whoever opens them in a browser: what they are, and their patients."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple


class Link(NamedTuple):
    """A patient of a story, and where to see the story: in the CDS Hooks Sandbox, and in the app."""

    patient: str
    title: str
    hooks: str
    launch: str


def page_of(release: str, base: str, service: str, links: Iterable[Link]) -> str:
    """The page of one FHIR server, for example `R4` at `http://127.0.0.1:8090/fhir`."""
    rows = "\n".join(_row(link) for link in links)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sandbox: FHIR {escape(release)} server</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
:root {{ color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; vertical-align: top }}
td + td + td {{ white-space: nowrap }}
code {{ overflow-wrap: anywhere }}
</style>
<h1>FHIR {escape(release)} server of the sandbox</h1>
<p>It speaks to programs, at <code>{escape(base)}</code>: <a href="{escape(base)}/metadata">metadata</a>,
<a href="{escape(base)}/.well-known/smart-configuration">sign-in</a>. The patients are invented; their dates end today.
Both links of a row lead to the service at <a href="{escape(service)}/">{escape(service)}</a>: the CDS Hooks Sandbox
shows the card as a record system would, the app shows the course.</p>
<table>
<thead><tr><th scope="col">Patient</th><th scope="col">Story</th><th scope="col">Open in</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


def _row(link: Link) -> str:
    return (
        f"<tr><td><code>{escape(link.patient)}</code></td><td>{escape(link.title)}</td>"
        f'<td><a href="{escape(link.hooks)}">Sandbox</a>, <a href="{escape(link.launch)}">app</a></td></tr>'
    )
