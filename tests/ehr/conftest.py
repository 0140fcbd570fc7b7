"""The harness under test: its own servers."""

from __future__ import annotations

from tests.ehr.fixtures import authority, chart, fresh_hospital, hospital_of_the_run, real_fhir_server

__all__ = ("authority", "chart", "fresh_hospital", "hospital_of_the_run", "real_fhir_server")
