"""The state of the schema: which revision a database is at, and how it gets to ours."""

from __future__ import annotations

from sqlalchemy import Engine, column, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import ConfigurationFault
from cds_service.store.connections import opened, sqlite_file

REVISIONS = ("0001", "0002", "0003")
"""Those of `migrations`, oldest first. Written here too, so that a start that upgrades nothing needs no alembic."""
_VERSION = table("alembic_version", column("version_num"))
OUTDATED = "CDS_DATABASE_URL: the schema is older than this release; run: cds-service db upgrade"
NEWER = "CDS_DATABASE_URL: the schema is newer than this release; install the newer release"


def upgrade(url: str) -> str:
    """Bring the database to the newest revision, which is returned; an empty one is built.

    Whoever upgrades at the same time is waited for. Errors: ConfigurationFault.
    """
    if not _is_newest(url):
        # alembic takes a tenth of the whole start, and is needed once in a release.
        from cds_service.store.upgrading import to_newest

        to_newest(url)
    return newest()


def _is_newest(url: str) -> bool:
    try:
        return found(url) == newest()
    except ConfigurationFault:  # the upgrade meets it too, and says that it was the upgrade that failed
        return False


def revision(engine: Engine) -> str:
    """The revision of a database; empty for one that was never built. Errors: SQLAlchemyError."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return ""
        return str(connection.execute(select(_VERSION.c.version_num)).scalar() or "")


def newest() -> str:
    """The revision that this release needs."""
    return REVISIONS[-1]


def found(url: str) -> str:
    """The revision of a database; empty for one that was never built. Errors: ConfigurationFault."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return ""
    # With patience: another process that starts may be building it just now.
    engine = opened(url, autocommit=True, for_upkeep=True)
    try:
        return revision(engine)
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: no connection ({type(error).__name__})") from None
    finally:
        engine.dispose()


def check(url: str) -> None:
    """Refuse a database of another revision. Errors: ConfigurationFault that says what to do."""
    current = found(url)
    if current != newest():
        raise ConfigurationFault(OUTDATED if current in REVISIONS or not current else NEWER)
