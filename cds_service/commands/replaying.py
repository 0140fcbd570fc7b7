"""replay: answer stored questions again and compare the cards byte by byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.commands.options import FAILED, PlainText, console_for
from cds_service.commands.stored import AsJson, ClientName, Since, Until, open_store, print_json, wanted

if TYPE_CHECKING:
    from cds_service.hooks.knowledge import Knowledge
    from cds_service.hooks.replay import Replayed
    from cds_service.settings import Settings
    from cds_service.store.store import Store

app = typer.Typer()
SAME, OTHER_VERSION, DIFFERS, ERASED, UNREADABLE = "same", "other version", "differs", "erased", "unreadable"


@app.command(epilog="Example: cds-service replay --all --since 2026-11-01")
def replay(
    identifier: Annotated[str, typer.Argument(metavar="[ID]", help="One decision; or say --all.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All decisions that still have their payload.")] = False,
    since: Since = None,
    until: Until = None,
    client: ClientName = None,
    as_json: AsJson = False,
    plain: PlainText = False,
) -> None:
    """Answer stored questions again: byte-identical cards, or which version is another one now.

    Exit status 1 when cards differ and no version does, or when a decision cannot be opened.
    """
    from cds_service.store.reading import decisions
    from cds_service.terminal.counting import counted
    from cds_service.terminal.replaying import show_replay

    if bool(identifier) == everything:
        raise typer.BadParameter("name one ID, or say --all")
    with open_store() as (settings, store):
        asked = wanted(settings, since, until, client=client)
        found = [identifier] if identifier else [one.id for one in decisions(store, asked)]
        with counted("replaying", len(found)) as advance:
            outcomes, told = _replayed(found, store, _Libraries(settings), advance)
    summary = {"replayed": len(found), **outcomes, "decisions": told}
    if as_json:
        print_json(summary)
    else:
        show_replay(console_for(plain), summary)
    if outcomes[DIFFERS] or outcomes[UNREADABLE]:
        raise typer.Exit(FAILED)


class _Libraries:
    """The knowledge of each site, loaded when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._of_site = settings, dict[str, "Knowledge"]()

    def of(self, site: str) -> Knowledge:
        from cds_service.app import knowledge_of

        if site not in self._of_site:
            self._of_site[site] = knowledge_of(self._settings, site)
        return self._of_site[site]


def _replayed(
    identifiers: Iterable[str], store: Store, libraries: _Libraries, advance: Callable[[int], None]
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """How many came out how, and each that is not the same."""
    outcomes, told = Counter[str](), []
    for identifier in identifiers:
        outcome, fault, versions = _outcome(identifier, store, libraries)
        outcomes[outcome] += 1
        if outcome not in (SAME, ERASED):
            told.append({"id": identifier, "outcome": outcome, "fault": fault, "versions": versions})
        advance(1)
    return {name: outcomes[name] for name in (SAME, OTHER_VERSION, DIFFERS, ERASED, UNREADABLE)}, told


def _outcome(identifier: str, store: Store, libraries: _Libraries) -> tuple[str, str, dict[str, list[str]]]:
    from cds_service.hooks.replay import replay as answer_again
    from cds_service.hooks.replay import site_of
    from cds_service.store.reading import decision
    from cds_service.store.sealing import Unsealable

    try:
        stored = decision(store, identifier)
    except Unsealable as fault:
        return UNREADABLE, str(fault), {}
    if stored is None:
        return UNREADABLE, "no decision has this id", {}
    if stored.payload is None:
        return ERASED, "", {}
    again: Replayed = answer_again(stored, libraries.of(site_of(stored)))
    versions = {name: list(pair) for name, pair in again.versions.items()}
    if again.same:
        return SAME, "", versions
    return (OTHER_VERSION if versions else DIFFERS), again.fault, versions
