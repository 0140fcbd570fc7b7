"""feedback report: what clinicians did with the cards of each rule."""

from __future__ import annotations

from typing import Any

import typer

from cds_service.commands.options import PlainText, console_for
from cds_service.commands.stored import AsCsv, AsJson, Since, moment, open_store, print_csv, print_json

app = typer.Typer(
    name="feedback",
    help="What clinicians did with the cards.",
    epilog="Start with: cds-service feedback report",
    no_args_is_help=True,
)


@app.callback()
def options() -> None:
    """A room of commands, though there is one only."""


@app.command(epilog="Example: cds-service feedback report --since 2026-11-01 --csv > report.csv")
def report(since: Since = None, as_json: AsJson = False, as_csv: AsCsv = False, plain: PlainText = False) -> None:
    """For each rule: how often its card was shown, accepted, overridden, and for which reasons. No comments."""
    from cds_service.store.reading import counts
    from cds_service.terminal.feedback import show_report

    if as_json and as_csv:
        raise typer.BadParameter("--csv and --json exclude one another")
    with open_store() as (settings, store):
        begins = moment(since, settings)
        rows: list[dict[str, Any]] = [
            {
                "rule": count.rule,
                "shown": count.shown,
                "accepted": count.accepted,
                "overridden": count.overridden,
                "reasons": dict(sorted(count.reasons.items(), key=lambda reason: -reason[1])),
            }
            for count in counts(store, begins)
        ]
    if as_json:
        print_json(rows)
    elif as_csv:
        columns = ("rule", "shown", "accepted", "overridden", "reasons")
        print_csv(columns, ([*list(row.values())[:4], _in_one_cell(row["reasons"])] for row in rows))
    else:
        show_report(console_for(plain), rows)


def _in_one_cell(reasons: dict[str, int]) -> str:
    return "; ".join(f"{reason or 'without a code'}: {number}" for reason, number in reasons.items())
