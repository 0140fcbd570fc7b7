"""Write what follows from the code into the documents: settings, commands, conflicts of sources, the README's card.

python tools/documents.py           write them
python tools/documents.py --check   only say whether they are up to date
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rich.console import Console

from cds_service.cards.wording_conflicts import CONFLICTS
from cds_service.settings import Settings
from cds_service.stories.catalogue import all_stories
from cds_service.terminal.cards import show_cards

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
from tools.command_reference import command_reference  # noqa: E402 - tools is no installed package

STORY = "tacrolimus-failed-so-rituximab-is-next"
CARD_WIDTH = 98


def settings_table() -> str:
    """Variable, default and meaning of every setting."""
    defaults = Settings.model_construct().sources()
    rows = ((f"`{s.variable}`", f"`{s.value}`" if s.value else "", s.meaning) for s in defaults)
    return table(("variable", "default", "meaning"), rows)


def card_picture() -> str:
    """The card of one example patient as `cds-service demo` shows it, from the stored answer."""
    (story,) = (story for story in all_stories() if story.name == STORY)
    console = Console(file=io.StringIO(), width=CARD_WIDTH, no_color=True, force_terminal=False)
    show_cards(console, story.response["cards"], short=True)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "```text\n" + "\n".join(line.rstrip() for line in text.splitlines()) + "\n```"


def conflicts_table() -> str:
    """Where sources disagree, word for word as cards say it."""
    return table(("conflict", "what the sources say, and what is done here"), CONFLICTS.items())


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table. An upright bar in a cell would end it, so it is escaped."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


GENERATED: Mapping[str, tuple[str, Callable[[], str]]] = {
    "settings": ("docs/operating.md", settings_table),
    "settings-by-name": ("docs/reference/settings.md", settings_table),
    "commands": ("docs/reference/command-line.md", command_reference),
    "conflicts": ("docs/explanation/where-sources-conflict.md", conflicts_table),
    "card": ("README.md", card_picture),
}


def with_generated(name: str, text: str) -> str:
    """The document with the part between its two markers written anew."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    fresh = f"{begin}\n{GENERATED[name][1]()}\n{end}"
    return re.sub(f"{begin}.*?{end}", lambda _: fresh, text, flags=re.DOTALL)


def main() -> int:
    """Write or check every generated part; the exit status is how many are stale."""
    stale = 0
    for name, (file, _) in GENERATED.items():
        document = CHECKOUT / file
        text = document.read_text(encoding="utf-8")
        fresh = with_generated(name, text)
        if fresh != text and "--check" in sys.argv:
            stale += 1
            sys.stderr.write(f"{file}: the part {name} is stale; run make tables\n")
        elif fresh != text:
            document.write_text(fresh, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
