"""Servers of a whole test run, for any conftest to take over by import. Each is made when first asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ehr.charts import TACROLIMUS_FAILED, Chart, request_of
from tests.ehr.fault_proxy import forwarding
from tests.ehr.fhir_server import FhirServer, shared_fhir_server
from tests.ehr.hospital import Hospital, hospital
from tests.ehr.tls import Authority, new_authority

__all__ = ("authority", "chart", "fresh_hospital", "hospital_of_the_run", "real_fhir_server")
PATIENT = "pat-a"


def run_directory(factory: pytest.TempPathFactory) -> Path:
    """One directory for all workers of a run."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def real_fhir_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    """The real FHIR R4 server, one for all workers."""
    with shared_fhir_server(run_directory(tmp_path_factory) / "fhir-server") as server:
        yield server


@pytest.fixture(scope="session")
def chart(real_fhir_server: FhirServer) -> Chart:
    """The chart of patient pat-a on the real server: tacrolimus failed, rule MN-07."""
    return real_fhir_server.load_request(request_of(TACROLIMUS_FAILED), PATIENT)


@pytest.fixture(scope="session")
def hospital_of_the_run(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, real_fhir_server: FhirServer, chart: Chart
) -> Iterator[Hospital]:
    """A hospital before the real server that holds `chart`. Tests use `fresh_hospital`."""
    assert chart.patient == PATIENT
    with hospital(tmp_path_factory.mktemp("hospital"), authority, forwarding(real_fhir_server.base)) as here:
        yield here


@pytest.fixture
def fresh_hospital(hospital_of_the_run: Hospital) -> Hospital:
    """The hospital with empty scripts and records."""
    hospital_of_the_run.forget()
    return hospital_of_the_run
