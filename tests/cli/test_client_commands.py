"""clients add, list and test: what gets into the file, what does not, and what a test of a client finds."""

from __future__ import annotations

import json
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cds_service.trust.issuers import load
from tests.cli.in_process import Done, run
from tests.ehr.exchange import Answer, Request, fhir_answer
from tests.ehr.jwks_server import jwks_server
from tests.ehr.listener import listening
from tests.ehr.signing_keys import signing_key

ISSUER, JKU = "https://ehr.example.org", "https://ehr.example.org/jwks.json"


def clients(file: Path, *words: str, **settings: str) -> Done:
    return run("clients", *words, CDS_CLIENTS_FILE=str(file), **settings)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clients.toml"


class TestAdd:
    def test_the_first_client_makes_the_file_and_the_second_joins_it(self, file: Path) -> None:
        assert clients(file, "add", "--issuer", ISSUER, "--jku", JKU).status == 0
        file.write_text("# kept by hand\n" + file.read_text() + "# the end\n")
        file.chmod(0o640)
        more = ("--name", "Bär & Söhne", "--tenant", "a", "--tenant", "b", "--mode", "shadow", "--site", "example")
        servers = ("--fhir-server", "https://fhir.example.org/r4", "--audience", "https://cds.example.org/old")
        done = clients(file, "add", "--issuer", "https://b.example.org", "--jku", JKU, *more, *servers)
        assert (done.status, done.err) == (0, "")
        issuers = load(file)
        assert list(issuers) == [ISSUER, "https://b.example.org"]
        second = issuers["https://b.example.org"]
        assert (second.name, second.tenants, second.mode, second.site) == (
            "Bär & Söhne",
            ("a", "b"),
            "shadow",
            "example",
        )
        assert second.fhir_servers == ("https://fhir.example.org/r4",)
        assert second.audiences == ("https://cds.example.org/old",)
        written = file.read_text(encoding="utf-8")
        assert written.startswith("# kept by hand\n")
        assert "# the end\n" in written
        assert file.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in file.parent.iterdir()] == ["clients.toml"]

    def test_keys_may_be_a_file(self, file: Path, tmp_path: Path) -> None:
        keys = tmp_path / "ehr.jwks.json"
        keys.write_text(json.dumps({"keys": [signing_key("ehr-1").public_jwk()]}))
        assert clients(file, "add", "--issuer", ISSUER, "--keys", str(keys)).status == 0
        assert load(file)[ISSUER].key_set == json.loads(keys.read_text())

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "either jku"),
            (("--jku", "http://ehr.example.org/jwks.json"), "jku: not https"),
            (("--jku", "https://user:geheim@ehr.example.org/jwks"), "jku: a user"),
            (("--jku", JKU, "--fhir-server", "https://0x7f.1/fhir"), "fhir_servers: not a host name"),
            (("--jku", JKU, "--fhir-server", "https://fhir.example.org/r4?x=1"), "fhir_servers: a query"),
            (("--jku", JKU, "--algorithm", "HS256"), "HS256 cannot be used"),
            (("--jku", JKU, "--algorithm", "none"), "none cannot be used"),
            (("--jku", JKU, "--site", "nowhere"), "nowhere"),
        ],
    )
    def test_what_would_keep_the_service_from_starting_is_not_written(
        self, file: Path, words: tuple[str, ...], said: str
    ) -> None:
        file.write_text("# as it was\n")
        done = clients(file, "add", "--issuer", ISSUER, *words)
        assert (done.status, file.read_text()) == (4, "# as it was\n")
        assert said in done.err
        assert "geheim" not in done.err
        assert done.err.startswith("cds-service: ")
        assert [path.name for path in file.parent.iterdir()] == ["clients.toml"]

    def test_the_faults_name_the_file_and_not_the_trial(self, file: Path) -> None:
        done = clients(file, "add", "--issuer", "no-uri", "--jku", JKU)
        assert done.err == "cds-service: clients.toml: client 1: issuer must be a URI, as the iss of its tokens is\n"

    def test_an_issuer_is_not_added_twice(self, file: Path) -> None:
        clients(file, "add", "--issuer", ISSUER, "--jku", JKU)
        before = file.read_bytes()
        done = clients(file, "add", "--issuer", ISSUER, "--jku", "https://other.example.org/jwks")
        assert (done.status, file.read_bytes()) == (4, before)
        assert "is there already" in done.err

    def test_a_file_that_is_wrong_already_is_left_alone(self, file: Path) -> None:
        file.write_text("[[client]]\nissuer = 7\n")
        done = clients(file, "add", "--issuer", ISSUER, "--jku", JKU)
        assert (done.status, file.read_text()) == (4, "[[client]]\nissuer = 7\n")

    @pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "tab\tand\nline", "ü😀", "'''", "]] # x"])
    def test_any_name_survives(self, file: Path, name: str) -> None:
        assert clients(file, "add", "--issuer", ISSUER, "--jku", JKU, "--name", name).status == 0
        assert tomllib.loads(file.read_text(encoding="utf-8"))["client"][0]["name"] == name

    def test_without_a_file_it_says_which_setting(self) -> None:
        done = run("clients", "add", "--issuer", ISSUER, "--jku", JKU)
        assert (done.status, done.err) == (
            4,
            "cds-service: CDS_CLIENTS_FILE: is not set; name a file with --file\n",
        )

    def test_two_at_the_same_time_are_both_in_it(self, file: Path) -> None:
        from cds_service.trust.registration import register

        entries = [{"issuer": f"https://ehr-{number}.example.org", "jku": JKU} for number in range(12)]
        threads = [threading.Thread(target=register, args=(file, one), kwargs={"local_http": False}) for one in entries]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(load(file)) == sorted(entry["issuer"] for entry in entries)


