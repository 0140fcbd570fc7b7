"""The schema: built, brought up to date, and refused when it is of another release."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from cds_service.errors import ConfigurationFault
from cds_service.store import schema
from cds_service.store.connections import opened
from cds_service.store.sealing import Sealing
from cds_service.store.store import Store
from cds_service.store.tables import METADATA
from cds_service.store.upgrading import configuration
from tests.store.databases import BOTH, Postgres
from tests.store.samples import KEY, change, decision, rows


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


def checked(url: str, folder: Path) -> None:
    Store(url, Sealing([KEY]), folder / "spool").check()


def test_an_empty_database_is_refused_until_it_is_upgraded(empty: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="run: cds-service db upgrade"):
        checked(empty, tmp_path)
    assert schema.upgrade(empty) == schema.newest()
    checked(empty, tmp_path)


def test_the_revisions_that_are_known_without_alembic_are_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    assert tuple(reversed([script.revision for script in scripts])) == schema.REVISIONS


def test_asking_does_not_make_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault):
        checked(f"sqlite:///{tmp_path / 'nowhere.sqlite3'}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_second_upgrade_changes_nothing(store: Store) -> None:
    store.keep(decision())
    before = rows(store, "SELECT * FROM decisions")
    assert schema.upgrade(store.connections.url) == schema.newest()
    assert rows(store, "SELECT * FROM decisions") == before


def test_the_migrations_build_what_is_written_and_read(url: str) -> None:
    engine = opened(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_an_older_schema_is_refused_and_says_what_to_do(store: Store) -> None:
    change(store, "DELETE FROM alembic_version")
    with pytest.raises(ConfigurationFault, match="older than this release; run: cds-service db upgrade"):
        store.check()


def test_a_newer_schema_is_refused_by_the_service_and_by_the_upgrade(store: Store) -> None:
    change(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationFault, match="newer than this release"):
        store.check()
    with pytest.raises(ConfigurationFault, match="newer than this release"):
        schema.upgrade(store.connections.url)


def test_upgrades_at_the_same_time_wait_for_one_another(empty: str) -> None:
    results: list[object] = []

    def upgrade() -> None:
        try:
            results.append(schema.upgrade(empty))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [schema.newest()] * 6
    engine = opened(empty)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chain_head")).scalar() == 2
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody:geheim@127.0.0.1:9/none", "no connection"),
        ("postgresql+psycopg://nobody:geheim@/none?host=/nowhere", "no connection"),
        ("mysql://nobody:geheim@db/none", "SQLite and PostgreSQL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("no url at all, geheim", "cannot be used"),
        ("postgresql+nodriver://nobody:geheim@db/none", "cannot be used"),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_line_without_the_password(url: str, said: str) -> None:
    with pytest.raises(ConfigurationFault, match=said) as refused:
        schema.check(url)
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "no.sqlite3"
    file.write_bytes(b"something else entirely" * 100)
    with pytest.raises(ConfigurationFault, match="no connection"):
        checked(f"sqlite:///{file}", tmp_path)
    with pytest.raises(ConfigurationFault, match="the upgrade failed"):
        schema.upgrade(f"sqlite:///{file}")


@pytest.mark.parametrize("name", ["with blank.sqlite3", "per%cent.sqlite3", "quest?ion.sqlite3", "häm#atom.sqlite3"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    url = "sqlite:///" + str(file).replace("?", "%3F") if "?" in name else f"sqlite:///{file}"
    schema.upgrade(url)
    checked(url, tmp_path)
