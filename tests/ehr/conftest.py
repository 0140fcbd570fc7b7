"""The harness under test: its own servers, which no other test puts anything on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ehr.fhir_server import FhirServer, shared_fhir_server
from tests.ehr.fixtures import authority, chart, fresh_hospital, hospital_of_the_run, run_directory

__all__ = ("authority", "chart", "fresh_hospital", "hospital_of_the_run")


@pytest.fixture(scope="session")
def real_fhir_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    with shared_fhir_server(run_directory(tmp_path_factory) / "fhir-server-of-the-harness") as server:
        yield server
