"""No secret lies in the sources (case ENV-16): what looks like one in a tracked file fails here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 2 * 1024 * 1024
LOOKS_LIKE = {
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}",
    "a private JWK": r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"',
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "a password in an address": r"\b(?:postgresql|mysql|https?)(?:\+\w+)?://[\w.-]+:(?!\*\*\*)[^@/\s\"'{}<$]{8,}@[\w.-]+",
    "a key that seals the store": r"(?m)^[A-Za-z0-9+/]{43}=$",
}
# In a manifest: members of a Secret, and variables that hold a secret themselves and not the name of its file.
_MEMBER = re.compile(r"\.secret\.(?:data|stringData)\.")
_VARIABLE = re.compile(r"(?i:password|passwd|_token|api_?key|private_?key)$")
INVENTED = ("example", "secret", "password", "canary", "@127.0.0.1")


def secrets_of(text: str) -> list[str]:
    """What looks like a secret, by kind. A password that says itself that it is invented is none."""
    found = ((kind, match.group()) for kind, pattern in LOOKS_LIKE.items() for match in re.finditer(pattern, text))
    return [kind for kind, told in found if not any(word in told.lower() for word in INVENTED)]


def secrets_of_manifest(text: str) -> list[str]:
    """Values of a Secret, of a variable or of an argument that look as if somebody had filled them in."""
    found = []
    for document in yaml.safe_load_all(text):
        for name, value in _leaves(document):
            filled_in = isinstance(value, str) and value and "<" not in value and "${" not in value
            if filled_in and (_MEMBER.search(name) or _VARIABLE.search(name)):
                found.append(name)
    return found


def _leaves(node: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every value with the names above it, of Secrets with their kind."""
    if isinstance(node, dict):
        inside = "Secret" if node.get("kind") == "Secret" else name
        for key, value in node.items():
            secret = key in ("data", "stringData") and inside == "Secret"
            yield from _leaves(value, f"{inside}.secret.{key}" if secret else f"{inside}.{key}")
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, name)
    else:
        yield name, node


def tracked() -> Iterator[Path]:
    """Every file of the checkout that git knows or would add; all files where there is no git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    told = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    names = told.stdout.split("\0") if told.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    yield from (path for path in found if path.is_file() and path.stat().st_size < LARGEST)


def test_no_tracked_file_holds_a_secret() -> None:
    told = {path: secrets_of(path.read_text(encoding="utf-8", errors="replace")) for path in tracked()}
    assert len(told) > 100
    assert {str(path.relative_to(ROOT)): kinds for path, kinds in told.items() if kinds} == {}


def test_no_manifest_holds_a_secret() -> None:
    manifests = sorted((ROOT / "deploy").rglob("*.yaml"))
    assert len(manifests) > 5
    assert {path.name: found for path in manifests if (found := secrets_of_manifest(path.read_text()))} == {}


def test_the_folders_of_real_secrets_are_ignored_by_git() -> None:
    ignored = (ROOT / "deploy" / ".gitignore").read_text(encoding="utf-8").split()
    assert {"secrets/", "tls/"} <= set(ignored)
    assert not [path for path in tracked() if {"secrets", "tls"} & set(path.relative_to(ROOT).parts[:-1])]


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        ("kind: Secret\ndata: {store.keys: aHVudGVyMg==}", [".secret.data.store.keys"]),
        ("kind: Secret\nstringData: {database-url: hunter2}", [".secret.stringData.database-url"]),
        ("services: {db: {environment: {POSTGRES_PASSWORD: hunter2}}}", [".services.db.environment.POSTGRES_PASSWORD"]),
        ("kind: Secret\nstringData: {store.keys: <32 random bytes>}", []),
        ("services: {db: {environment: {POSTGRES_PASSWORD_FILE: /run/secrets/x}}}", []),
        ("kind: ConfigMap\ndata: {CDS_MODE: production}", []),
    ],
)
def test_a_secret_in_a_manifest_is_found(manifest: str, found: list[str]) -> None:
    assert [name.removeprefix("Secret") for name in secrets_of_manifest(manifest)] == found


# Put together here, so that this file itself holds none.
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("a key of AWS", "AKIA" + "IOSFODNN7ABCDEFG"),
        ("a private key", "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1"),
        ("a private key", "-----BEGIN " + "PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG"),
        ("a private JWK", '{"kty":"EC","' + 'd": "' + "Qw3r" * 12 + '"}'),
        ("a signed token", ".".join(("eyJ" + "hbGciOiJFUzM4NCJ9", "eyJ" + "pc3MiOiJodHRwczovLyJ9", "c2ln" * 8))),
        ("a token of GitHub", "ghp" + "_" + "a1B2" * 9),
        ("a password in an address", "postgresql+psycopg://cds:" + "hunter2hunter2@db/cds"),
        ("a key that seals the store", "q83v" * 10 + "EjQ="),
    ],
)
def test_a_secret_of_each_kind_is_found(kind: str, text: str) -> None:
    assert secrets_of(f"line\n{text}\n") == [kind]


@pytest.mark.parametrize("text", ["postgresql://cds:***@db/cds", "https://user@host/path", "eyJ.eyJ.x", "AKIA"])
def test_what_is_no_secret_is_let_be(text: str) -> None:
    assert secrets_of(text) == []
