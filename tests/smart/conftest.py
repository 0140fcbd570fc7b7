"""One record system and one service for all tests of the app in development."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser
from tests.ehr.fixtures import authority
from tests.smart.ward import Person, Ward, ward

__all__ = ("authority", "browser")


@pytest.fixture(scope="session")
def ward_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with ward(tmp_path_factory.mktemp("ward")) as made:
        yield made


@pytest.fixture
def here(ward_of_the_run: Ward) -> Ward:
    """The ward with nothing wrong and nothing remembered."""
    ward_of_the_run.forget()
    return ward_of_the_run


@pytest.fixture
def person(here: Ward) -> Person:
    return here.person()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ward]:
    """A ward of its own, whose service has not asked for any metadata yet."""
    with ward(tmp_path / "fresh", CDS_WORKERS="1") as made:
        yield made
