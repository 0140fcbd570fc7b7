"""Commands in the documents: which are run as they stand, which are started and left running, and which are only shown.

A block of `sh` or `console` is run when `<!-- run -->` stands before it, and started in the background of its page
when it is `<!-- serve -->`. In a console block lines with `$ ` are commands, and the lines below are what they must
print, in this order; `...` stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "mappings").rglob("*.md")]
    if "guidelines" not in path.parts
)
BLOCK = re.compile(r"(?:<!-- (run|serve) -->\n\n)?^```(sh|console)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
PROGRAMS = (
    r"(?:\.venv/bin/|\.ci/)?"
    r"(?:make|cds-service|curl|docker|kubectl|run|git|pip|head|mkdir|printf|chown|cp|psql|dask|duckdb|openssl)"
)
INDENTED = re.compile(rf"^    (?:[A-Z_]+=\S+ )*{PROGRAMS} .*(?:\\\n.*)*", flags=re.MULTILINE)
WAIT = r"[\s\S]*?"


@dataclass(frozen=True)
class Command:
    """A command as bash takes it, and the lines it must print."""

    text: str
    prints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """`kind` is run, serve, or empty for one that is only shown."""

    page: str
    line: int
    kind: str
    commands: tuple[Command, ...]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(3)) + 1
        commands = _session(found[3]) if found[2] == "console" else (Command(found[3]),)
        yield Block(page.relative_to(ROOT).as_posix(), line, found[1] or "", commands)


def shown_only(page: Path) -> Iterator[str]:
    """Every command of a page that stands in no block that is run."""
    for block in blocks(page):
        if not block.kind:
            yield from (command.text.strip() for command in block.commands)
    outside = BLOCK.sub("", page.read_text(encoding="utf-8"))
    yield from (found.group().strip() for found in INDENTED.finditer(outside))


def is_printed(expected: tuple[str, ...], output: str) -> str:
    """The first line that is missing from the output or not in its place; empty when all are there."""
    place = 0
    for line in filter(None, (line.strip() for line in expected)):
        words = [r"\s+".join(map(re.escape, part.split())) for part in re.split(r"\.\.\.|…", line)]
        found = re.compile(WAIT.join(words)).search(output, place)
        if found is None:
            return line
        place = found.end()
    return ""


def _session(text: str) -> tuple[Command, ...]:
    """Commands and what they print. A line that ends with a backslash goes on; `> ` goes on with a document."""
    commands = list[Command]()
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
        elif commands and (commands[-1].text.endswith("\\") or line.startswith("> ")) and not commands[-1].prints:
            commands[-1] = Command(commands[-1].text + "\n" + line.removeprefix("> "))
        elif commands:
            commands[-1] = Command(commands[-1].text, (*commands[-1].prints, line))
        else:
            raise ValueError(f"a console block begins with a line that is no command: {line}")
    return tuple(commands)
