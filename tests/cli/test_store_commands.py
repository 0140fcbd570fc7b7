"""db, decisions, replay and feedback: what they print, what they do not, and how they end."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app, store_of
from cds_service.settings import Settings
from cds_service.store import reading
from cds_service.store.reading import Filter
from cds_service.store.store import Store
from cds_service.stories.catalogue import all_stories
from tests.cli.in_process import Done, run
from tests.store.samples import change

STORIES = {story.name: story for story in all_stories()}
NAMES = ("tacrolimus-failed-so-rituximab-is-next", "second-flare", "tacrolimus-not-tolerated")
PATH = "/cds-services/next-therapy"
COMMENT = "CANARY-COMMENT-OF-THE-CLINICIAN"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three decisions, one of them delivered twice, and feedback, as the real app wrote it."""
    file = tmp_path_factory.mktemp("kept") / "store.sqlite3"
    client: FlaskClient = create_app(Settings(database_url=f"sqlite:///{file}")).test_client()
    cards = [client.post(PATH, json=STORIES[name].request).get_json()["cards"][0] for name in (*NAMES, NAMES[0])]
    reason = {"reason": {"code": "patient-refuses", "system": "http://example.org"}, "userComment": COMMENT}
    said = {"card": cards[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    taken = {"card": cards[1]["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    taken["acceptedSuggestions"] = [{"id": cards[1]["suggestions"][0]["uuid"]}]
    answer = client.post(f"{PATH}/feedback", json={"feedback": [{**said, "overrideReason": reason}, taken]})
    assert answer.status_code == 200
    return file


@pytest.fixture
def kept(prepared: Path, tmp_path: Path) -> Path:
    """A copy of that database, to be spoilt."""
    import sqlite3

    file = tmp_path / "store.sqlite3"
    with sqlite3.connect(prepared) as source, sqlite3.connect(file) as target:
        source.backup(target)
    file.with_suffix(".key").write_bytes(prepared.with_suffix(".key").read_bytes())
    return file


def command(file: Path, *words: str, **settings: str) -> Done:
    return run(*words, CDS_DATABASE_URL=f"sqlite:///{file}", **settings)


@pytest.fixture
def store(kept: Path) -> Iterator[Store]:
    opened = store_of(Settings(database_url=f"sqlite:///{kept}"))
    yield opened
    opened.close()


def identifiers(store: Store) -> list[str]:
    return [one.id for one in reading.decisions(store, Filter())]


class TestDatabase:
    def test_upgrade_builds_and_says_the_revision_and_twice_is_no_harm(self, tmp_path: Path) -> None:
        for _ in range(2):
            done = command(tmp_path / "new.sqlite3", "db", "upgrade")
            assert (done.status, done.err) == (0, "")
            assert re.fullmatch(r"The database is at revision \d{4}\.\n", done.out)

    def test_status_of_a_database_that_is_not_built(self, tmp_path: Path) -> None:
        done = command(tmp_path / "new.sqlite3", "db", "status", "--plain")
        assert done.status == 1
        assert re.search(r"none; this release needs \d{4}", done.out)
        assert list(tmp_path.iterdir()) == []

    def test_status_tells_what_is_there(self, prepared: Path) -> None:
        done = command(prepared, "db", "status", "--json")
        told = json.loads(done.out)
        assert (done.status, told["decisions"], told["feedback"], told["spoolBytes"]) == (0, 3, 2, 0)
        assert "3, 0 of them erased" in command(prepared, "db", "status").out

    def test_status_tells_what_waits_and_what_was_put_aside(self, kept: Path) -> None:
        spool = kept.with_suffix(".spool")
        spool.mkdir()
        (spool / "1.spool").write_bytes(b"x" * 100)
        (spool / "1.aside").write_bytes(b"x" * 50)
        done = command(kept, "db", "status")
        assert "100 bytes" in done.out
        assert "50 bytes: lines that the database does not take" in done.out

    def test_verify_says_whole_and_the_end_to_note(self, prepared: Path) -> None:
        done = command(prepared, "db", "verify")
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("Whole: 3 decisions, 0 of them erased; 0 refused calls.\n")
        noted = re.search(r"3:[0-9a-f]{64}", done.out)
        assert noted
        assert command(prepared, "db", "verify", "--noted", noted[0]).status == 0
        other = command(prepared, "db", "verify", "--noted", f"3:{'0' * 64}")
        assert (other.status, other.err) == (
            1,
            "cds-service: the chain is broken: the noted end is not a part of this chain\n",
        )
        assert command(prepared, "db", "verify", "--noted", "nonsense").status == 2

    def test_verify_finds_an_altered_row_and_ends_with_1(self, kept: Path, store: Store) -> None:
        change(store, "UPDATE decisions SET tenant = 'x' WHERE seq = 2")
        done = command(kept, "db", "verify")
        assert (done.status, done.out) == (1, "")
        assert done.err == "cds-service: the chain is broken: decision 2: is not as it was written\n"
        told = json.loads(command(kept, "db", "verify", "--json").out)
        assert (told["whole"], told["rows"]) == (False, 1)

    def test_erase_obeys_the_setting_and_says_how_many(self, kept: Path, store: Store) -> None:
        assert command(kept, "db", "erase").out.startswith("0 decisions")
        with_old = (datetime.now(UTC) - timedelta(days=11)).replace(tzinfo=None).isoformat(" ")
        change(store, "UPDATE decisions SET made_at = :old WHERE seq = 1", old=with_old)
        trial = command(kept, "db", "erase", "--dry-run", CDS_RETENTION_DAYS="10")
        assert trial.out.startswith("1 decisions")
        assert "would be" in trial.out
        assert command(kept, "db", "erase", CDS_RETENTION_DAYS="10").out.startswith("1 decisions")
        assert command(kept, "db", "erase", CDS_RETENTION_DAYS="10").out.startswith("0 decisions")


class TestDecisions:
    def test_the_list_names_rules_and_no_patient(self, prepared: Path) -> None:
        done = command(prepared, "decisions", "list", "--plain")
        assert done.status == 0
        assert done.out.count("MN-") == 2
        assert "2 times" in done.out
        assert not [name for name in NAMES if STORIES[name].request["context"]["patientId"] in done.out]

    @pytest.mark.parametrize(
        ("options", "number"),
        [
            ((), 3),
            (("--rule", "MN-07"), 1),
            (("--rule", "MN-99"), 0),
            (("--since", "2020-01-01"), 3),
            (("--until", "2020-01-01"), 0),
            (("--since", "2020-01-01T00:00:00", "--until", "2999-01-01"), 3),
            (("--client", ""), 3),
            (("--client", "https://nobody.example.org"), 0),
            (("--limit", "2"), 2),
        ],
    )
    def test_the_filters_narrow(self, prepared: Path, options: tuple[str, ...], number: int) -> None:
        assert len(json.loads(command(prepared, "decisions", "list", "--json", *options).out)) == number

    def test_show_prints_the_card_the_trace_and_the_versions(self, kept: Path, store: Store) -> None:
        shown = " ".join(command(kept, "decisions", "show", identifiers(store)[0], "--plain").out.split())
        story = STORIES[NAMES[0]]
        assert story.response["cards"][0]["summary"] in shown
        assert story.request["context"]["patientId"] in shown
        assert "How MN-07 came about" in shown
        assert re.search(r"mappings sha256:", shown)
        told = json.loads(command(kept, "decisions", "show", identifiers(store)[0], "--json").out)
        assert told["cards"][0]["extension"]["org.nextline-cds.recommendation"]["rule"] == "MN-07"
        assert told["trace"]["MN-07"]
        assert told["case"]["quantities"]

    def test_show_of_nothing_is_one_line_and_status_1(self, prepared: Path) -> None:
        done = command(prepared, "decisions", "show", "nothing")
        assert (done.status, done.out, done.err) == (1, "", "cds-service: no decision has this id\n")

    def test_show_of_an_erased_one_says_so(self, kept: Path, store: Store) -> None:
        from cds_service.store import retention

        retention.erase(store, datetime.now(UTC) + timedelta(days=1), datetime.now(UTC))
        done = command(kept, "decisions", "show", identifiers(store)[0], "--plain")
        assert done.status == 0
        assert "Erased by retention" in done.out

    def test_show_with_another_key_is_one_line(self, kept: Path, store: Store) -> None:
        (identifier, *_) = identifiers(store)
        kept.with_suffix(".key").write_bytes(base64.b64encode(bytes(32)))
        done = command(kept, "decisions", "show", identifier)
        assert (done.status, "Traceback" in done.err) == (1, False)
        assert "the key that sealed it is not in the key file" in done.err

    def test_the_export_holds_no_patient_data_unless_it_is_asked_for(self, prepared: Path) -> None:
        plain = command(prepared, "decisions", "export")
        whole = command(prepared, "decisions", "export", "--with-patient-data")
        lines = [json.loads(line) for line in plain.out.splitlines()]
        assert len(lines) == len(whole.out.splitlines()) == 3
        assert all(set(line) & {"prefetch", "case", "cards", "trace", "patientId", "userId"} == set() for line in lines)
        for name in NAMES:
            patient = STORIES[name].request["context"]["patientId"]
            assert patient not in plain.out
            assert patient in whole.out

    def test_the_export_as_csv_is_a_table(self, prepared: Path) -> None:
        done = command(prepared, "decisions", "export", "--csv")
        table = list(csv.DictReader(io.StringIO(done.out)))
        assert [row["rules"] for row in table] == ["MN-07", "LN-44", "MN-19"]
        assert table[0]["mappings"].startswith("sha256:")
        assert command(prepared, "decisions", "export", "--csv", "--with-patient-data").status == 2


class TestReplay:
    def test_all_are_byte_identical(self, prepared: Path) -> None:
        done = command(prepared, "replay", "--all")
        assert (done.status, done.err) == (0, "")
        assert done.out == "3 replayed: 3 byte-identical.\n"

    def test_one_by_its_id(self, kept: Path, store: Store) -> None:
        done = command(kept, "replay", identifiers(store)[1], "--json")
        assert (done.status, json.loads(done.out)["same"]) == (0, 1)

    def test_another_threshold_is_named_and_no_fault(self, prepared: Path, tmp_path: Path) -> None:
        changed = tmp_path / "thresholds.toml"
        changed.write_text("mn_nephrotic = 4.0\n")
        done = command(prepared, "replay", "--all", CDS_THRESHOLDS_FILE=str(changed))
        assert done.status == 0
        assert re.search(r"thresholds was [0-9a-f]{16}, is [0-9a-f]{16}", done.out)
        assert re.search(r"3 replayed: \d byte-identical, \d of another version\.", done.out)

    def test_other_settings_make_no_difference(self, prepared: Path) -> None:
        done = command(prepared, "replay", "--all", CDS_PUBLIC_BASE_URL="https://cds.example.org", CDS_PORT="9")
        assert done.out == "3 replayed: 3 byte-identical.\n"

    def test_a_difference_without_a_version_ends_with_1(self, kept: Path, store: Store) -> None:
        (first, *_) = reading.decisions(store, Filter(), with_payload=True)
        assert first.payload is not None
        other = first.payload.replace(b'"indicator":"warning"', b'"indicator":"info"')
        change(store, "UPDATE decisions SET payload = :new WHERE seq = 1", new=store.sealing.seal(other, first.id))
        done = command(kept, "replay", "--all")
        assert done.status == 1
        assert f"{first.id}  the cards differ" in done.out
        assert "3 replayed: 2 byte-identical, 1 differ although no version does." in done.out

    def test_one_that_cannot_be_opened_does_not_stop_the_others(self, kept: Path, store: Store) -> None:
        change(store, "UPDATE decisions SET payload = x'00112233445566778899' WHERE seq = 2")
        done = command(kept, "replay", "--all")
        assert done.status == 1
        assert "3 replayed: 2 byte-identical, 1 cannot be opened." in done.out

    @pytest.mark.parametrize("words", [(), ("some-id", "--all")])
    def test_it_wants_to_know_what(self, prepared: Path, words: tuple[str, ...]) -> None:
        assert command(prepared, "replay", *words).status == 2

    def test_an_unknown_id_ends_with_1(self, prepared: Path) -> None:
        done = command(prepared, "replay", "nothing")
        assert done.status == 1
        assert "no decision has this id" in done.out


class TestFeedback:
    def test_the_report_counts_by_rule_and_tells_no_comment(self, prepared: Path) -> None:
        rows: list[dict[str, Any]] = json.loads(command(prepared, "feedback", "report", "--json").out)
        by_rule = {row["rule"]: row for row in rows}
        assert by_rule["MN-07"] == {
            "rule": "MN-07",
            "shown": 1,
            "accepted": 0,
            "overridden": 1,
            "reasons": {"patient-refuses": 1},
        }
        assert (by_rule["LN-44"]["accepted"], by_rule["MN-19"]["shown"]) == (1, 1)
        for form in ((), ("--json",), ("--csv",), ("--plain",)):
            done = command(prepared, "feedback", "report", *form)
            assert done.status == 0
            assert COMMENT not in done.out

    def test_as_csv_and_since(self, prepared: Path) -> None:
        table = list(csv.DictReader(io.StringIO(command(prepared, "feedback", "report", "--csv").out)))
        assert {row["rule"]: row["reasons"] for row in table}["MN-07"] == "patient-refuses: 1"
        assert command(prepared, "feedback", "report", "--since", "2999-01-01", "--plain").out.startswith("No card")
        assert command(prepared, "feedback", "report", "--csv", "--json").status == 2


@pytest.mark.parametrize(
    "words", [("db", "verify"), ("decisions", "list"), ("replay", "--all"), ("feedback", "report"), ("db", "status")]
)
@pytest.mark.parametrize(
    "url", ["postgresql://nobody:geheim@127.0.0.1:9/none", "mysql://nobody:geheim@db/none", "geheim"]
)
def test_a_database_that_is_away_is_one_line_without_its_password(
    words: tuple[str, ...], url: str, tmp_path: Path
) -> None:
    key = tmp_path / "store.key"
    done = run(*words, CDS_DATABASE_URL=url, CDS_STORE_KEY_FILE=str(key), CDS_SPOOL_DIR=str(tmp_path))
    assert (done.status, done.out, done.err.count("\n")) == (4, "", 1)
    assert "geheim" not in done.err
    assert done.err.startswith("cds-service: CDS_DATABASE_URL: ")
