"""The oracle gives the answers that the fixture vignettes expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.oracle.judge import judge

FOLDER = Path(__file__).parents[2] / "fixtures" / "vignettes"


def all_vignettes() -> list[dict[str, Any]]:
    return [v for path in sorted(FOLDER.glob("*.yaml")) for v in yaml.safe_load(path.read_text())["vignettes"]]


@pytest.mark.parametrize("vignette", all_vignettes(), ids=lambda v: str(v["id"]))
def test_the_oracle_gives_the_expected_answer(vignette: dict[str, Any]) -> None:
    wanted, given = vignette["expected"], judge(vignette)
    assert (given.rule, given.state, given.action, given.next_class) == (
        wanted["rule"],
        wanted["state"],
        wanted["action"],
        wanted["next_class"],
    )
    if given.action == "NO_CARD":
        return
    assert given.severity == wanted["indicator"]
    assert set(wanted["safety_notes"]) <= given.notes
    assert set(given.missing) == set(wanted.get("missing", []))
    assert not {given.next_class, *given.alternatives} & set(wanted["forbidden"])
    if wanted.get("alternatives") is not None:
        assert list(given.alternatives) == wanted["alternatives"]
