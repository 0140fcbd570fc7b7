"""The vignettes and their codings, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.stories.codings import Writings, load_codings

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="session")
def writings() -> Writings:
    return load_codings(FIXTURES / "codings.yaml")
