"""Write the parts of docs/ that follow from the code: the table of settings and the table of prefetch keys.

python tools/documents.py           write them
python tools/documents.py --check   only say whether they are up to date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cds_service.guideline.needs import NEEDS
from cds_service.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"


def settings_table() -> str:
    """Variable, default and meaning of every setting."""
    defaults = Settings.model_construct().sources()
    rows = ((f"`{s.variable}`", f"`{s.value}`" if s.value else "", s.meaning) for s in defaults)
    return table(("variable", "default", "meaning"), rows)


def needs_table() -> str:
    """Prefetch key, resource, whether it is required, and what for."""
    rows = ((f"`{n.key}`", n.resource, "required" if n.required else "", n.why) for n in NEEDS)
    return table(("key", "resource", "", "what for"), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table. An upright bar in a cell would end it, so it is escaped."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


GENERATED: Mapping[str, tuple[str, Callable[[], str]]] = {
    "settings": ("operating.md", settings_table),
    "needs": ("integrating.md", needs_table),
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
        document = DOCS / file
        text = document.read_text(encoding="utf-8")
        fresh = with_generated(name, text)
        if fresh != text and "--check" in sys.argv:
            stale += 1
            sys.stderr.write(f"docs/{file}: the table of {name} is stale; run make tables\n")
        elif fresh != text:
            document.write_text(fresh, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
