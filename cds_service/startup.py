"""Why a service may not start as it is set up (contract section 6): one sentence a reason, naming its variable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import PydanticCustomError

DATABASE = frozenset({"database_url", "database_url_file"})


class Setup(Protocol):
    """What is asked of the settings."""

    @property
    def production(self) -> bool: ...
    @property
    def auth(self) -> str: ...
    @property
    def clients_file(self) -> Any: ...
    @property
    def public_base_url(self) -> str: ...
    @property
    def store_key_file(self) -> Any: ...
    @property
    def as_of_allowed(self) -> bool: ...
    @property
    def origins(self) -> tuple[str, ...]: ...
    @property
    def allowed_hosts(self) -> tuple[str, ...]: ...
    @property
    def open_fhir_servers(self) -> bool: ...
    @property
    def log_level(self) -> str: ...
    @property
    def model_fields_set(self) -> set[str]: ...


def startup_faults(setup: Setup) -> Iterator[str]:
    """Every reason not to start; none when it may."""
    if setup.model_fields_set >= DATABASE:
        yield "CDS_DATABASE_URL: stands in CDS_DATABASE_URL_FILE, so it must not be set besides"
    if setup.auth == "jwt" and setup.clients_file is None:
        yield "CDS_CLIENTS_FILE: CDS_AUTH=jwt needs the list of trusted issuers (an example: cds-service clients add)"
    if setup.production:
        yield from _production_faults(setup)


def _production_faults(setup: Setup) -> Iterator[str]:
    checks = (
        (setup.auth != "jwt", "CDS_AUTH: production needs jwt"),
        (setup.clients_file is None, "CDS_CLIENTS_FILE: production needs the list of trusted issuers"),
        (not setup.public_base_url, "CDS_PUBLIC_BASE_URL: production needs the https address clients use"),
        (setup.public_base_url.startswith("http://"), "CDS_PUBLIC_BASE_URL: production needs https"),
        (not DATABASE & setup.model_fields_set, "CDS_DATABASE_URL: production needs a database of its own"),
        (setup.store_key_file is None, "CDS_STORE_KEY_FILE: production needs the keys that seal what is stored"),
        (setup.as_of_allowed, "CDS_ALLOW_AS_OF: production answers for today only"),
        ("*" in setup.origins, "CDS_CORS_ORIGINS: production needs a list of origins, not *"),
        ("*" in setup.allowed_hosts, "CDS_ALLOWED_HOSTS: production needs host names, not *"),
        (setup.open_fhir_servers, "CDS_OPEN_FHIR_SERVERS: production calls FHIR servers with a token only"),
        (setup.log_level == "debug", "CDS_LOG_LEVEL: debug is for development"),
    )
    yield from (sentence for wrong, sentence in checks if wrong)


def url_of_file(file: Path) -> str:
    """The database URL in a file: a password belongs neither into an environment nor onto a command line.

    Errors: PydanticCustomError, which `settings.load` turns into a ConfigurationFault.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read from CDS_DATABASE_URL_FILE ({type(error).__name__})"
        raise PydanticCustomError("setting", reason) from None
