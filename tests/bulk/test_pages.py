"""A manifest in pages (Bulk Data 3.0), and addresses of files as object storage writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.places import place_of
from cds_service.outbound.address import AddressRefused
from tests.bulk.exports import Site, lines
from tests.ehr import wrong_answers
from tests.ehr.bulk_server import Offered
from tests.ehr.exchange import Answer

LAST_PAGE = r"/pages/3"


def in_pages(site: Site, onward: str = "../pages/3", *, deleted: Sequence[Any] = (), **other: Any) -> None:
    """The manifest on three pages: the server's own, two files on the second, the others on the third.

    `deleted` stands on each of them, `other` on the third alone.
    """
    offered = [
        {"type": file.kind, "url": f"{site.ehr.origin}/files/job1/{number}", "count": file.count}
        for number, file in enumerate(site.ehr.files)
        if file.member == "output"
    ]
    same = {"transactionTime": "2026-11-22T10:00:00Z", "requiresAccessToken": True, "deleted": list(deleted)}
    first = {"output": offered[:1], "deleted": list(deleted), "link": [{"relation": "next", "url": "../pages/2"}]}
    site.ehr.ways.manifest = first
    second = {**same, "output": offered[1:3], "link": [{"relation": "next", "url": onward}]}
    for path, page in ((r"/pages/2", second), (LAST_PAGE, {**same, "output": offered[3:], **other})):
        site.server.script.add(wrong_answers.said(Answer(200, (), json.dumps(page).encode())), path)


def test_a_manifest_in_pages_is_read_to_its_end(site: Site) -> None:
    in_pages(site)
    found = site.export()
    assert (found.is_whole, found.files) == (True, 5)
    assert [file["url"] for file in site.manifest["output"]] == [
        "Patient.000.ndjson",
        "Condition.000.ndjson",
        "Observation.000.ndjson",
        "Observation.001.ndjson",
        "Observation.002.ndjson",
    ]
    assert "link" not in site.manifest
    site.check_files()
    pages = [one for one in site.server.requests if "/pages/" in one.path]
    assert all((one.header("authorization") or "").startswith("Bearer ") for one in pages)
    assert not any("allowPartialManifests" in one.target for one in site.server.requests)


def test_a_page_that_is_not_ready_is_waited_for(site: Site) -> None:
    site.server.script.add(wrong_answers.status(202, "0"), LAST_PAGE, times=2)
    in_pages(site)
    assert site.export().files == 5


def test_what_is_deleted_and_stands_on_every_page_is_fetched_once(site: Site) -> None:
    site.ehr.files.append(Offered("Bundle", b'{"resourceType":"Bundle"}\n', 1, "deleted"))
    in_pages(site, deleted=[{"url": f"{site.ehr.origin}/files/job1/5"}])
    site.export()
    assert [file["url"] for file in site.manifest["deleted"]] == ["deleted.Bundle.000.ndjson"]
    site.check_files()


@pytest.mark.parametrize(
    ("onward", "other", "said"),
    [
        ("../pages/2", {}, "do not come to an end"),
        ("https://x.test/3", {}, "is on https://x.test, which is not listed"),
        ("../pages/3", {"transactionTime": "2026-11-23T10:00:00Z"}, "of several exports"),
        ("../pages/3", {"output": 7}, "no manifest"),
        ("../pages/3", {"link": [{"relation": "next"}]}, "without an address"),
    ],
)
def test_pages_that_lead_nowhere_fetch_nothing(site: Site, onward: str, other: dict[str, Any], said: str) -> None:
    in_pages(site, onward, **other)
    with pytest.raises(ExportFault, match=said):
        site.export()
    assert not [one for one in site.server.requests if one.path.startswith("/files/")]


def test_a_file_whose_path_has_escapes_is_asked_for_as_it_is_written(site: Site) -> None:
    path = "/o/jobs%2F7%2FPatient%20one.ndjson"
    body = lines("Patient", 3)
    site.ehr.files = [Offered("Patient", body, 3)]
    site.ehr.ways.manifest = {"output": [{"type": "Patient", "url": f"{site.ehr.origin}{path}?alt=media", "count": 3}]}
    site.server.script.add(wrong_answers.said(Answer(200, (), body)), "/o/")
    assert site.export().lines == {"Patient": 3}
    site.check_files()
    (asked,) = [one for one in site.server.requests if one.path.startswith("/o/")]
    assert asked.target == f"{path}?alt=media"


@pytest.mark.parametrize(
    "path",
    ["/a/%2e%2e/b", "/a/.%2E/b", "/a%2F..%2Fb", "/a%5C..%5Cb", "/a%0d%0aHost:x", "/a%00", "/a%2", "/a%zz", "/a%2F."],
)
def test_escapes_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(AddressRefused, match="an unusual path"):
        place_of(f"https://files.test{path}", local_http=False)


@pytest.mark.parametrize("path", ["/o/a%2Fb", "/a%20b/", "/a%C3%A4", "/a..b%3D", "/plain/"])
def test_other_escapes_are_kept(path: str) -> None:
    assert place_of(f"https://files.test{path}?x=%2F", local_http=False).url == f"https://files.test{path}?x=%2F"
