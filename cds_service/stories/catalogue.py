"""The stories: example patients with the request a client would send and the answer it gets.

Found in a checkout at `fixtures/patient-view`, in an installed wheel inside the package.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.stories.vignette import StoryFault

_PACKAGE = Path(__file__).resolve().parent.parent
_HEADING = re.compile(r"# (?P<title>.+)")
_ID = re.compile(r"Vignette `(?P<id>[^`]+)`")


@dataclass(frozen=True, slots=True)
class Story:
    """One folder. Request, response and text are read when asked for: there are hundreds of stories."""

    name: str
    title: str
    vignette_id: str
    path: Path

    @property
    def text(self) -> str:
        """`story.md`."""
        return (self.path / "story.md").read_text(encoding="utf-8")

    @property
    def request(self) -> dict[str, Any]:
        """The CDS Hooks request, as a client would send it."""
        return self._json("request.json")

    @property
    def response(self) -> dict[str, Any]:
        """The stored answer. Errors: StoryFault when the story was never answered."""
        return self._json("response.json")

    @property
    def answered(self) -> bool:
        """Whether an answer is stored."""
        return (self.path / "response.json").is_file()

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        if not path.is_file():
            raise StoryFault(f"story {self.name} has no {name}; `make stories` writes it")
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document


def stories_root() -> Path:
    """The folder of the story folders. A checkout wins over the copy inside the package."""
    checkout = _PACKAGE.parent / "fixtures" / "patient-view"
    if checkout.is_dir():
        return checkout
    return _PACKAGE / "_data" / "fixtures" / "patient-view"


def all_stories(root: Path | None = None) -> tuple[Story, ...]:
    """Every story, by name. Errors: StoryFault when a story.md lacks its title or its vignette id."""
    folder = root or stories_root()
    return tuple(_story(path.parent) for path in sorted(folder.glob("*/story.md")))


def _story(path: Path) -> Story:
    with (path / "story.md").open(encoding="utf-8") as lines:
        head = "".join(line for line, _ in zip(lines, range(4), strict=False))
    heading, vignette = _HEADING.match(head), _ID.search(head)
    if heading is None or vignette is None:
        raise StoryFault(f"{path.name}/story.md must begin with its title and name its vignette")
    return Story(path.name, heading["title"], vignette["id"], path)
