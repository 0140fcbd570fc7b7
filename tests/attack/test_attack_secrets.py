"""Cases ENV-14 and ENV-16: where a secret may lie, and what happens when one is put into the sources."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from tests.attack.case_table import field_case
from tests.attack.field import AUDIENCE
from tests.attack.raid import Raid, treated, unfetched
from tests.ehr.presented import bearer
from tests.test_secrets import secrets_of

FORMS = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)


@field_case("ENV-14")
def test_no_process_of_the_service_holds_a_secret_in_its_environment_or_command(raid: Raid) -> None:
    shown = bearer(raid.field.client.token(AUDIENCE))
    raid.present(shown, 200)
    raid.send(unfetched())
    service = raid.field.service
    key = Path(service.settings["CDS_STORE_KEY_FILE"]).read_text().strip()
    (token,) = (value.removeprefix("Bearer ") for _, value in shown.headers)
    pids = [raid.target.server.process.pid, *service.workers()]
    assert len(pids) == 3
    told = b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for pid in pids for name in ("environ", "cmdline"))
    assert service.settings["CDS_STORE_KEY_FILE"].encode() in told
    assert [secret for secret in (key, token) if secret.encode() in told] == []


@field_case("ENV-14")
def test_the_service_writes_nothing_into_its_own_sources(raid: Raid) -> None:
    import cds_service

    sources = Path(cds_service.__file__).parent
    before = {path: path.stat().st_mtime_ns for path in sources.rglob("*") if path.suffix != ".pyc" and path.is_file()}
    raid.send(treated())
    raid.send(unfetched())
    opened = [link for pid in raid.field.service.workers() for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert [str(link) for link in opened if is_written(link, sources)] == []
    assert {path: path.stat().st_mtime_ns for path in before} == before


def is_written(descriptor: Path, below: Path) -> bool:
    """Is it a file below a folder, opened for writing?"""
    try:
        is_below = descriptor.readlink().is_relative_to(below)
        flags = (descriptor.parents[1] / "fdinfo" / descriptor.name).read_text().split("flags:")[1].split()[0]
    except FileNotFoundError:
        return False  # closed in the meantime
    return is_below and int(flags, 8) & 3 != 0


def pem(key: PrivateKeyTypes, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@field_case("ENV-16")
@pytest.mark.parametrize("form", FORMS, ids=["PKCS 8", "OpenSSL"])
@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_a_private_key_in_the_sources_is_found(raid: Raid, kind: str, form: PrivateFormat) -> None:
    assert raid.target.alive
    key = ec.generate_private_key(ec.SECP384R1()) if kind == "EC" else rsa.generate_private_key(65537, 2048)
    assert secrets_of(f"# notes\n{pem(key, form)}") == ["a private key"]


@field_case("ENV-16")
def test_a_key_set_a_token_or_the_key_of_the_store_in_the_sources_is_found(raid: Raid) -> None:
    private = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()))
    token = raid.field.client.token(AUDIENCE)
    store = Path(raid.field.service.settings["CDS_STORE_KEY_FILE"]).read_text()
    cloud = "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    assert secrets_of(json.dumps({"keys": [json.loads(private)]})) == ["a private JWK"]
    assert secrets_of(f'TOKEN = "{token}"') == ["a signed token"]
    assert secrets_of(f"[seal]\n{store}") == ["a key that seals the store"]
    assert secrets_of(f"aws_access_key_id = {cloud}") == ["a key of AWS"]
