"""The settings: one frozen value, read once from environment variables with the prefix CDS_ (contract section 6).

Everything that is wrong is said at once, so an operator fixes a deployment in one round. No value of a
setting appears in a fault: a database URL can hold a password.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cds_service.errors import ConfigurationFault
from cds_service.startup import startup_faults, url_of_file

PREFIX = "CDS_"
DEFAULT_DATABASE = "sqlite:///nextline-cds.sqlite3"

_RULE_ID = re.compile(r"[A-Z]{2,4}-[A-Z]?\d{1,3}[a-z]?")
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PASSWORD = re.compile(r"(?<=://)([^/@]*)@")

Words = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list in the environment."""


@dataclass(frozen=True, slots=True)
class SettingSource:
    """One setting as `cds-service settings` prints it. `value` is text with secrets masked."""

    variable: str
    value: str
    origin: Literal["default", "environment", "given"]
    meaning: str


class Settings(BaseSettings):
    """All settings of the service. Build it with `load`, which turns every fault into one ConfigurationFault."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    mode: Literal["development", "production"] = Field("development", description="production refuses unsafe settings")
    auth: Literal["none", "jwt"] = Field("none", description="how CDS clients prove who they are")
    clients_file: Path | None = Field(None, description="TOML file of the CDS clients: issuers, keys, servers, sites")
    database_url_file: Path | None = Field(None, description="file with CDS_DATABASE_URL, to hide its password")
    database_url: str = Field(DEFAULT_DATABASE, min_length=1, validate_default=True, description="decisions, feedback")
    store_key_file: Path | None = Field(None, description="keys that seal what is stored; made in development")
    spool_dir: Path | None = Field(None, description="where records wait while the database is away")
    retention_days: int = Field(1095, ge=1, le=36_500, description="days until what is about a person is erased")
    silence_days: int = Field(30, ge=0, le=3650, description="days an overridden card stays quiet; 0: it does not")
    fhir_servers: Words = Field((), description="FHIR servers to call back for clients without a token (development)")
    open_fhir_servers: bool = Field(False, description="call listed FHIR servers without a token (development)")
    private_addresses: bool | None = Field(None, description="may servers be in private networks; development: yes")
    tls_ca_file: Path | None = Field(None, description="authorities trusted for outgoing calls; unset: usual")
    remember_seconds: float = Field(900, ge=0, le=3600, description="how long an unchanged chart is known; 0: never")
    call_back_seconds: float = Field(1.5, gt=0, le=10, description="seconds for all calls to a FHIR server together")
    sign_off_file: Path | None = Field(None, description="TOML file with the site's sign-off of the knowledge")
    public_base_url: str = Field("", description="address clients use, without /cds-services; may have a path")
    allowed_hosts: Words = Field((), description="further host names this service answers for; * for any")
    cors_origins: Words | None = Field(None, description="browser origins; unset: any in development, none else")
    site: str = Field("", description="name of the site overlay of the code mappings")
    thresholds_file: Path | None = Field(None, description="TOML file with site values of clinical thresholds")
    allow_as_of: bool | None = Field(None, description="may a call set the day; default yes in development only")
    timezone: str = Field("UTC", description="time zone of record: which day is today")
    quiet_rules: Words = Field((), description="rule ids whose cards this site does not want (R-01)")
    indicator_cap: Literal["info", "warning", "critical"] = Field("warning", description="highest indicator of a card")
    smart_link: bool | None = Field(None, description="offer the SMART app on cards; unset: where it is registered")
    start_page: bool | None = Field(None, description="start page with example patients; unset: in development only")
    client_rate: float = Field(0, ge=0, le=100_000, description="calls a second of one client, per worker; 0: no limit")
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1024, le=256 * 1024 * 1024, description="largest request body")
    max_entries: int = Field(10_000, ge=1, le=1_000_000, description="most Bundle entries in one call")
    workers: int = Field(2, ge=1, le=256, description="worker processes")
    threads: int = Field(4, ge=1, le=256, description="threads of one worker")
    request_timeout: int = Field(30, ge=1, le=600, description="seconds after which a silent worker is replaced")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least important event logged")

    _given: frozenset[str] = PrivateAttr(frozenset())

    @field_validator("fhir_servers", "allowed_hosts", "cors_origins", "quiet_rules", mode="before")
    @classmethod
    def _split_words(cls, value: Any) -> Any:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("database_url", mode="before")
    @classmethod
    def _url_of_file(cls, value: Any, info: ValidationInfo) -> Any:
        return url_of_file(file) if (file := info.data.get("database_url_file")) else value

    @field_validator("public_base_url")
    @classmethod
    def _base_url_is_plain(cls, value: str) -> str:
        if not value:
            return value
        parts = _url_parts(value)
        if parts is None or parts.query or parts.fragment or parts.username is not None:
            raise _fault("must be an http or https URL without user, query or fragment")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for origin in value or ():
            parts = None if origin == "*" else _url_parts(origin)
            if origin != "*" and (parts is None or origin != f"{parts.scheme}://{parts.netloc}"):
                raise _fault("must be * or a list of origins such as https://ehr.example.org")
        return value

    @field_validator("quiet_rules")
    @classmethod
    def _rules_are_rule_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_RULE_ID.fullmatch(rule) for rule in value):
            raise _fault("must be a list of rule ids such as MN-07,LN-27")
        return value

    @field_validator("site")
    @classmethod
    def _site_is_a_folder_name(cls, value: str) -> str:
        if value and _SITE.fullmatch(value) is None:
            raise _fault("must be lower-case letters, digits and hyphens")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            if value != "UTC":  # UTC needs no time zone data, which slim images leave out
                raise _fault("must be a name of the IANA time zone database, such as Europe/Berlin") from None
        return value

    @model_validator(mode="before")
    @classmethod
    def _empty_means_unset(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values

    @property
    def production(self) -> bool:
        """True in production mode."""
        return self.mode == "production"

    @property
    def as_of_allowed(self) -> bool:
        """May a call say which day it is (contract section 2)?"""
        return not self.production if self.allow_as_of is None else self.allow_as_of

    @property
    def private_allowed(self) -> bool:
        """May an outgoing call go to a private address?"""
        return not self.production if self.private_addresses is None else self.private_addresses

    @property
    def origins(self) -> tuple[str, ...]:
        """Browser origins that may read answers (CORS-2)."""
        usual = () if self.production else ("*",)
        return usual if self.cors_origins is None else self.cors_origins

    @property
    def local_base_url(self) -> str:
        """Where the service is found from the same machine; stands in for a public base URL in development."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - recognised, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def sources(self) -> tuple[SettingSource, ...]:
        """Every setting with the value in force and where it came from, passwords masked."""
        in_force = {"allow_as_of": self.as_of_allowed, "cors_origins": self.origins}
        return tuple(
            SettingSource(
                variable=PREFIX + name.upper(),
                value=_shown(in_force.get(name, getattr(self, name))),
                origin=self._origin(name),
                meaning=field.description or "",
            )
            for name, field in type(self).model_fields.items()
        )

    def _origin(self, name: str) -> Literal["default", "environment", "given"]:
        if name not in self.model_fields_set:
            return "default"
        return "given" if name in self._given else "environment"


