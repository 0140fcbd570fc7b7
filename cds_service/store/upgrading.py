"""From any revision of the schema to the newest, by alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import ConfigurationFault
from cds_service.store.connections import opened
from cds_service.store.schema import NEWER

_MIGRATIONS = "cds_service.store:migrations"
_ONE_AT_A_TIME = 7_246_001
"""Any number, the same for everybody: PostgreSQL's lock that upgrades of this service take."""


def to_newest(url: str) -> None:
    """Run the missing migrations; whoever does so at the same time is waited for. Errors: ConfigurationFault."""
    engine = opened(url, for_upkeep=True)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationFault(NEWER) from None
    except SQLAlchemyError as error:
        raise ConfigurationFault(f"CDS_DATABASE_URL: the upgrade failed ({type(error).__name__})") from None
    finally:
        engine.dispose()


def configuration() -> Config:
    """What alembic needs to know to find the migrations."""
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config
