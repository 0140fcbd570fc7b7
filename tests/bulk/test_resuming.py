"""An export whose process dies: the same command goes on, and the files are the same as if it had not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cds_service.bulk.fault import ExportFault, JobLost
from tests.bulk.exports import KEY, Site, lines
from tests.cli.in_process import run
from tests.conftest import environment
from tests.ehr import faults, wrong_answers
from tests.ehr.bulk_server import Offered, bulk_ehr

SECONDS = 40
pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    from cryptography.hazmat.primitives import serialization

    file = tmp_path / "key.pem"
    plain = serialization.NoEncryption()
    pem = KEY.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(pem)
    return file


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Site]:
    """A hospital with a file that takes a while."""
    with bulk_ehr(KEY) as (ehr, server):
        ehr.files = [
            Offered("Patient", lines("Patient", 30), 30),
            Offered("Observation", lines("Observation", 20_000, 200), 20_000),
            Offered("Condition", lines("Condition", 40), 40),
        ]
        ehr.ways.polls = 1
        yield Site(ehr, server, tmp_path / "export")


def words(site: Site, key_file: Path, *more: str) -> list[str]:
    """The command, as a person types it."""
    asked = [
        "export",
        "--fhir-server",
        site.ehr.base,
        "--out",
        str(site.out),
        "--types",
        "Patient,Condition,Observation",
    ]
    return [*asked, "--client-id", site.ehr.client_id, "--key", str(key_file), "--key-id", KEY.kid, *more]


def test_a_killed_process_is_gone_on_with_and_the_files_are_the_same(large: Site, key_file: Path) -> None:
    large.server.script.add(faults.drip_body(octets=65_536, every=0.1), r"/files/job1/1", nth=1)
    part = large.out / "Observation.000.ndjson.part"
    command = [sys.executable, "-m", "cds_service.cli", *words(large, key_file)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + SECONDS
    while not (part.exists() and part.stat().st_size > 300_000) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate(timeout=SECONDS)
    came = part.stat().st_size
    assert 300_000 < came < len(large.ehr.files[1].body)
    assert (large.out / "export.journal").stat().st_mode & 0o077 == 0
    large.check_silence(said)

    before = len(large.server.requests)
    done = run(*words(large, key_file, "--resume"))
    assert done.status == 0, done.err
    assert f"cds-service screen {large.out}" in done.out
    large.check_files()
    large.check_silence(said, done.out, done.err)
    asked = large.server.requests[before:]
    assert not [one for one in asked if "$export" in one.path]
    assert [one.header("range") for one in asked if one.path.startswith("/files/")] == [f"bytes={came}-"]
    assert large.ehr.deleted == ["job1"]


def test_the_command_says_what_is_missing_by_its_exit_status(large: Site, key_file: Path) -> None:
    large.ehr.files[0] = Offered("Patient", lines("Patient", 30), 31)
    done = run(*words(large, key_file))
    assert done.status == 1
    assert "30 lines, but 31 were announced" in done.out
    large.check_silence(done.out, done.err)


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (["--types", "Binary"], 2, "the rules read Patient"),
        (["--client-id", ""], 2, "belong together"),
        (["--file-server", "ftp://x.test"], 2, "cannot be called"),
        (["--group", "x", "--system"], 1, "exclude one another"),
        (["--token-url", "gopher://x.test"], 1, "the token endpoint cannot be called"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_asks_nobody(large: Site, key_file: Path, more: list[str], status: int, said: str) -> None:
    done = run(*words(large, key_file, *more))
    assert (done.status, said in " ".join(done.err.replace("│", " ").split())) == (status, True), done.err
    assert large.server.requests == []


class Killed(BaseException):
    """Stands for the end of the process at this very place."""


@pytest.mark.parametrize("files", [1, 2, 4, 5])
def test_an_export_that_ended_after_any_file_goes_on(site: Site, files: int) -> None:
    def ends(fetched: int) -> None:
        if fetched >= files:
            raise Killed

    site.heard.when_fetched = ends
    with pytest.raises(Killed):
        site.export()
    site.heard.when_fetched = lambda _files: None
    again = len(site.server.requests)
    assert site.export().is_whole
    site.check_files()
    fetched = [one for one in site.server.requests[again:] if one.path.startswith("/files/")]
    assert len(fetched) <= 5 - files


def test_an_export_that_ended_while_waiting_goes_on_waiting(site: Site) -> None:
    def ends() -> None:
        raise Killed

    site.heard.when_waiting = ends
    with pytest.raises(Killed):
        site.export()
    site.heard.when_waiting = lambda: None
    site.export(resume=True)
    site.check_files()
    assert list(site.ehr.jobs) == []
    assert len([one for one in site.server.requests if "$export" in one.path]) == 1


def test_a_line_of_the_journal_that_was_cut_off_is_none(site: Site) -> None:
    _kill_at(site, 2)
    with (site.out / "export.journal").open("ab") as journal:
        journal.write(b'{"done":{"Patient')
    _go_on(site)


def test_a_file_that_was_changed_or_taken_away_is_fetched_again(site: Site) -> None:
    _kill_at(site, 5)
    (site.out / "Patient.000.ndjson").unlink()
    (site.out / "Condition.000.ndjson").write_bytes(b"{}\n")
    _go_on(site)


def test_signed_addresses_may_be_others_by_then(site: Site) -> None:
    site.ehr.ways.signed = True
    _kill_at(site, 2)
    _go_on(site)


def test_other_files_than_begun_are_not_mixed_with_those_that_came(site: Site) -> None:
    _kill_at(site, 2)
    site.ehr.files.append(Offered("Observation", lines("Observation", 5), 5))
    with pytest.raises(JobLost, match="other files now"):
        site.export()
    assert list(site.out.iterdir()) == []
    site.export()
    site.check_files()


@pytest.mark.parametrize(
    "other", [{"group": "x"}, {"types": ("Patient",)}, {"since": "2026-01-01T00:00:00Z"}], ids=repr
)
def test_what_was_begun_is_not_gone_on_with_as_something_else(site: Site, other: dict[str, object]) -> None:
    _kill_at(site, 2)
    with pytest.raises(ExportFault, match="was begun with another"):
        site.export(**other)  # type: ignore[arg-type]


def test_a_file_that_is_no_journal_of_ours_is_left_alone(site: Site) -> None:
    site.out.mkdir()
    (site.out / "export.journal").write_bytes(b'{"asked":{},"layout":99}\n')
    with pytest.raises(ExportFault, match="is not a journal"):
        site.export()
    assert (site.out / "export.journal").exists()


def test_a_job_that_cannot_be_cleared_away_is_said(site: Site) -> None:
    site.server.script.add(wrong_answers.forbidden(), r"/jobs/", method="DELETE", nth=1)
    assert site.export().is_whole
    assert site.heard.sentences == ["the server does not clear the export away (403)"]
    site.check_files()


def test_an_export_that_ended_after_its_manifest_is_only_cleared_away(site: Site) -> None:
    def ends(_sentence: str) -> None:
        raise Killed

    site.server.script.add(wrong_answers.forbidden(), r"/jobs/", method="DELETE", nth=1)
    site.heard.when_said = ends
    with pytest.raises(Killed):
        site.export()
    assert (site.out / "export.journal").exists()
    before = len(site.server.requests)
    assert site.export().lines == {"Patient": 30, "Condition": 40, "Observation": 1600}
    asked = [(one.method, one.path) for one in site.server.requests[before:] if "/fhir/jobs/" in one.path]
    assert asked == [("DELETE", "/fhir/jobs/job1")]
    site.check_files()


def _kill_at(site: Site, files: int) -> None:
    """An export that ends when so many files were fetched; the next one goes through."""
    site.heard.when_fetched = _end_at(files)
    with pytest.raises(Killed):
        site.export()
    site.heard.when_fetched = lambda _files: None


def _go_on(site: Site) -> None:
    """The export once more, and every file is there."""
    site.export()
    site.check_files()


def _end_at(files: int) -> Callable[[int], None]:
    def ends(fetched: int) -> None:
        if fetched >= files:
            raise Killed

    return ends
