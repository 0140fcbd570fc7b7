"""Each fault does to a plain client what its name says."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from tests.ehr import faults, wrong_answers
from tests.ehr.exchange import Answer, Json, Request, fhir_answer
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Fault

PAGE: Json = {
    "resourceType": "Bundle",
    "type": "searchset",
    "link": [{"relation": "next", "url": "http://ehr.test/fhir/Observation?page=2"}],
    "entry": [{"resource": {"resourceType": "Observation", "id": "o-1", "subject": {"reference": "Patient/pat-a"}}}],
}


def truth(request: Request) -> Answer:
    return fhir_answer(PAGE if "Observation" in request.path else {"resourceType": "Patient", "id": "pat-a"})


@pytest.fixture(scope="module")
def running() -> Iterator[Listener]:
    with listening(truth) as listener:
        yield listener


@pytest.fixture
def ehr(running: Listener) -> Listener:
    running.forget()
    return running


def get(ehr: Listener, path: str = "/fhir/Observation?patient=pat-a", **more: object) -> requests.Response:
    return requests.get(ehr.url + path, **({"timeout": 2} | more))  # type: ignore[arg-type]


def raw(ehr: Listener, seconds: float = 1.0) -> bytes:
    """All octets that come within so many seconds."""
    with socket.create_connection((ehr.host, ehr.port), timeout=seconds) as connection:
        connection.sendall(b"GET /fhir/Observation HTTP/1.1\r\nHost: ehr.test\r\n\r\n")
        got = b""
        try:
            while more := connection.recv(65_536):
                got += more
        except TimeoutError:
            pass
        return got


def test_without_a_script_it_tells_the_truth_and_records_the_request(ehr: Listener) -> None:
    assert get(ehr, headers={"Authorization": "Bearer T0"}).json() == PAGE
    (seen,) = ehr.asked_for("Observation")
    assert (seen.method, seen.path, seen.query) == ("GET", "/fhir/Observation", [("patient", "pat-a")])
    assert seen.headers_of("authorization") == ["Bearer T0"]


def test_the_parameters_of_a_form_are_recorded_like_those_of_an_address(ehr: Listener) -> None:
    requests.post(f"{ehr.url}/fhir/Observation/_search?a=1", data={"patient": "pat-a"}, timeout=2)
    assert ehr.requests[0].query == [("a", "1"), ("patient", "pat-a")]


def test_a_kept_connection_is_used_again(ehr: Listener) -> None:
    with requests.Session() as session:
        for _ in range(3):
            session.get(f"{ehr.url}/fhir/Patient/pat-a", timeout=2)
    assert ehr.connections == 1
    assert [one.on_connection for one in ehr.requests] == [1, 2, 3]


class TestRefuse:
    def test_connections_are_refused_and_later_taken_again_at_the_same_port(self, ehr: Listener) -> None:
        port = ehr.port
        with ehr.refusing(), pytest.raises(requests.ConnectionError, match="refused"):
            get(ehr)
        assert (get(ehr).status_code, ehr.port) == (200, port)


class TestSlow:
    def test_hang_never_answers(self, ehr: Listener) -> None:
        ehr.script.add(faults.hang())
        with pytest.raises(requests.ReadTimeout):
            get(ehr, timeout=0.3)

    def test_latency_delays_the_truth(self, ehr: Listener) -> None:
        ehr.script.add(faults.latency(0.3))
        began = time.monotonic()
        assert get(ehr).json() == PAGE
        assert time.monotonic() - began >= 0.3

    def test_latency_before_another_fault(self, ehr: Listener) -> None:
        ehr.script.add(faults.latency(0.1, wrong_answers.status(500)))
        assert get(ehr).status_code == 500

    @pytest.mark.parametrize(
        ("fault", "whole_head"), [(faults.drip_headers(1, 0.05), False), (faults.drip_body(1, 0.05), True)]
    )
    def test_dripping_meets_a_read_timeout_and_takes_for_ever(
        self, ehr: Listener, fault: Fault, whole_head: bool
    ) -> None:
        ehr.script.add(fault)
        with socket.create_connection((ehr.host, ehr.port), timeout=1) as connection:
            connection.sendall(b"GET /fhir/Observation HTTP/1.1\r\n\r\n")
            until, got = time.monotonic() + 0.8, b""
            while time.monotonic() < until:
                got += connection.recv(4096)
        assert (b"\r\n\r\n" in got) == whole_head
        assert 2 < len(got.rpartition(b"\r\n\r\n")[2]) < 25

    def test_dripped_body_comes_whole_in_the_end(self, ehr: Listener) -> None:
        ehr.script.add(faults.drip_body(100, 0.01))
        assert get(ehr).json() == PAGE


class TestBroken:
    def test_reset_at_once(self, ehr: Listener) -> None:
        ehr.script.add(faults.reset_at_once())
        with pytest.raises(requests.ConnectionError, match="reset"):
            get(ehr)

    def test_reset_mid_body(self, ehr: Listener) -> None:
        ehr.script.add(faults.reset_mid_body())
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError), match="reset"):
            get(ehr)

    def test_half_close_after_the_headers(self, ehr: Listener) -> None:
        ehr.script.add(faults.half_close())
        got = raw(ehr)
        assert got.startswith(b"HTTP/1.1 200")
        assert got.endswith(b"\r\n\r\n")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(ehr)

    def test_truncated_with_the_right_length_is_a_whole_answer_of_half_the_json(self, ehr: Listener) -> None:
        ehr.script.add(faults.truncated())
        answer = get(ehr)
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        with pytest.raises(requests.JSONDecodeError):
            answer.json()

    def test_truncated_with_the_wrong_length_ends_early(self, ehr: Listener) -> None:
        ehr.script.add(faults.truncated(right_length=False))
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            get(ehr)

    def test_without_length_the_body_ends_with_the_connection(self, ehr: Listener) -> None:
        ehr.script.add(faults.without_length())
        answer = get(ehr)
        assert "Content-Length" not in answer.headers
        assert answer.json() == PAGE

    def test_an_endless_body_goes_on_as_long_as_one_reads(self, ehr: Listener) -> None:
        ehr.script.add(faults.endless())
        with get(ehr, stream=True) as answer:
            read = 0
            for part in answer.iter_content(65_536):
                read += len(part)
                if read > 5_000_000:
                    break
        assert read > 5_000_000

    def test_close_idle_answers_a_fresh_connection_and_drops_a_kept_one(self, ehr: Listener) -> None:
        ehr.script.add(faults.close_idle())
        with socket.create_connection((ehr.host, ehr.port), timeout=2) as connection:
            connection.sendall(b"GET /fhir/Patient/pat-a HTTP/1.1\r\n\r\n")
            assert b"keep-alive" in connection.recv(4096)
            connection.sendall(b"GET /fhir/Patient/pat-a HTTP/1.1\r\n\r\n")
            assert connection.recv(4096) == b""
        assert get(ehr).ok


def test_the_bomb_is_small_on_the_wire_and_huge_when_inflated(ehr: Listener) -> None:
    ehr.script.add(faults.gzip_bomb(20_000_000))
    answer = get(ehr, stream=True)
    packed = answer.raw.read(decode_content=False)
    assert len(packed) < 25_000
    inflated = gzip.decompress(packed)
    assert len(inflated) == 20_000_000
    assert json.loads(inflated)["resourceType"] == "Bundle"
