"""A store in a fresh database: every test that takes `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from tests.ehr.fixtures import run_directory
from tests.store.databases import BOTH, Postgres, database, postgres_or_skip
from tests.store.samples import KEY


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    run = hashlib.sha256(str(run_directory(tmp_path_factory)).encode()).hexdigest()[:12]
    server = postgres_or_skip(run)
    yield server
    server.close()


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path, request) as made:
        yield made


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database("sqlite", tmp_path, request) as made:
        yield made


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    made = Store(url, Sealing([KEY]), tmp_path / "spool")
    yield made
    made.close()


@pytest.fixture
def sqlite_store(sqlite_url: str, tmp_path: Path) -> Iterator[Store]:
    made = Store(sqlite_url, Sealing([KEY]), tmp_path / "spool")
    yield made
    made.close()
