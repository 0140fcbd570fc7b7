"""All that would keep a process from starting with a folder of mapping data, its sites included.

Codes and units are the mapping's to judge, thresholds the guideline's: here both are asked, as `knowledge.gather`
asks them at start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cds_service.errors import ConfigurationFault
from cds_service.guideline.catalogue import KNOWLEDGE_VERSION
from cds_service.hooks.knowledge import site_thresholds
from cds_service.mapping.inspection import Inspection, in_order, inspect
from cds_service.mapping.tables import Problem

_THRESHOLDS = "thresholds.toml"
_WITHIN = "take a name, a number and a range from guideline/thresholds.py, or leave the line out"


def check_mappings(root: Path, site: str | None = None) -> Inspection:
    """Inspect the folder: one site, or all of them."""
    found = inspect(root, site)
    problems = [*found.problems, *_of_edition(found.knowledge)]
    for name in found.sites:
        problems += _of_thresholds(root, f"sites/{name}/{_THRESHOLDS}")
    return replace(found, problems=in_order(problems))


def _of_edition(knowledge: str) -> Iterator[Problem]:
    if knowledge and knowledge != KNOWLEDGE_VERSION:
        told = f"mappings of edition {knowledge} do not go with guidelines of {KNOWLEDGE_VERSION}"
        yield Problem("VERSION", 1, told, "take the mappings that came with this release")


def _of_thresholds(root: Path, path: str) -> Iterator[Problem]:
    file = root / path
    if not file.is_file():
        return
    try:
        site_thresholds(file)
    except ConfigurationFault as fault:
        told = "; ".join(fault.faults).removeprefix(f"{file}: ")
        for sentence in told.split("; "):
            yield Problem(path, _line_of(file, sentence), sentence, _WITHIN)


def _line_of(file: Path, sentence: str) -> int:
    """Where the name stands that the sentence begins with, or the line the TOML reader names; 0 for neither."""
    named = re.search(r"at line (\d+)", sentence)
    if named:
        return int(named[1])
    name = re.escape(sentence.partition(":")[0])
    lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*[\"']?{name}\b", line)), 0)
