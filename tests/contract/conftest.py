"""Apps with other settings than the default."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings


@pytest.fixture(scope="session")
def client_for_today() -> FlaskClient:
    """A service that does not let a call set the day."""
    return create_app(Settings(allow_as_of=False)).test_client()


@pytest.fixture(scope="session")
def client_of_one_origin() -> FlaskClient:
    """A service that one browser origin may read."""
    return create_app(Settings(cors_origins=("https://ehr.example.org",))).test_client()