def load(**given: Any) -> Settings:
    """Read the environment (a value given here wins over it) and check that the service may start so.

    Errors: ConfigurationFault with every fault, each naming its variable.
    """
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigurationFault([_sentence(fault) for fault in error.errors(include_input=False)]) from None
    settings._given = frozenset(given)
    faults = tuple(startup_faults(settings))
    if faults:
        raise ConfigurationFault(faults)
    return settings


def load_or_exit() -> Settings:
    """For the process itself: `load`, or every fault on standard error and exit status 1."""
    try:
        return load()
    except ConfigurationFault as fault:
        exit_with(fault)


def exit_with(fault: ConfigurationFault) -> NoReturn:
    """One line for each fault on standard error, no traceback, exit status 1."""
    sys.exit("\n".join(f"cds-service does not start: {sentence}" for sentence in fault.faults))


def unknown_variables() -> tuple[str, ...]:
    """Environment variables that begin like ours and are none of ours: most often a typing error."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return tuple(sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known))


def _fault(message: str) -> PydanticCustomError:
    return PydanticCustomError("setting", message)


def _url_parts(text: str) -> Any:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and text.isascii() and text.isprintable() else None


def _sentence(fault: Any) -> str:
    name = ".".join(str(step) for step in fault["loc"][:1])
    return f"{PREFIX}{name.upper()}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else _PASSWORD.sub("***@", str(value))
