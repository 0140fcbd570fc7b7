"""The state of the schema: which revision a database is at, and how it gets to ours."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import ConfigurationFault
from cds_service.store.connections import opened

_MIGRATIONS = "cds_service.store:migrations"


def upgrade(url: str) -> None:
    """Bring the database to the newest revision; an empty one is built. Errors: ConfigurationFault."""
    engine = opened(url)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: the upgrade failed ({type(error).__name__})") from None
    finally:
        engine.dispose()


def revision(engine: Engine) -> str:
    """The revision of a database; empty for one that was never built."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision that this release needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check(engine: Engine) -> None:
    """Refuse a database of another revision. Errors: ConfigurationFault that says what to do."""
    try:
        found = revision(engine)
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: no connection ({type(error).__name__})") from None
    if found == newest():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found in known or not found:
        raise ConfigurationFault("CDS_DATABASE_URL: the schema is older than this release; run: cds-service db upgrade")
    raise ConfigurationFault("CDS_DATABASE_URL: the schema is newer than this release; install the newer release")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config
