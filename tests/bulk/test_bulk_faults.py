"""An export where things go wrong: either the same files in the end, or a fault that says what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_service.bulk.fault import ExportFault, JobLost
from tests.bulk.exports import Site, lines
from tests.ehr import faults, wrong_answers
from tests.ehr.bulk_server import Offered
from tests.ehr.exchange import Answer, outcome_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Fault

KICK_OFF, STATE, FILE, TOKEN = r"\$export", r"/jobs/", r"/files/job1/2", r"/auth/token"
TELLING = {"resourceType": "OperationOutcome"} | {
    "issue": [{"severity": "error", "code": "not-supported", "diagnostics": "Jane Doe, 1970"}]
}


def refusal(status: int, **issue: str) -> Fault:
    told = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "Jane Doe"} | issue]}
    return wrong_answers.said(Answer(status, (), json.dumps(told).encode()))


def with_etag_lost() -> Fault:
    return wrong_answers.changed(lambda answer: Answer(200, answer.with_header("ETag", '"x"').headers, b"{"))


PASSING: list[tuple[str, str, Fault]] = [
    ("the kick-off is put off", KICK_OFF, wrong_answers.status(429, "0")),
    ("the kick-off is put off by a date", KICK_OFF, wrong_answers.status(503, "Wed, 21 Oct 2015 07:28:00 GMT")),
    ("the state is put off", STATE, wrong_answers.status(429, "0")),
    ("the state is put off without a time", STATE, wrong_answers.status(503)),
    ("the state fails for now", STATE, refusal(500, code="transient")),
    ("the state breaks", STATE, faults.reset_at_once()),
    ("the state breaks in the middle", STATE, faults.reset_mid_body()),
    ("a file is put off", FILE, wrong_answers.status(503, "0")),
    ("a file meets a bad gateway", FILE, wrong_answers.status(502)),
    ("a file breaks", FILE, faults.reset_mid_body()),
    ("a file ends too soon", FILE, faults.truncated(right_length=False)),
    ("a file stops in the middle of a line", FILE, faults.truncated()),
    ("a file stops after a line", FILE, wrong_answers.body(lines("Observation", 3))),
    ("a page instead of a file", FILE, wrong_answers.login_page()),
    ("a refused token at the kick-off", KICK_OFF, wrong_answers.unauthorized()),
    ("a refused token while waiting", STATE, wrong_answers.unauthorized()),
    ("a refused token at a file", FILE, wrong_answers.unauthorized()),
    ("the token endpoint is put off", TOKEN, wrong_answers.status(503, "0")),
    ("the token endpoint breaks", TOKEN, faults.reset_at_once()),
]


@pytest.mark.parametrize(("path", "fault"), [case[1:] for case in PASSING], ids=[case[0] for case in PASSING])
def test_what_passes_leaves_no_trace(site: Site, path: str, fault: Fault) -> None:
    rule = site.server.script.add(fault, path, nth=1)
    assert site.export().is_whole
    assert rule.met >= 2
    assert site.ehr.deleted == ["job1"]
    site.check_files()
    site.check_silence()


def test_a_file_without_a_length_is_whole_when_its_lines_are(site: Site) -> None:
    site.server.script.add(faults.without_length(), FILE)
    site.export()
    site.check_files()


@pytest.mark.parametrize(
    ("etags", "ranges", "rest_only"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_broken_file_goes_on_where_it_broke_if_the_server_lets_us(
    site: Site, etags: bool, ranges: bool, rest_only: bool
) -> None:
    site.ehr.ways.etags, site.ehr.ways.ranges = etags, ranges
    site.ehr.files[2] = Offered("Observation", lines("Observation", 9_000), 9_000)
    site.server.script.add(faults.reset_mid_body(), FILE, nth=1)
    site.export()
    site.check_files()
    assert site.heard.size == sum(len(file.body) for file in site.ehr.files)
    first, again = [one for one in site.server.requests if one.path == FILE]
    assert first.header("range") is None
    assert (again.header("range") is not None) is etags
    body = len(site.ehr.files[2].body)
    assert (site.server.octets_sent < site.heard.size + body // 3) is rest_only


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site) -> None:
    def changed(index: int) -> None:
        site.ehr.files[2] = Offered("Observation", lines("Observation", 900, 61), 900)

    site.server.script.add(_then(faults.reset_mid_body(), changed), FILE, nth=1)
    site.export()
    site.check_files()


def _then(fault: Fault, act: Callable[[int], None]) -> Fault:
    def faulty(connection: Any, request: Any, truth: Any) -> None:
        fault(connection, request, truth)
        act(0)

    return faulty


def test_tokens_that_expire_in_the_middle_are_replaced(site: Site) -> None:
    site.heard.when_waiting = site.ehr.expire
    site.heard.when_fetched = lambda files: site.ehr.expire() if files == 2 else None
    site.export()
    site.check_files()
    site.check_silence()
    assert len(site.ehr.tokens) >= 3
    assert len({claims["jti"] for claims in site.ehr.statements}) == len(site.ehr.statements) == len(site.ehr.tokens)


def test_a_token_is_replaced_before_it_expires(site: Site) -> None:
    site.ehr.ways.token_seconds = 1
    site.ehr.ways.retry_after = None
    site.ehr.ways.polls = 80
    site.export()
    refused = [one for one in site.ehr.tokens.values() if one == 0.0]
    assert len(site.ehr.tokens) >= 2
    assert not refused


def test_a_wrong_count_is_looked_at_twice_and_said(site: Site) -> None:
    site.ehr.files[1] = Offered("Condition", lines("Condition", 40), 41)
    found = site.export()
    assert not found.is_whole
    assert found.other_counts == (("Condition.000.ndjson", 41, 40),)
    assert len([one for one in site.server.requests if one.path == "/files/job1/1"]) == 2
    (told,) = [item for item in site.manifest["output"] if item["type"] == "Condition"]
    assert (told["count"], told["extension"]["lines"]) == (41, 40)


def test_error_files_are_kept_and_counted_by_their_codes(site: Site) -> None:
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]}
    body = b"".join(json.dumps(one).encode() + b"\n" for one in (TELLING, TELLING, warning))
    site.ehr.files.append(Offered("OperationOutcome", body, 3, "error"))
    found = site.export()
    assert found.errors == {"error not-supported": 2, "warning incomplete": 1}
    assert not found.is_whole
    assert (site.out / "errors.OperationOutcome.000.ndjson").read_bytes() == body
    assert "Jane" not in repr(found)


def test_warnings_alone_leave_an_export_whole(site: Site) -> None:
    warning = b'{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}\n'
    site.ehr.files.append(Offered("OperationOutcome", warning, 1, "error"))
    assert site.export().is_whole


def test_a_narrower_grant_is_said(site: Site) -> None:
    site.ehr.ways.scope = "system/Patient.rs system/Condition.read"
    found = site.export()
    assert found.lacking == ("Observation",)
    assert not found.is_whole


# What ends an export.


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500])
def test_a_refused_kick_off_is_told_by_its_codes_and_kept(site: Site, status: int) -> None:
    site.server.script.add(wrong_answers.said(Answer(status, (), json.dumps(TELLING).encode())), KICK_OFF)
    with pytest.raises(ExportFault, match=rf"refuses the export: {status} \(not-supported\)") as fault:
        site.export()
    assert "Jane" not in str(fault.value)
    assert json.loads((site.out / "refused.json").read_bytes()) == TELLING
    assert not (site.out / "export.journal").exists()


def test_a_server_that_repeats_the_token_does_not_put_it_on_the_disk(site: Site) -> None:
    def repeating(connection: Any, request: Any, truth: Any) -> None:
        wrong_answers.said(Answer(400, (), f"no: {request.header('authorization')}".encode()))(
            connection, request, truth
        )

    site.server.script.add(repeating, KICK_OFF)
    with pytest.raises(ExportFault) as fault:
        site.export()
    assert (site.out / "refused.json").read_bytes() == b"no: Bearer ***"
    site.check_silence(str(fault.value))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(500, code="exception"), "to finish the export: 500"),
        (refusal(400, code="processing"), "to finish the export: 400"),
        (wrong_answers.said(outcome_answer(404, "not-found")), "no longer knows"),
    ],
    ids=["failed", "refused", "forgotten"],
)
def test_a_lost_job_is_forgotten_and_the_next_run_begins_anew(site: Site, fault: Fault, said: str) -> None:
    site.server.script.add(fault, STATE, nth=2)
    with pytest.raises(JobLost, match=said):
        site.export()
    assert not (site.out / "export.journal").exists()
    site.export()
    assert len([one for one in site.server.requests if "$export" in one.path]) == 2
    site.check_files()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (wrong_answers.forbidden(), r"refuses the file Observation.000.ndjson: 403 \(forbidden\)"),
        (wrong_answers.unauthorized(), "401"),
        (wrong_answers.login_page(), "is not NDJSON, also when it was fetched a second time"),
        (wrong_answers.body(b'{"resourceType":'), "stops in the middle of a line"),
        (wrong_answers.body(b"\x1f\x8bno gzip"), "is a broken gzip file"),
        (wrong_answers.status(503, "0"), "could not be fetched, 13 times in a row"),
        (faults.reset_at_once(), "could not be fetched, 13 times in a row"),
        (wrong_answers.redirect("/files/job1/2"), "in circles"),
    ],
    ids=["forbidden", "unauthorized", "a page", "half a line", "no gzip", "busy", "dead", "in circles"],
)
def test_a_file_that_does_not_come_ends_the_export_which_can_be_gone_on_with(
    site: Site, fault: Fault, said: str
) -> None:
    site.server.script.add(fault, FILE)
    with pytest.raises(ExportFault, match=said) as told:
        site.export()
    assert (site.out / "export.journal").exists()
    assert not (site.out / "manifest.json").exists()
    site.check_silence(str(told.value))
    site.server.script.clear()
    assert site.export(resume=True).is_whole
    site.check_files()
    assert len([one for one in site.server.requests if "$export" in one.path]) == 1


@pytest.mark.parametrize(
    "fault", [None, faults.gzip_bomb(50_000_000), faults.endless()], ids=["long", "bomb", "endless"]
)
def test_no_more_is_written_than_is_allowed(site: Site, fault: Fault | None) -> None:
    if fault:
        site.server.script.add(fault, FILE)
    with pytest.raises(ExportFault, match="--most"):
        site.export(most=200_000 if fault else 100_000)
    assert sum(path.stat().st_size for path in site.out.iterdir()) < 300_000


@pytest.mark.parametrize(
    "manifest",
    [
        {"output": None},
        {"output": {}},
        {"output": [{"type": "Patient"}]},
        {"output": [{"type": "../Patient", "url": "https://x.test/"}]},
        {"output": [{"type": "Patient", "url": 7}]},
        {"output": ["Patient"]},
        {"error": {}},
        {"link": [{"relation": "next", "url": "https://x.test/2"}]},
    ],
    ids=repr,
)
def test_a_manifest_that_is_none_is_refused(site: Site, manifest: dict[str, Any]) -> None:
    site.ehr.ways.manifest = manifest
    with pytest.raises(ExportFault, match="manifest"):
        site.export()
    assert not [one for one in site.server.requests if one.path.startswith("/files/")]


# Where the token goes, and where nobody calls.


@pytest.fixture
def elsewhere(site: Site) -> Iterator[Listener]:
    """Another server, with the same files for whoever asks."""
    with listening(site.ehr.file) as other:
        yield other


@pytest.mark.parametrize("needs_token", [True, False])
def test_files_on_another_origin_are_not_called_unless_it_is_listed(
    site: Site, elsewhere: Listener, needs_token: bool
) -> None:
    site.ehr.ways.files_at, site.ehr.ways.says_token = elsewhere.url, needs_token
    with pytest.raises(ExportFault, match=f"is on {elsewhere.url}, which is not listed"):
        site.export()
    assert elsewhere.connections == 0
    assert site.export(listed=[elsewhere.url]).is_whole
    site.check_files()
    assert {one.header("authorization") is not None for one in elsewhere.requests} == {needs_token}


def test_a_redirect_to_another_origin_is_not_followed_unless_it_is_listed_and_takes_no_token(
    site: Site, elsewhere: Listener
) -> None:
    site.server.script.add(wrong_answers.redirect(f"{elsewhere.url}/files/job1/2", 307), FILE)
    with pytest.raises(ExportFault, match="not listed"):
        site.export()
    assert elsewhere.connections == 0
    site.export(listed=[elsewhere.url])
    site.check_files()
    assert [one.header("authorization") for one in elsewhere.requests] == [None]


@pytest.mark.parametrize("path", [KICK_OFF, STATE, TOKEN])
def test_other_answers_are_not_led_elsewhere(site: Site, elsewhere: Listener, path: str) -> None:
    site.server.script.add(wrong_answers.redirect(f"{elsewhere.url}/fhir/jobs/job1"), path)
    with pytest.raises(ExportFault):
        site.export(listed=[elsewhere.url])
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/jobs/1", "file:///etc/passwd", "http://user@x.test/", "//[", ""]
)
def test_an_odd_address_of_the_state_is_refused(site: Site, address: str) -> None:
    site.server.script.add(wrong_answers.said(Answer(202, (("Content-Location", address),))), KICK_OFF)
    with pytest.raises(ExportFault):
        site.export()
    assert not [one for one in site.server.requests if one.path != "/fhir/Patient/$export" and "auth" not in one.path][
        1:
    ]


def test_a_token_endpoint_of_another_origin_has_to_be_given_by_hand(site: Site, elsewhere: Listener) -> None:
    site.ehr.ways.metadata = {"token_endpoint": f"{elsewhere.url}/auth/token"}
    with pytest.raises(ExportFault, match=f"on {elsewhere.url}: if that is right, give --token-url"):
        site.export()
    assert elsewhere.connections == 0
