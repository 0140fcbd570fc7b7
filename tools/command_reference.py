"""The reference of the command line, from what the commands say about themselves (docs/reference/command-line.md)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from typer.main import get_command

from cds_service.cli import app

PROGRAM = "cds-service"


def command_reference() -> str:
    """Every command with its options, in the order of `--help`."""
    parts = [part for name, command in _named(get_command(app)) for part in _entry(name, command)]
    return "\n\n".join(parts)


def _named(room: Any, before: str = PROGRAM) -> Iterator[tuple[str, Any]]:
    for name, command in room.commands.items():
        if hasattr(command, "commands"):
            yield from _named(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def _entry(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if not one.opts[0].startswith("-")]
    options = [one for one in command.params if one.opts[0].startswith("-") and one.name != "help"]
    words = " ".join([name, *(f"[{one.metavar}]" if not one.required else one.metavar for one in arguments)])
    yield f"## {name}"
    yield "\n\n".join(" ".join(part.split()) for part in command.help.split("\n\n"))
    yield f"```text\n{words}{' [OPTIONS]' if options else ''}\n```"
    if arguments or options:
        rows = [(f"`{one.metavar}`", one.help, "") for one in arguments]
        rows += [(_option(one), one.help, _default(one)) for one in options]
        lines = ["| | | default |", "| --- | --- | --- |", *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)]
        yield "\n".join(lines)
    if command.epilog:
        title, _, example = command.epilog.partition(": ")
        yield f"{title}: `{example}`"


def _option(one: Any) -> str:
    """The option with what it takes: its choices, or the name of a value. A switch takes nothing."""
    kind = one.type_descriptor.annotation
    choices = [str(choice.value) for choice in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    choices = choices or [str(choice) for choice in get_args(kind) if isinstance(choice, str)]
    takes = "" if one.is_flag else "|".join(choices) or one.metavar or "VALUE"
    return f"`{one.opts[0]} {takes}`".replace(" `", "`") + (", required" if one.required else "")


def _default(one: Any) -> str:
    value = one.default.value if isinstance(one.default, Enum) else one.default
    return "" if value in (None, False, "") or isinstance(value, tuple | list) else f"`{value}`"


def _cell(text: str) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
