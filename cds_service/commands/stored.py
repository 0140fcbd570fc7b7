"""What the commands about stored decisions share: the store, moments, filters, and how its faults end a command."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.errors import NextlineError

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.store.reading import Filter
    from cds_service.store.store import Store

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

Since = Annotated[datetime | None, typer.Option(formats=_FORMATS, metavar="DATE", help="From this day (or second) on.")]
Until = Annotated[datetime | None, typer.Option(formats=_FORMATS, metavar="DATE", help="Before this day (or second).")]
Rule = Annotated[str, typer.Option(metavar="ID", help="Only where this rule spoke, such as MN-07.")]
ClientName = Annotated[str | None, typer.Option("--client", metavar="ISSUER", help="Only for this client: its issuer.")]
AsJson = Annotated[bool, typer.Option("--json", help="The same as JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="The same as a table.")]


class StoreFault(NextlineError):  # noqa: N818 - see ConfigurationFault
    """The store does not answer, or what it holds cannot be opened."""


@contextmanager
def open_store() -> Iterator[tuple[Settings, Store]]:
    """The settings and the store, as the service would use them.

    Errors: ConfigurationFault; StoreFault for what goes wrong while it is used.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from cds_service.app import store_of
    from cds_service.settings import load
    from cds_service.store.sealing import Unsealable

    settings = load()
    store = store_of(settings)
    try:
        yield settings, store
    except SQLAlchemyError as error:  # its message may quote what it was given
        raise StoreFault(f"the database does not answer ({type(error).__name__})") from None
    except Unsealable as error:
        raise StoreFault(f"a stored record cannot be opened: {error}") from None
    except ValueError as error:  # somebody changed a row behind our back
        said = "see: cds-service db verify"
        raise StoreFault(f"a stored record cannot be read ({type(error).__name__}); {said}") from None
    finally:
        store.close()


def moment(given: datetime | None, settings: Settings) -> datetime | None:
    """A day or a second as it was typed: in the time zone of record."""
    from zoneinfo import ZoneInfo

    return None if given is None else given.replace(tzinfo=ZoneInfo(settings.timezone))


def wanted(
    settings: Settings, since: datetime | None, until: datetime | None, rule: str = "", client: str | None = None
) -> Filter:
    """The filter that the options ask for."""
    from cds_service.store.reading import Filter

    return Filter(moment(since, settings), moment(until, settings), rule, client)


def print_json(told: Any) -> None:
    """JSON for people and programs, indented."""
    import orjson

    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def json_text(told: Any) -> str:
    """JSON in one cell or line."""
    import orjson

    return orjson.dumps(told).decode()


def print_csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """A table with its heading."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in line] for line in lines)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is made a text again."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
