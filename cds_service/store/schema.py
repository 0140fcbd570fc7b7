"""The state of the schema: which revision a database is at, and how it gets to ours."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import ConfigurationFault
from cds_service.store.connections import Connections, opened, sqlite_file

_MIGRATIONS = "cds_service.store:migrations"
_ONE_AT_A_TIME = 7_246_001
"""Any number, the same for everybody: PostgreSQL's lock that upgrades of this service take."""
OUTDATED = "CDS_DATABASE_URL: the schema is older than this release; run: cds-service db upgrade"
NEWER = "CDS_DATABASE_URL: the schema is newer than this release; install the newer release"


def upgrade(url: str) -> str:
    """Bring the database to the newest revision, which is returned; an empty one is built.

    Whoever upgrades at the same time is waited for. Errors: ConfigurationFault.
    """
    engine = opened(url, for_upkeep=True)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationFault(NEWER) from None
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: the upgrade failed ({type(error).__name__})") from None
    finally:
        engine.dispose()
    return newest()


def revision(engine: Engine) -> str:
    """The revision of a database; empty for one that was never built. Errors: SQLAlchemyError."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision that this release needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def found(connections: Connections) -> str:
    """The revision of a database; empty for one that was never built. Errors: ConfigurationFault."""
    file = sqlite_file(connections.url)
    if file is not None and not file.exists():
        return ""
    # With patience: another process that starts may be building it just now.
    engine = opened(connections.url, autocommit=True, for_upkeep=True)
    try:
        return revision(engine)
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: no connection ({type(error).__name__})") from None
    finally:
        engine.dispose()


def check(connections: Connections) -> None:
    """Refuse a database of another revision. Errors: ConfigurationFault that says what to do."""
    current = found(connections)
    if current == newest():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    raise ConfigurationFault(OUTDATED if current in known or not current else NEWER)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config