class TestList:
    def test_it_tells_what_each_may_do(self, file: Path) -> None:
        clients(
            file,
            "add",
            "--issuer",
            ISSUER,
            "--jku",
            JKU,
            "--mode",
            "shadow",
            "--fhir-server",
            "https://f.example.org/r4",
        )
        shown = clients(file, "list", "--plain").out
        for said in (ISSUER, "shadow mode", JKU, "https://f.example.org/r4", "ES384, RS384"):
            assert said in shown
        (told,) = json.loads(clients(file, "list", "--json").out)
        assert (told["mode"], told["fhirServers"]) == ("shadow", ["https://f.example.org/r4"])

    def test_none_is_said(self, file: Path) -> None:
        file.write_text("")
        assert "No client is registered" in clients(file, "list").out


def fhir(request: Request) -> Answer:
    """A FHIR server as far as anybody asks it here."""
    answers: dict[str, Any] = {
        "/r4/metadata": fhir_answer({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}),
        "/closed/metadata": fhir_answer({"resourceType": "OperationOutcome"}, status=401),
        "/login/metadata": Answer(200, (("Content-Type", "text/html"),), b"<html>log in</html>"),
        "/other/metadata": fhir_answer({"resourceType": "Patient", "id": "x"}),
    }
    return answers.get(request.path, fhir_answer({"resourceType": "OperationOutcome"}, status=404))


class TestTest:
    def registered(self, file: Path, jku: str, *servers: str) -> Done:
        given = [word for server in servers for word in ("--fhir-server", server)]
        assert clients(file, "add", "--issuer", ISSUER, "--jku", jku, *given).status == 0
        return clients(file, "test", ISSUER, "--json")

    def test_a_client_that_can_be_served(self, file: Path) -> None:
        with jwks_server(signing_key("ehr-1").public_jwk()) as keys, listening(fhir) as server:
            done = self.registered(file, keys.url(), f"{server.url}/r4", f"{server.url}/closed")
            told = json.loads(done.out)
            shown = clients(file, "test", ISSUER, "--plain")
        assert (done.status, told["ok"]) == (0, True)
        assert [one["said"] for one in told["servers"]] == ["FHIR 4.0.1", "answers, and asks for a token"]
        assert "ehr-1: verifies ES384" in shown.out
        assert "This client can be served." in shown.out

    def test_every_key_that_cannot_be_used_says_why(self, file: Path) -> None:
        good = signing_key("good")
        odd = {
            "for-encryption": good.public_jwk(kid="for-encryption", use="enc"),
            "not-listed": signing_key("not-listed", "ES256").public_jwk(),
            "short": signing_key("short", "RS384", 1024).public_jwk(),
            "broken": good.public_jwk(kid="broken", x="!!"),
            "secret": {"kty": "oct", "kid": "secret", "k": "AAAA"},
            "(none)": good.public_jwk(kid=None),
        }
        twice = [good.public_jwk(kid="twice"), signing_key("other").public_jwk(kid="twice")]
        with jwks_server(good.public_jwk(), *odd.values(), *twice) as keys:
            done = self.registered(file, keys.url())
        found = {key["key_id"]: key["reason"] for key in json.loads(done.out)["keys"]["keys"]}
        assert done.status == 0
        assert found == {
            "good": "",
            "for-encryption": "is not for signatures",
            "not-listed": "is not for ES384",
            "short": "is an RSA key of fewer than 2048 bits",
            "broken": "cannot be read",
            "secret": "is of another kind than ES384 needs",
            "(none)": "has no kid",
            "twice": "shares its kid with another key",
        }

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/login", "metadata is not JSON"),
            ("/other", "no CapabilityStatement"),
            ("/nothing", "metadata not fetched: status 404"),
        ],
    )
    def test_a_server_that_cannot_be_called_ends_with_1(self, file: Path, path: str, said: str) -> None:
        with jwks_server(signing_key("ehr-1").public_jwk()) as keys, listening(fhir) as server:
            done = self.registered(file, keys.url(), f"{server.url}{path}")
        assert done.status == 1
        assert said in json.loads(done.out)["servers"][0]["said"]

    def test_keys_that_cannot_be_fetched_end_with_1(self, file: Path) -> None:
        with jwks_server(signing_key("ehr-1").public_jwk()) as keys:
            address = keys.url()
        done = self.registered(file, address)
        assert done.status == 1
        assert "not fetched: unreachable" in json.loads(done.out)["keys"]["fault"]

    def test_a_set_without_a_usable_key_ends_with_1(self, file: Path) -> None:
        with jwks_server({"kty": "oct", "kid": "secret", "k": "AAAA"}) as keys:
            assert self.registered(file, keys.url()).status == 1
            keys.publish()
            assert "no key in it" in clients(file, "test", ISSUER).out

    def test_an_unknown_issuer_is_told_who_is_there(self, file: Path) -> None:
        clients(file, "add", "--issuer", ISSUER, "--jku", JKU)
        done = clients(file, "test", "https://nobody.example.org")
        assert done.status == 1
        assert f"no client with this issuer; there are: {ISSUER}" in done.err
