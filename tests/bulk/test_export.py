"""An export that goes well: what is asked, what comes, what lies in the folder."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from cds_service.bulk.fault import ExportFault
from cds_service.population.export import find_export
from tests.bulk.exports import Site, lines
from tests.ehr.bulk_server import Offered


def test_an_export_is_asked_for_awaited_fetched_and_cleared_away(site: Site) -> None:
    found = site.export()
    assert found.is_whole
    assert found.lines == {"Patient": 30, "Condition": 40, "Observation": 1600}
    assert (found.files, found.size) == (5, sum(len(file.body) for file in site.ehr.files))
    assert (site.heard.files, site.heard.size) == (5, found.size)
    assert site.heard.progress == [("33% of the patients", 33), ("66% of the patients", 66)]
    assert site.ehr.deleted == ["job1"]
    site.check_files()
    site.check_silence(repr(found))


def test_what_is_asked_is_what_bulk_data_wants(site: Site) -> None:
    site.export()
    (kick_off,) = [one for one in site.server.requests if "$export" in one.path]
    assert kick_off.path == "/fhir/Patient/$export"
    assert dict(kick_off.query) == {
        "_outputFormat": "application/fhir+ndjson",
        "_type": "Patient,Condition,Observation",
    }
    assert "%2B" in kick_off.target
    assert (kick_off.header("prefer"), kick_off.header("accept")) == ("respond-async", "application/fhir+json")
    files = [one for one in site.server.requests if one.path.startswith("/files/")]
    assert len(files) == 5
    assert all(one.header("accept-encoding") == "gzip" for one in files)
    assert all((one.header("authorization") or "").startswith("Bearer ") for one in [kick_off, *files])


@pytest.mark.parametrize(
    ("asked", "path", "since"),
    [
        ({}, "/fhir/Patient/$export", None),
        ({"group": "registry-1"}, "/fhir/Group/registry-1/$export", None),
        ({"system": True}, "/fhir/$export", None),
        ({"since": "2026-01-01T00:00:00+01:00"}, "/fhir/Patient/$export", "2026-01-01T00:00:00+01:00"),
    ],
    ids=["patients", "a group", "the system", "since a day"],
)
def test_whose_records_and_since_when(site: Site, asked: dict[str, Any], path: str, since: str | None) -> None:
    site.export(**asked)
    (kick_off,) = [one for one in site.server.requests if "$export" in one.path]
    assert (kick_off.path, dict(kick_off.query).get("_since")) == (path, since)


@pytest.mark.parametrize("asked", [{"group": "../x"}, {"group": "a b"}, {"group": "a", "system": True}], ids=repr)
def test_a_group_that_is_none_asks_nobody(site: Site, asked: dict[str, Any]) -> None:
    with pytest.raises(ExportFault, match="--group"):
        site.export(**asked)
    assert not [one for one in site.server.requests if "$export" in one.path]


def test_the_folder_is_an_export_that_can_be_screened(site: Site) -> None:
    site.ehr.files += [Offered("Bundle", b'{"resourceType":"Bundle"}\n', 1, "deleted")]
    site.ehr.files += [Offered("OperationOutcome", b'{"resourceType":"OperationOutcome"}\n', 1, "error")]
    site.export()
    found = find_export(str(site.out))
    assert [(file.name, file.kind, file.told_count) for file in found.files] == [
        ("Patient.000.ndjson", "Patient", 30),
        ("Condition.000.ndjson", "Condition", 40),
        ("Observation.000.ndjson", "Observation", 900),
        ("Observation.001.ndjson", "Observation", 700),
        ("Observation.002.ndjson", "Observation", 0),
    ]
    assert [file.name for file in found.deleted] == ["deleted.Bundle.000.ndjson"]
    assert [file.name for file in found.errors] == ["errors.OperationOutcome.000.ndjson"]
    assert (found.transaction_time, found.not_named, found.errors_told) == ("2026-11-22T10:00:00Z", (), 1)


def test_a_server_without_tokens_is_asked_without_one(site: Site) -> None:
    site.ehr.ways.asks_for_token = False
    assert site.export().is_whole
    site.check_files()
    assert all(one.header("authorization") is None for one in site.server.requests)


@pytest.mark.parametrize("etags", [True, False])
def test_files_that_are_packed_on_their_way_are_unpacked(site: Site, etags: bool) -> None:
    site.ehr.ways.packs, site.ehr.ways.etags = True, etags
    site.ehr.files.append(Offered("Observation", lines("Observation", 5_000, 1_000), 5_000))
    site.export()
    site.check_files()
    assert site.server.octets_sent < sum(len(file.body) for file in site.ehr.files) / 10


def test_files_that_are_packed_for_good_stay_so_and_are_named_so(site: Site) -> None:
    packed = gzip.compress(lines("Condition", 55))
    site.ehr.files[1] = Offered("Condition", packed, 55)
    assert site.export().lines["Condition"] == 55
    assert (site.out / "Condition.000.ndjson.gz").read_bytes() == packed
    assert [file.packed for file in find_export(str(site.out)).files] == [False, True, False, False, False]


def test_types_that_nobody_asked_for_are_not_fetched_and_are_said(site: Site) -> None:
    site.ehr.ways.manifest = {
        "output": [{"type": "DocumentReference", "url": f"{site.ehr.origin}/files/job1/0", "count": 3}]
    }
    assert site.export().left == {"DocumentReference": 1}
    assert site.manifest["extension"]["notFetched"] == {"DocumentReference": 1}
    assert not [one for one in site.server.requests if one.path.startswith("/files/")]


def test_a_file_without_a_count_gets_ours(site: Site) -> None:
    site.ehr.files = [Offered("Patient", b'\n{"resourceType":"Patient"}\n\n{"resourceType":"Patient"}')]
    site.export()
    assert site.manifest["output"][0]["count"] == 2


def test_two_exports_do_not_go_into_one_folder(site: Site) -> None:
    site.export()
    with pytest.raises(ExportFault, match="an export in it already"):
        site.export()
    with pytest.raises(ExportFault, match="nothing to go on with"):
        site.export(resume=True)
    site.check_files()


def test_a_folder_is_written_by_one_process_at_a_time(site: Site) -> None:
    seen = []

    def again() -> None:
        with pytest.raises(ExportFault, match="another export is writing") as fault:
            site.export()
        seen.append(fault)

    site.heard.when_waiting = again
    site.export()
    assert len(seen) == 2
    site.check_files()
