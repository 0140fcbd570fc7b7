"""The database URL in a file: its password is in no environment, and it is masked where settings are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import ConfigurationFault
from cds_service.settings import load

URL = "postgresql://nextline:secret-of-a-test@database.example.org/nextline"


@pytest.fixture(autouse=True)
def without_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_DATABASE_URL", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written = tmp_path / "database-url"
    written.write_text(f"{URL}\n")
    monkeypatch.setenv("CDS_DATABASE_URL_FILE", str(written))
    return written


def test_it_is_read(file: Path) -> None:
    assert load().database_url == URL


def test_it_is_never_shown(file: Path) -> None:
    told = {source.variable: source.value for source in load().sources()}
    assert told["CDS_DATABASE_URL"] == "postgresql://***@database.example.org/nextline"
    assert not any("secret-of-a-test" in value for value in told.values())


def test_production_takes_it_as_a_database(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_MODE", "production")
    with pytest.raises(ConfigurationFault) as raised:
        load()
    assert not [fault for fault in raised.value.faults if fault.startswith("CDS_DATABASE_URL")]


def test_both_at_once_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "sqlite:///another.sqlite3")
    with pytest.raises(ConfigurationFault) as raised:
        load()
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["CDS_DATABASE_URL"]


@pytest.mark.parametrize("content", [None, "", "\n", b"\xff\xfe"], ids=["absent", "empty", "blank", "no-text"])
def test_a_file_without_a_url_keeps_the_service_from_starting(file: Path, content: str | bytes | None) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationFault) as raised:
        load()
    (fault,) = raised.value.faults
    assert fault.startswith("CDS_DATABASE_URL: ")
    assert str(file.parent) not in fault
