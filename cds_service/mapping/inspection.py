"""Everything that is wrong with a folder of mapping data, its sites included, found by loading it.

There is no second set of checks: what is said here is what stops the start, and what stops the start is said here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cds_service.mapping.overlay import SITES
from cds_service.mapping.tables import Problem, Tables
from cds_service.mapping.terminology import read_all

_LOOK_AT_ITS_NEIGHBOURS = "compare with the lines around it and mend the line"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was looked at, and what is wrong with it: every problem once, by file and line, each with its advice."""

    problems: tuple[Problem, ...]
    sites: tuple[str, ...]
    files: int
    rows: int
    knowledge: str


def inspect(root: Path, site: str | None = None) -> Inspection:
    """Load the shipped tables alone, then with every site of the folder (or the one named) laid over them."""
    names = sites_of(root) if site is None else (site,)
    shipped = Tables(root)
    knowledge = read_all(shipped, None, optional=True).knowledge
    counted, problems = dict(shipped.counted), list(shipped.problems)
    for name in names:
        tables = Tables(root)
        read_all(tables, name, optional=True)
        counted |= tables.counted
        problems += tables.problems
    return Inspection(in_order(problems), names, len(counted), sum(counted.values()), knowledge)


def sites_of(root: Path) -> tuple[str, ...]:
    """The names of the site folders, sorted. What begins with a dot is somebody's editor."""
    folder = root / SITES
    found = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(path.name for path in found if path.is_dir() and not path.name.startswith(".")))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Every problem once, by file and line, none without advice."""
    found = {(one.path, one.line, one.reason): one.advice or _LOOK_AT_ITS_NEIGHBOURS for one in problems}
    return tuple(Problem(*key, advice) for key, advice in sorted(found.items()))
