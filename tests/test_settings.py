"""Settings: what is said about a wrong environment, and what `cds-service settings` shows of a right one."""

from __future__ import annotations

import subprocess

import pytest

from cds_service import settings as module
from cds_service.errors import ConfigurationFault
from cds_service.settings import Settings, load
from tests.conftest import COMMAND, environment


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [f"CDS_{name.upper()}" for name in Settings.model_fields]:
        monkeypatch.delenv(variable, raising=False)


def faults_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationFault) as raised:
        load()
    return list(raised.value.faults)


class TestDefaults:
    def test_they_are_those_of_the_contract(self) -> None:
        settings = load()
        assert (settings.host, settings.port, settings.mode, settings.auth) == (
            "127.0.0.1",
            8080,
            "development",
            "none",
        )
        assert settings.database_url.startswith("sqlite:///")
        assert settings.indicator_cap == "warning"
        assert settings.max_body_bytes == 8 * 1024 * 1024
        assert settings.timezone == "UTC"
        assert settings.as_of_allowed
        assert settings.origins == ("*",)

    def test_an_empty_variable_is_a_variable_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_PORT", "")
        monkeypatch.setenv("CDS_THRESHOLDS_FILE", "")
        assert load().port == 8080
        assert load().thresholds_file is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CDS_PORT", "eighty"),
        ("CDS_PORT", "70000"),
        ("CDS_PORT", "tcp://10.0.0.1:8080"),
        ("CDS_MODE", "staging"),
        ("CDS_AUTH", "basic"),
        ("CDS_PUBLIC_BASE_URL", "ehr.example.org"),
        ("CDS_PUBLIC_BASE_URL", "ftp://ehr.example.org"),
        ("CDS_PUBLIC_BASE_URL", "https://user:secret@ehr.example.org"),
        ("CDS_PUBLIC_BASE_URL", "https://ehr.example.org/?a=b"),
        ("CDS_PUBLIC_BASE_URL", "https://[broken"),
        ("CDS_CORS_ORIGINS", "https://ehr.example.org/path"),
        ("CDS_CORS_ORIGINS", "browser.test"),
        ("CDS_SITE", "../elsewhere"),
        ("CDS_TIMEZONE", "Europe/Atlantis"),
        ("CDS_TIMEZONE", "../../etc/passwd"),
        ("CDS_QUIET_RULES", "everything"),
        ("CDS_INDICATOR_CAP", "fatal"),
        ("CDS_ALLOW_AS_OF", "perhaps"),
        ("CDS_MAX_BODY_BYTES", "-1"),
        ("CDS_WORKERS", "0"),
        ("CDS_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    faults = faults_of(monkeypatch, **{variable: value})
    assert len(faults) == 1
    assert faults[0].startswith(f"{variable}: ")
    assert value not in faults[0]


def test_all_faults_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = faults_of(monkeypatch, CDS_PORT="x", CDS_MODE="prod", CDS_SITE="..", CDS_WORKERS="none")
    assert {fault.partition(":")[0] for fault in faults} == {"CDS_PORT", "CDS_MODE", "CDS_SITE", "CDS_WORKERS"}


COMPLETE = {
    "CDS_MODE": "production",
    "CDS_AUTH": "jwt",
    "CDS_CLIENTS_FILE": "/etc/nextline/clients.toml",
    "CDS_STORE_KEY_FILE": "/etc/nextline/store.keys",
    "CDS_PUBLIC_BASE_URL": "https://cds.example.org",
    "CDS_DATABASE_URL": "postgresql+psycopg://db.example.org/cds",
}


class TestProduction:
    def test_it_names_everything_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        named = {fault.partition(":")[0] for fault in faults_of(monkeypatch, CDS_MODE="production")}
        assert {f"CDS_{name}" for name in ("AUTH", "CLIENTS_FILE", "STORE_KEY_FILE", "PUBLIC_BASE_URL")} <= named
        assert "CDS_DATABASE_URL" in named

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("CDS_PUBLIC_BASE_URL", "http://cds.example.org"),
            ("CDS_ALLOW_AS_OF", "true"),
            ("CDS_CORS_ORIGINS", "*"),
            ("CDS_ALLOWED_HOSTS", "*"),
            ("CDS_LOG_LEVEL", "debug"),
            ("CDS_AUTH", "none"),
            ("CDS_OPEN_FHIR_SERVERS", "true"),
        ],
    )
    def test_it_refuses_what_is_fit_for_development_only(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        unsafe = faults_of(monkeypatch, **COMPLETE | {variable: value})
        assert [fault.partition(":")[0] for fault in unsafe] == [variable]

    @pytest.mark.parametrize("variable", sorted(set(COMPLETE) - {"CDS_MODE", "CDS_DATABASE_URL"}))
    def test_nothing_that_it_needs_may_be_left_out(self, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
        rest = {name: value for name, value in COMPLETE.items() if name != variable}
        assert variable in {fault.partition(":")[0] for fault in faults_of(monkeypatch, **rest)}

    def test_it_starts_with_all_of_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in COMPLETE.items():
            monkeypatch.setenv(name, value)
        assert load().production

    def test_jwt_needs_its_clients_in_development_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert faults_of(monkeypatch, CDS_AUTH="jwt")[0].startswith("CDS_CLIENTS_FILE: ")

    def test_the_process_ends_with_an_error_and_one_line_for_each_fault(self) -> None:
        ended = subprocess.run(COMMAND, env=environment(CDS_MODE="production"), capture_output=True, timeout=60)
        lines = ended.stderr.decode().splitlines()
        assert ended.returncode != 0
        assert lines
        assert all(line.startswith("cds-service does not start: CDS_") for line in lines)


class TestSources:
    def test_every_setting_tells_where_it_came_from(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_SITE", "north")
        told = {source.variable: source for source in load(port=9000).sources()}
        assert set(told) == {f"CDS_{name.upper()}" for name in Settings.model_fields}
        assert (told["CDS_SITE"].value, told["CDS_SITE"].origin) == ("north", "environment")
        assert (told["CDS_PORT"].value, told["CDS_PORT"].origin) == ("9000", "given")
        assert (told["CDS_HOST"].value, told["CDS_HOST"].origin) == ("127.0.0.1", "default")
        assert all(source.meaning for source in told.values())

    def test_settings_that_depend_on_the_mode_show_the_value_in_force(self) -> None:
        told = {source.variable: source.value for source in load().sources()}
        assert told["CDS_ALLOW_AS_OF"] == "True"
        assert told["CDS_CORS_ORIGINS"] == "*"

    @pytest.mark.parametrize(
        "url", ["postgresql://cds:hunter2@db/cds", "postgresql://:hunter2@db/cds", "mysql://hunter2@db/cds"]
    )
    def test_passwords_are_masked(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("CDS_DATABASE_URL", url)
        shown = {source.variable: source.value for source in load().sources()}["CDS_DATABASE_URL"]
        assert "hunter2" not in shown
        assert shown.endswith("@db/cds")

    def test_a_misspelt_variable_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_DATABSE_URL", "x")
        assert module.unknown_variables() == ("CDS_DATABSE_URL",)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_local_address_is_one_that_can_be_called(host: str, expected: str) -> None:
    assert load(host=host).local_base_url == expected


def test_the_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1
