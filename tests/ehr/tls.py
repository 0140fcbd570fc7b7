"""A throw-away certificate authority and the certificates of test servers: good ones and each kind of bad one."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Fault = Literal["none", "self-signed", "other-authority", "wrong-name", "expired", "not-yet-valid"]
BAD: tuple[Fault, ...] = ("self-signed", "other-authority", "wrong-name", "expired", "not-yet-valid")
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority. `bundle` is the PEM file a client must trust to accept its good certificates."""

    directory: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def bundle(self) -> Path:
        return self.directory / "authority.pem"

    def context(self, *names: str, fault: Fault = "none") -> ssl.SSLContext:
        """A server's TLS context for these host names or addresses. Make one for each server: they are not shared."""
        pem = self.pem(names, fault)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(pem)
        return context

    def pem(self, names: Sequence[str], fault: Fault = "none") -> Path:
        """A file with a server's certificate and key; made once."""
        file = self.directory / f"{fault}-{'-'.join(names).replace(':', '_')}.pem"
        if not file.exists():
            file.write_bytes(self._issued(("other.test",) if fault == "wrong-name" else tuple(names), fault))
        return file

    def _issued(self, names: tuple[str, ...], fault: Fault) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(names[0])
        issuer, signer = self.certificate.subject, self.key
        if fault == "self-signed":
            issuer, signer = subject, key
        elif fault == "other-authority":
            signer = ec.generate_private_key(ec.SECP256R1())  # signs under the same name
        certificate = (
            _builder(subject, issuer, key, _from(fault), _until(fault))
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(signer, hashes.SHA256())
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(directory: Path) -> Authority:
    """An authority whose files lie in this directory; its key is never written."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Throw-away test authority")
    certificate = (
        _builder(name, name, key, _from("none"), _until("none"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage_of_authority(), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority = Authority(directory, certificate, key)
    authority.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return authority


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: datetime.datetime,
    ends: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _from(fault: Fault) -> datetime.datetime:
    now = datetime.datetime.now(datetime.UTC)
    return now + _DAY if fault == "not-yet-valid" else now - 10 * _DAY


def _until(fault: Fault) -> datetime.datetime:
    now = datetime.datetime.now(datetime.UTC)
    return now - _DAY if fault == "expired" else now + 30 * _DAY


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage_of_authority() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
