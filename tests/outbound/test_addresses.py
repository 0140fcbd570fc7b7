"""Which addresses may be called: taken apart, compared as parts, and judged again once they are resolved."""

from __future__ import annotations

import pytest

from cds_service.outbound.address import AddressRefused, Base, allowed, base, parse, reach_of

EHR = Base("https", "ehr.test", 443, "/fhir")


@pytest.mark.parametrize(
    "text",
    [
        "https://ehr.test/fhir",
        "https://ehr.test/fhir/",
        "https://ehr.test:443/fhir",
        "HTTPS://EHR.Test/fhir",
    ],
)
def test_spellings_of_one_address_are_one_address(text: str) -> None:
    assert base(text) == EHR
    assert base(text).url == "https://ehr.test/fhir"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://ehr.test", "https://ehr.test"),
        ("https://ehr.test:8443/a/b/", "https://ehr.test:8443/a/b"),
        ("https://[2001:DB8::1]/fhir", "https://[2001:db8::1]/fhir"),
        ("https://192.0.2.7/fhir", "https://192.0.2.7/fhir"),
        ("https://ehr-1.a.b-c.test/fhir_r4/R4;v=1/~x", "https://ehr-1.a.b-c.test/fhir_r4/R4;v=1/~x"),
        ("https://face.test/", "https://face.test"),
        ("https://xn--bcher-kva.test/", "https://xn--bcher-kva.test"),
    ],
)
def test_what_is_called_is_put_together_from_the_parts(text: str, url: str) -> None:
    assert base(text).url == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither https nor http"),
        ("ehr.test/fhir", "neither https nor http"),
        ("ftp://ehr.test/fhir", "neither https nor http"),
        ("http://ehr.test/fhir", "not https"),
        ("http://127.0.0.1/fhir", "not https"),
        ("https://user@ehr.test/fhir", "user or a fragment"),
        ("https://user:pw@ehr.test/fhir", "user or a fragment"),
        ("https://@ehr.test/fhir", "user or a fragment"),
        ("https://ehr.test/fhir#", "user or a fragment"),
        ("https://ehr.test/fhir#x", "user or a fragment"),
        ("https://evil.test\\@ehr.test/fhir", "not a plain URL"),
        ("https://ehr.test/fhir path", "not a plain URL"),
        ("https://ehr.test/fhir\n", "not a plain URL"),
        ("https://ehr.tést/fhir", "not a plain URL"),
        ("https://ehr.test/" + "x" * 3000, "not a plain URL"),
        ("https://ehr.test:0/fhir", "not a port"),
        ("https://ehr.test:/fhir", "not a port"),
        ("https://ehr.test:99999/fhir", "not a URL"),
        ("https://[::1/fhir", "not a URL"),
        ("https:///fhir", "not a host name"),
        ("https://2130706433/", "not a host name"),
        ("https://0x7f000001/", "not a host name"),
        ("https://0x7f.1/", "not a host name"),
        ("https://127.1/", "not a host name"),
        ("https://0177.0.0.1/", "not a host name"),
        ("https://ehr_test/", "not a host name"),
        ("https://-ehr.test/", "not a host name"),
        ("https://ehr.test./", "not a host name"),
        ("https://ehr..test/", "not a host name"),
        ("https://" + "a." * 130 + "test/", "not a host name"),
        ("https://ehr.test/fhir/../x", "unusual path"),
        ("https://ehr.test/./fhir", "unusual path"),
        ("https://ehr.test//fhir", "unusual path"),
        ("https://ehr.test/%66hir", "unusual path"),
        ("https://ehr.test/fhir?x=", "a query"),
        ("https://ehr.test/fhir?", "a query"),
    ],
)
def test_what_is_not_plain_is_refused_with_a_reason_and_without_the_address(text: str, reason: str) -> None:
    with pytest.raises(AddressRefused, match=reason) as refused:
        base(text)
    assert "ehr.test" not in str(refused.value)


@pytest.mark.parametrize("text", ["http://127.0.0.1:8080/fhir", "http://localhost/fhir", "http://[::1]:80/fhir"])
def test_plain_http_is_for_this_machine_in_development(text: str) -> None:
    assert base(text, local_http=True).scheme == "http"
    with pytest.raises(AddressRefused):
        base(text)
    with pytest.raises(AddressRefused):
        base("http://ehr.test/fhir", local_http=True)


def test_the_query_of_a_link_is_kept_apart() -> None:
    assert parse("https://ehr.test/fhir/Observation?page=2&x=%7C") == (
        Base("https", "ehr.test", 443, "/fhir/Observation"),
        "page=2&x=%7C",
    )


@pytest.mark.parametrize(
    ("other", "inside"),
    [
        ("https://ehr.test/fhir", True),
        ("https://ehr.test/fhir/Observation", True),
        ("https://ehr.test/fhirs", False),
        ("https://ehr.test/", False),
        ("https://ehr.test:8443/fhir/Observation", False),
        ("https://ehr.test.evil.test/fhir/Observation", False),
    ],
)
def test_a_page_lies_below_its_base(other: str, inside: bool) -> None:
    assert EHR.holds(parse(other)[0]) is inside


@pytest.mark.parametrize(
    ("wanted", "is_listed"),
    [("https://ehr.test/fhir", True), ("https://ehr.test/fhir/r4", False), ("https://far.test/fhir", False)],
)
def test_a_server_is_on_the_list_as_a_whole(wanted: str, is_listed: bool) -> None:
    assert allowed(base(wanted), [EHR, base("https://other.test")]) is is_listed


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("10.0.0.7", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("203.0.113.5", "private"),
        ("127.0.0.1", "loopback"),
        ("127.8.9.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("169.254.169.254", "never"),
        ("::ffff:169.254.169.254", "never"),
        ("fe80::1%eth0", "never"),
        ("0.0.0.0", "never"),
        ("::", "never"),
        ("224.0.0.1", "never"),
        ("ff02::1", "never"),
        ("240.0.0.1", "never"),
        ("255.255.255.255", "never"),
        ("2002:7f00:1::", "never"),
        ("64:ff9b::7f00:1", "never"),
        ("2001::1", "never"),
        ("no address", "never"),
    ],
)
def test_how_far_away_an_address_is(address: str, reach: str) -> None:
    assert reach_of(address) == reach
