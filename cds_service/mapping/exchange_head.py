"""What every exported resource begins with: whose it is, which edition, that it is a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Release = Literal["R4", "R5"]
Json = dict[str, Any]
BASE = "https://nextline-cds.org"


@dataclass(frozen=True, slots=True)
class Edition:
    """What is the same in every resource of one export. `site` is empty for the shipped tables alone."""

    version: str
    release: Release
    site: str = ""


def head(kind: str, name: str, title: str, text: str, edition: Edition) -> Json:
    """The members before the content. `name` is in our spelling: words joined by underscores."""
    identifier = name.replace("_", "-")
    return {
        "resourceType": kind,
        "id": identifier,
        "url": f"{BASE}/{kind}/{identifier}",
        "version": edition.version,
        "name": "Nextline" + "".join(part.capitalize() for part in identifier.split("-")),
        "title": title,
        "status": "draft",
        "experimental": False,
        "publisher": "Nextline CDS",
        "description": text,
    }
