"""The shipped nginx configuration, run by the real nginx before the real service (GEN-2, CORS-2, R5, S3)."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from cds_service.settings import Settings
from tests.conftest import Server, free_port
from tests.contract.calls import NEXT_THERAPY
from tests.deploy.proxy import NAME, ORIGIN, Proxy, Said, proxy
from tests.ehr.exchange import Answer
from tests.ehr.listener import listening
from tests.ehr.tls import Authority

MOST = Settings.model_fields["max_body_bytes"].default
CANARY = "mueller-1949-canary"
SLOW_CLIENTS = 120
VISITS = 6


def outcome_of(said: Said) -> str:
    """The issue code of an OperationOutcome."""
    assert said.all("Content-Type") == ["application/json"]
    body = json.loads(said.body)
    assert body["resourceType"] == "OperationOutcome"
    return str(body["issue"][0]["code"])


class TestTls:
    @pytest.mark.conformance("GEN-2")
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_versions_of_today_are_spoken(self, front: Proxy, version: ssl.TLSVersion) -> None:
        context = front.context()
        context.minimum_version = context.maximum_version = version
        with front.connect(context) as connection:
            assert connection.version() == version.name.replace("_", ".")
            assert connection.cipher()[0].startswith(("ECDHE-", "TLS_"))  # type: ignore[index]

    @pytest.mark.conformance("GEN-2")
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_an_older_version_is_refused_by_the_server(self, front: Proxy) -> None:
        context = front.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version"):
            front.connect(context)

    def test_no_cipher_without_forward_secrecy_is_taken(self, front: Proxy) -> None:
        context = front.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("kRSA:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError, match=r"(?i)handshake failure"):
            front.connect(context)

    @pytest.mark.parametrize("name", ["other.example.org", None])
    def test_another_name_or_none_gets_no_certificate(self, front: Proxy, name: str | None) -> None:
        context = front.context()
        context.check_hostname = False
        with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized name"):
            front.connect(context, name)

    def test_plain_http_gets_no_redirect(self, front: Proxy) -> None:
        with socket.create_connection(("127.0.0.1", front.port), timeout=5) as plain:
            plain.sendall(f"GET /cds-services HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
            said = plain.recv(4096)
        assert b" 200 " not in said
        assert b"Location" not in said


class TestCall:
    def test_the_answer_is_the_same_bytes(self, front: Proxy, public_server: Server, call: bytes) -> None:
        headers = {"Content-Type": "application/json", "Host": NAME}
        direct = requests.post(f"{public_server.url}{NEXT_THERAPY}", data=call, headers=headers, timeout=10)
        said = front.post(NEXT_THERAPY, call)
        assert (said.status, direct.status_code) == (200, 200)
        assert said.body == direct.content
        assert json.loads(said.body)["cards"]

    def test_every_header_of_the_service_arrives_once(self, front: Proxy, public_server: Server, call: bytes) -> None:
        direct = requests.get(f"{public_server.url}/cds-services", headers={"Host": NAME, "Origin": ORIGIN}, timeout=10)
        said = front.send("GET", "/cds-services", Origin=ORIGIN)
        for name, value in direct.headers.items():
            if name not in ("Server", "Date", "Connection", "X-Request-ID"):
                assert said.all(name) == [value], name
        assert [len(said.all(name)) for name in ("X-Request-ID", "Strict-Transport-Security")] == [1, 1]

    @pytest.mark.parametrize("path", ["/cds-services", "/cds-services/", "//cds-services", "/health/ready", "/about"])
    def test_addresses_of_the_service_are_reached(self, front: Proxy, path: str) -> None:
        assert front.send("GET", path).status == 200

    @pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/base/metrics"])
    def test_the_counts_are_not(self, front: Proxy, path: str) -> None:
        said = front.send("GET", path)
        assert (said.status, outcome_of(said)) == (404, "not-found")

    def test_what_a_client_says_about_other_proxies_is_not_passed_on(self, front: Proxy) -> None:
        said = front.send("GET", "/cds-services", X_Forwarded_Host="evil.test", Forwarded="host=evil.test")
        assert said.status == 200

    def test_nothing_is_compressed(self, front: Proxy) -> None:
        assert front.send("GET", "/cds-services", Accept_Encoding="gzip, br").all("Content-Encoding") == []


class TestLimits:
    def test_a_body_of_the_limit_reaches_the_service(self, front: Proxy) -> None:
        said = front.post(NEXT_THERAPY, b" " * MOST)
        assert (said.status, outcome_of(said)) == (400, "invalid")

    def test_a_larger_one_is_refused_before_it(self, front: Proxy, public_server: Server) -> None:
        before = public_server.log.stat().st_size
        said = front.post(NEXT_THERAPY, b" " * (MOST + 1))
        assert (said.status, outcome_of(said)) == (413, "too-costly")
        assert public_server.log.stat().st_size == before

    def test_a_larger_one_without_announced_size_is_refused_too(self, front: Proxy) -> None:
        pieces = (b" " * 65536 for _ in range(MOST // 65536 + 1))
        # Refused while it is still being sent, so the client may see the answer or a closed connection.
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            said = front.post(NEXT_THERAPY, pieces, Transfer_Encoding="chunked")  # type: ignore[arg-type]
            assert (said.status, outcome_of(said)) == (413, "too-costly")

    def test_too_many_calls_of_one_address_are_told_to_wait(
        self, tmp_path: Path, authority: Authority, public_server: Server
    ) -> None:
        with proxy(tmp_path, authority, public_server.port) as alone:
            said = [alone.send("GET", "/cds-services", Origin=ORIGIN) for _ in range(8)]
            assert {one.status for one in said} == {200}
            refused = first_refused(alone)
        assert (refused.status, outcome_of(refused)) == (429, "throttled")
        assert refused.all("Retry-After") == ["1"]
        assert refused.all("Access-Control-Allow-Origin") == [ORIGIN]

    @pytest.mark.parametrize("path", ["/launch", "/callback", "/base/launch"])
    def test_too_many_sign_ins_of_one_address_are_told_so_in_a_sentence_and_calls_go_on(
        self, tmp_path: Path, authority: Authority, public_server: Server, path: str
    ) -> None:
        with proxy(tmp_path, authority, public_server.port) as alone:
            refused = first_refused(alone, f"{path}?iss=https://{CANARY}.test")
            assert refused.status == 429
            assert refused.all("Content-Type") == ["text/plain; charset=utf-8"]
            assert refused.all("Retry-After") == ["1"]
            assert refused.body.startswith(b"Too many sign-ins")
            assert CANARY.encode() not in refused.body
            # Pages that are open already, and the EHR's calls, have limits of their own.
            assert alone.send("GET", "/cds-services").status == 200
            assert alone.send("GET", "/health/ready").status == 200
            assert CANARY not in alone.logged(3)

    def test_a_sign_in_while_the_service_is_away_is_told_so_in_a_sentence(
        self, tmp_path: Path, authority: Authority
    ) -> None:
        with proxy(tmp_path, authority, free_port()) as without_service:
            said = without_service.send("GET", "/launch?iss=x")
        assert (said.status, said.all("Retry-After")) == (503, ["2"])
        assert said.body.startswith(b"The service cannot be reached")

    def test_slow_clients_do_not_hurt_the_others(self, front: Proxy, call: bytes) -> None:
        with slow_clients(front, SLOW_CLIENTS):
            seconds = []
            for _ in range(20):
                began = time.monotonic()
                assert front.post(NEXT_THERAPY, call).status == 200
                seconds.append(time.monotonic() - began)
        assert sorted(seconds)[10] < 1.0
        assert max(seconds) < 3.0

    def test_headers_that_never_end_are_cut_off(self, front: Proxy) -> None:
        with front.connect() as slow:
            slow.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n".encode())
            began = time.monotonic()
            assert slow.recv(1) == b""
        assert 3 < time.monotonic() - began < 9


def first_refused(alone: Proxy, path: str = "/cds-services") -> Said:
    """The first 429 of 400 requests sent over one connection."""
    connection = http.client.HTTPConnection(NAME)
    connection.sock = alone.connect()
    for _ in range(400):
        connection.request("GET", path, headers={"Origin": ORIGIN})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 429:
            return Said(answer.status, tuple(answer.getheaders()), body)
    raise AssertionError("400 requests at once and none was refused")


@contextmanager
def slow_clients(front: Proxy, number: int) -> Iterator[None]:
    """So many clients that have sent half of a call, and go on with nothing."""
    half = f"POST {NEXT_THERAPY} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 10000\r\n"
    opened = []
    try:
        for turn in range(number):
            opened.append(front.connect())
            opened[-1].sendall((half + ("\r\n{" if turn % 2 else "")).encode())
        yield
    finally:
        for connection in opened:
            connection.close()


class TestNames:
    def test_the_name_that_a_client_gives_a_call_is_kept_everywhere(
        self, front: Proxy, public_server: Server, call: bytes
    ) -> None:
        before = front.lines()
        said = front.post(NEXT_THERAPY, call, X_Request_ID="ward-7-call-1")
        assert said.all("X-Request-ID") == ["ward-7-call-1"]
        assert '"request_id":"ward-7-call-1"' in front.logged(before + 1)
        assert '"request_id": "ward-7-call-1"' in public_server.log.read_text(encoding="utf-8")

    def test_a_name_that_could_be_anything_is_replaced(self, front: Proxy) -> None:
        before = front.lines()
        (name,) = front.send("GET", "/cds-services", X_Request_ID=f"{CANARY} {{x}}").all("X-Request-ID")
        assert CANARY not in name
        assert f'"request_id":"{name}"' in front.logged(before + 1)

    def test_what_nginx_answers_itself_has_a_name_too(self, front: Proxy) -> None:
        (name,) = front.send("GET", "/metrics").all("X-Request-ID")
        assert len(name) == 32

    def test_no_address_and_no_query_gets_into_a_log(
        self, front: Proxy, tmp_path: Path, authority: Authority, call: bytes
    ) -> None:
        def visit(one: Proxy) -> None:
            one.send("GET", f"/cds-services?patient={CANARY}")
            one.send("GET", f"/{CANARY}", Referer=f"https://ehr.example.org/{CANARY}", User_Agent=CANARY)
            one.send("GET", f"/metrics?{CANARY}")
            one.post(f"{NEXT_THERAPY}?{CANARY}", call, Authorization=f"Bearer {CANARY}")
            one.post(f"/cds-services/{CANARY}/feedback", b"{}")
            one.post(f"{NEXT_THERAPY}?{CANARY}", b" " * (MOST + 1))

        before = front.lines()
        visit(front)
        assert CANARY not in front.logged(before + VISITS)
        with proxy(tmp_path, authority, free_port()) as without_service:
            visit(without_service)
            told = without_service.logged(VISITS)
        assert '"upstream_status":"502"' in told
        assert CANARY not in told
        assert {"discovery", "call", "feedback", "other"} <= {
            json.loads(line)["address"] for line in (front.folder / "access.log").read_text().splitlines()
        }


class TestBrowsers:
    @pytest.mark.conformance("CORS-1")
    @pytest.mark.parametrize(
        ("path", "method"),
        [("/cds-services", "GET"), (NEXT_THERAPY, "POST"), (f"{NEXT_THERAPY}/feedback", "POST")],
    )
    def test_preflights_of_a_browser_are_answered(self, front: Proxy, path: str, method: str) -> None:
        asked = {
            "Access_Control_Request_Method": method,
            "Access_Control_Request_Headers": "authorization,content-type" if method == "POST" else "authorization",
            "Sec_Fetch_Mode": "cors",
        }
        said = front.send("OPTIONS", path, Origin=ORIGIN, **asked)
        assert said.status == 204
        assert said.all("Access-Control-Allow-Origin") == [ORIGIN]
        assert method in said.all("Access-Control-Allow-Methods")[0]
        assert "authorization" in said.all("Access-Control-Allow-Headers")[0].lower()

    @pytest.mark.conformance("CORS-2")
    def test_a_listed_origin_can_read_what_nginx_refuses(self, front: Proxy) -> None:
        said = front.post(NEXT_THERAPY, b" " * (MOST + 1), Origin=ORIGIN)
        assert (said.status, said.all("Access-Control-Allow-Origin")) == (413, [ORIGIN])

    @pytest.mark.conformance("CORS-2")
    def test_another_origin_cannot(self, front: Proxy) -> None:
        assert front.send("GET", "/metrics", Origin="https://evil.test").all("Access-Control-Allow-Origin") == []


class TestAway:
    def test_a_service_that_cannot_be_reached_is_a_503_with_a_time_to_come_back(
        self, tmp_path: Path, authority: Authority, call: bytes
    ) -> None:
        with proxy(tmp_path, authority, free_port()) as without_service:
            said = without_service.post(NEXT_THERAPY, call, Origin=ORIGIN)
        assert (said.status, outcome_of(said)) == (503, "transient")
        assert said.all("Retry-After") == ["2"]
        assert said.all("Strict-Transport-Security") == ["max-age=31536000"]
        assert said.all("Access-Control-Allow-Origin") == [ORIGIN]
        assert said.all("Cache-Control") == ["no-store"]

    def test_a_refusal_of_the_worker_itself_gets_the_headers_that_it_lacks(
        self, tmp_path: Path, authority: Authority, call: bytes
    ) -> None:
        busy = Answer(
            503, (("Content-Type", "application/json"), ("Retry-After", "4"), ("Cache-Control", "no-store")), b"{}"
        )
        with listening(lambda _: busy) as worker, proxy(tmp_path, authority, worker.port) as before_it:
            said = before_it.post(NEXT_THERAPY, call, Origin=ORIGIN, X_Request_ID="ward-7")
        assert (said.status, said.body) == (503, b"{}")
        assert said.all("Retry-After") == ["4"]
        assert said.all("Cache-Control") == ["no-store"]
        assert said.all("Access-Control-Allow-Origin") == [ORIGIN]
        assert said.all("X-Request-ID") == ["ward-7"]
