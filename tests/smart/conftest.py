"""One record system and one service for all tests of the app in development; one more pair as in the field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ehr.fixtures import authority
from tests.ehr.tls import Authority
from tests.smart.clinic import Clinic, clinic
from tests.smart.ward import Person, Ward, ward

__all__ = ("authority",)


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


@pytest.fixture(scope="session")
def clinic_of_the_run(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Clinic]:
    with clinic(tmp_path_factory.mktemp("clinic"), authority) as made:
        yield made


@pytest.fixture
def field(clinic_of_the_run: Clinic) -> Clinic:
    """The clinic with nothing wrong and nothing remembered."""
    clinic_of_the_run.forget()
    return clinic_of_the_run
