"""The table of attack cases, and how a test says which case it is.

`@case("CLIN-01")` gives a test the fixture `attack` for that case and puts the id into the test's name, so that
`pytest tests/attack -k CLIN-01` runs everything there is for one case. `@field_case` gives the fixture `raid`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

TABLE = Path(__file__).resolve().parents[2] / "fixtures" / "attack-cases.yaml"
AREAS = (
    *("clinical", "patient-mixup", "parser", "jwt", "ssrf", "upstream-fault", "feedback", "injection-privacy"),
    *("environment", "smart"),
)
SEVERITIES = ("critical", "high", "medium", "low")
MOST_MILLISECONDS = 2000


@dataclass(frozen=True, slots=True)
class AttackCase:
    """One row. `elsewhere` is a file of tests, or of further ones, outside this folder."""

    id: str
    area: str
    severity: str
    title: str
    laid: str
    expected: str
    max_ms: int = MOST_MILLISECONDS
    elsewhere: str = ""


@cache
def table() -> Mapping[str, Any]:
    """The whole file."""
    loaded: Mapping[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return loaded


@cache
def cases() -> Mapping[str, AttackCase]:
    """Every case by its id."""
    return {row["id"]: AttackCase(**row) for row in table()["cases"]}


def case(name: str) -> pytest.MarkDecorator:
    """Marks a test as one of the tests of this case, against a service in development that anybody may call."""
    return _of("attack", name)


def field_case(name: str) -> pytest.MarkDecorator:
    """The same with the fixture `raid`, against the service in production in a hospital's network."""
    return _of("raid", name)


def _of(fixture: str, name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(fixture, [pytest.param(name, id=name)], indirect=True)
