"""Cases OUT-01 to OUT-17: chart text that wants to be markup, links or log lines, and what leaves beside the answer."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt

from tests.attack.attacker import Said
from tests.attack.case_table import field_case
from tests.attack.charts import BORN, MRN, NAME, NOTE, TOKEN, UPCR, Json, found, membranous_by_ratio, resources
from tests.attack.field import FEEDBACK
from tests.attack.raid import Raid, here_and_now, treated, unfetched
from tests.attack.test_attack_feedback import overridden
from tests.ehr import wrong_answers
from tests.ehr.exchange import Request
from tests.ehr.presented import Presented, RawAnswer, send

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# What GitHub's markdown makes a link of by itself.
AUTOLINKED = re.compile(r"(?i)\b(?:https?|ftp|xmpp|mailto):/{0,2}\w|\bwww\.\w|[\w.+-]@\w")
OUR_LINKS = {"doi.org", "cds.test"}
COMMENT = "comment-canary-larkspur"
SECURITY = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


def named(text: str) -> Json:
    """The base call whose drugs, their dosage and whose results carry this text."""
    call = treated()
    for one in resources(call):
        if "medicationCodeableConcept" in one:
            one["medicationCodeableConcept"] |= {"text": text}
            for coding in one["medicationCodeableConcept"].get("coding", ()):
                coding["display"] = text
            one["dosage"] = [{"text": text}]
        elif "code" in one:
            one["code"] = one["code"] | {"text": text}
    return call


def unknown_drug(text: str) -> Json:
    """The base call with its drugs under this name alone: the card has to say which it did not know."""
    call = treated()
    for one in resources(call):
        if "medicationCodeableConcept" in one:
            one["medicationCodeableConcept"] = {"text": text}
    return call


def texts(said: Said) -> list[str]:
    """Everything of an answer that a client may render."""
    cards = said.cards
    labels = [suggestion["label"] for card in cards for suggestion in card.get("suggestions", ())]
    return [*(card["summary"] for card in cards), *(card["detail"] for card in cards), *labels]


def rendered(said: Said) -> str:
    return "\n".join(GFM.render(text) for text in texts(said))


MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "tacrolimus <b>bold</b> & <!-- -->",
    "[click](javascript:alert(1))",
    "![x](https://evil.test/x.png)",
    "`code` **strong** _em_ ~~gone~~ | cell",
    "# heading\n\n- list\n\n<details>",
    "\u202eevil\u202c \u200b\u2066x",
    "&lt;script&gt; &#60;script&#62;",
    "<javascript:alert(1)>",
)


@field_case("OUT-01")
@pytest.mark.parametrize("text", MARKUP, ids=range(len(MARKUP)))
@pytest.mark.parametrize("laid", [named, unknown_drug], ids=["known drug", "unknown drug"])
def test_chart_text_is_no_markup(raid: Raid, text: str, laid: object) -> None:
    said = raid.send(laid(text))  # type: ignore[operator]
    html = rendered(said)
    elements = set(re.findall(r"<(\w+)", html))
    assert elements <= {
        "p",
        "strong",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "ol",
        "li",
        "a",
        "br",
        "hr",
    }
    assert all("<" not in one for one in texts(said))
    assert re.findall(r"[\u202a-\u202e\u2066-\u2069\u200b]", said.text) == []
    assert foreign_links(html) == []


def foreign_links(html: str) -> list[str]:
    """Addresses that a client would follow, and that are none of ours."""
    links = re.findall(r'(?:href|src)="([^"]*)"', html)
    text = unescape(re.sub(r"<a [^>]*>.*?</a>|<[^>]*>", "", html))
    return [link for link in links if urlsplit(link).hostname not in OUR_LINKS] + AUTOLINKED.findall(text)


@field_case("OUT-04")
@pytest.mark.parametrize(
    "text",
    [
        "https://evil.test/?pat=1",
        "www.evil.test",
        "someone@evil.test",
        "<https://evil.test>",
        "evil.test/x",
        "ftp://evil.test",
        "xmpp:a@evil.test",
    ],
)
@pytest.mark.parametrize("laid", [named, unknown_drug], ids=["known drug", "unknown drug"])
def test_an_address_in_the_chart_is_no_link(raid: Raid, text: str, laid: object) -> None:
    assert foreign_links(rendered(raid.send(laid(text)))) == []  # type: ignore[operator]


@field_case("OUT-05")
@pytest.mark.parametrize(
    "text",
    ["tacrolimus " * 40, "👩🏽‍⚕️" * 90, "טקרולימוס " * 30, "é\u0301" * 200, "a" * 60_000],
    ids=["long", "emoji", "right to left", "combined", "endless"],
)
def test_a_summary_is_short_and_whole_whatever_the_name(raid: Raid, text: str) -> None:
    for call in (named(text), unknown_drug(text)):
        for card in raid.send(call).cards:
            assert 0 < len(card["summary"]) < 140
            assert len(card["summary"].encode()) < 280
            assert not re.search(r"\d[.,]$|[\u200d\ufe0f]$|[\ud800-\udfff]", card["summary"])


@field_case("OUT-08")
def test_the_one_page_there_is_runs_nothing_loads_nothing_and_is_framed_by_nobody(raid: Raid) -> None:
    page = send(raid.target.url + "/about", Presented(), method="GET", headers=(("Accept", "text/html"),))
    assert page.status == 200
    assert (page.header("Content-Type") or "").startswith("text/html")
    policy = (page.header("Content-Security-Policy") or "").split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert [rule for rule in policy if "unsafe" in rule or "script-src" in rule or "*" in rule] == []
    assert {name: page.header(name) for name in SECURITY} == SECURITY
    assert re.search(r"<script|\son\w+=|javascript:", page.body.decode(), re.I) is None


@pytest.mark.conformance("FHA-4", "JWT-13", "FB-10")
@field_case("OUT-10")
def test_nothing_about_a_person_leaves_but_in_the_answer_and_the_sealed_store(raid: Raid) -> None:
    """Answered, fetched, refused, mixed up, commented: and then every place is searched."""
    raid.send(treated())
    raid.send(unfetched())
    mixed = treated()
    mixed["prefetch"]["patient"]["id"] = "pat-b"
    raid.send(mixed, 422)
    raid.send(treated() | {"hookInstance": NAME}, 400)
    raid.send(treated() | {"context": {"userId": "Practitioner/1", "patientId": NAME}}, 400)
    raid.send(b'{"hook": "' + NOTE.encode() + b'"', 400)
    failing = unfetched(raid.field.ward())
    raid.field.wards.script.add(wrong_answers.status(500), "/Observation")
    raid.send(failing, 412)
    raid.present(Presented((("Authorization", f"Bearer {TOKEN}"),)), 401)
    raid.send({"feedback": [overridden(comment=f"{COMMENT} {NAME}")]}, path=FEEDBACK)
    canaries = [text.encode() for text in (NAME, MRN, BORN, NOTE, TOKEN, COMMENT)]
    searched = places(raid)
    assert len(searched) > 5
    assert {name: word for name, told in searched.items() for word in canaries if word in told} == {}


def places(raid: Raid) -> dict[str, bytes]:
    """Everything that the service wrote, said to others or keeps open."""
    service = raid.field.service
    told = {str(path): path.read_bytes() for path in service.directory.rglob("*") if path.is_file()}
    told = {name: text for name, text in told.items() if "/hospital/" not in name}
    for path in ("/metrics", "/about", "/health/ready", "/openapi.json"):
        told[path] = send(service.url + path, Presented(), method="GET", headers=()).body
    for request in raid.asked():
        told[f"the address {request.target[:40]}"] = addresses(request)
    for pid in [service.process.pid if service.process else 0, *service.workers()]:
        told[f"the command line of {pid}"] = Path(f"/proc/{pid}/cmdline").read_bytes()
    return told


def addresses(request: Request) -> bytes:
    """What proxies and servers log of a request."""
    return f"{request.target} {request.header('referer')} {request.header('user-agent')}".encode()


@field_case("OUT-10")
def test_metrics_name_no_client_data(raid: Raid) -> None:
    raid.send(treated())
    raid.send(unfetched())
    told = send(raid.target.url + "/metrics", Presented(), method="GET", headers=()).body.decode()
    assert 'nextline_rules_total{rule="MN-07"}' in told
    assert "pat-a" not in told
    assert "ehr.test" not in told


FORGED = '\n{"event":"service_call","level":"info","forged":true}'


@field_case("OUT-13")
@pytest.mark.parametrize(
    "change",
    [
        {"context": {"userId": f"Practitioner/1{FORGED}", "patientId": "pat-a"}},
        {"context": {"userId": "Practitioner/1", "patientId": f"pat-a{FORGED}"}},
        {"hookInstance": f"b29fd0bf-62e9-576f-8547-80bb139f1482{FORGED}"},
        {"hook": f"patient-view{FORGED}"},
    ],
    ids=["userId", "patientId", "hookInstance", "hook"],
)
def test_a_line_break_in_the_call_makes_no_line_of_the_log(raid: Raid, change: Json) -> None:
    raid.send(treated() | change, 400)
    assert "forged" not in raid.target.log_text(0)


@field_case("OUT-13")
@pytest.mark.parametrize(
    "path", ["/cds-services/none%0A%7B%22forged%22:1%7D", "/cds-services/next-therapy%0d%0aforged"]
)
def test_a_line_break_in_the_address_makes_no_line_of_the_log(raid: Raid, path: str) -> None:
    raid.present(Presented(raid.field.token("/cds-services/none")), {401, 404}, path=path)
    assert "forged" not in raid.target.log_text(0)


@field_case("OUT-13")
@pytest.mark.parametrize(
    "name", ["x forged", 'x","forged":"', "x" * 65 + "forged", "forged\u00e9".encode().decode("latin-1")]
)
def test_a_request_id_that_is_no_plain_word_is_not_repeated(raid: Raid, name: str) -> None:
    answer = raid.present(Presented((*raid.field.token(), ("X-Request-ID", name))), 200)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.header("X-Request-ID") or "")
    assert "forged" not in json.dumps(raid.line)


@field_case("OUT-13")
def test_a_plain_request_id_is_in_the_answer_and_in_the_log(raid: Raid) -> None:
    answer = raid.present(Presented((*raid.field.token(), ("X-Request-ID", "call-7_b"))), 200)
    assert answer.header("X-Request-ID") == raid.line["request_id"] == "call-7_b"


@field_case("OUT-15")
@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", (), 404),
        ("GET", "/admin/<script>", (), 404),
        ("GET", "/cds-services/next-therapy", (), 405),
        ("DELETE", "/cds-services", (), 405),
        ("POST", "/cds-services/none", (), 404),
        ("POST", "/cds-services/next-therapy", (("Content-Type", "text/html"),), 415),
        ("POST", "/cds-services/next-therapy", (("X-Forwarded-Host", "evil.test"),), 421),
    ],
)
def test_every_refusal_is_json_and_names_no_software(
    raid: Raid, method: str, path: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    token = raid.field.token(path) if path.startswith("/cds-services") else ()
    given = (("Content-Type", "application/json"),) if not any(key == "Content-Type" for key, _ in headers) else ()
    answer = send(raid.target.url + path, Presented(token), b"{}", method=method, headers=(*given, *headers))
    assert answer.status == status
    assert_is_plain_refusal(answer)


def assert_is_plain_refusal(answer: RawAnswer) -> None:
    assert answer.header("Content-Type") == "application/json"
    assert json.loads(answer.body)["resourceType"] == "OperationOutcome"
    told = answer.body.decode() + str(answer.headers)
    assert (
        re.search(r"gunicorn|werkzeug|flask|python|traceback|<|\d+\.\d+\.\d+", told.replace("127.0.0.1", ""), re.I)
        is None
    )


@field_case("OUT-15")
def test_an_address_below_the_services_with_a_token_of_another_is_the_same_401(raid: Raid) -> None:
    raid.present(Presented(raid.field.token("/cds-services/none")), 401)


@field_case("OUT-16")
@pytest.mark.parametrize(
    "header",
    [
        ("Accept", "text/html"),
        ("Accept", "application/xml;q=1, */*;q=0"),
        ("Accept-Encoding", "br, zstd"),
        ("If-None-Match", "*"),
        ("If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"),
        ("Range", "bytes=0-9"),
    ],
    ids=str,
)
def test_the_answer_is_whole_json_and_not_to_be_kept(raid: Raid, header: tuple[str, str]) -> None:
    answer = raid.present(Presented((*raid.field.token(), header)), 200)
    assert raid.is_golden(answer)
    assert {name: answer.header(name) for name in SECURITY} == SECURITY
    assert "default-src 'none'" in (answer.header("Content-Security-Policy") or "")
    assert answer.header("ETag") is None


@field_case("OUT-17")
@pytest.mark.parametrize(
    "headers",
    [
        (("X-Forwarded-Host", "evil.test"),),
        (("Forwarded", "host=evil.test"),),
        (("X-Forwarded-Proto", "http"), ("X-Forwarded-Prefix", "/evil")),
        (("X-Forwarded-Server", "evil.test"), ("X-Original-URL", "/evil")),
    ],
    ids=str,
)
def test_no_header_reaches_a_link(raid: Raid, headers: tuple[tuple[str, str], ...]) -> None:
    answer = raid.present(Presented((*raid.field.token(), *headers)), {200, 421})
    if answer.status == 200:
        assert_links_are_ours(json.loads(answer.body)["cards"])


@field_case("OUT-17")
def test_no_address_of_the_chart_reaches_a_link_and_no_id_is_in_one(raid: Raid) -> None:
    call = here_and_now(membranous_by_ratio())
    for one in found(call, UPCR):
        one["meta"] = {"source": "https://evil.test/lab"}
    for one in resources(call):
        one["text"] = {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">https://evil.test</div>',
        }
    assert_links_are_ours(raid.send(call).cards)


def assert_links_are_ours(cards: list[Json]) -> None:
    sources = [card["source"][name] for card in cards for name in ("url", "icon") if name in card["source"]]
    links = [*sources, *(link["url"] for card in cards for link in card.get("links", ()))]
    assert links
    assert {urlsplit(link).hostname for link in links} <= OUR_LINKS
    assert all(link.startswith("https://") for link in links)
    assert all(word not in link for link in links for word in ("pat-a", "prac-1", "evil"))
    assert "appContext" not in json.dumps(cards)
