"""Certificates of a SuperLink and keys of hosts, in the forms that Flower takes.

An authority and a server certificate in PEM, P-384 keys of hosts in PEM and OpenSSH form; private
ones are written with mode 0600. The package ``cryptography`` comes with Flower.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["names_of_certificate", "write_certificates", "write_host_key"]

_DAYS = 365


def write_certificates(folder: Path, names: Sequence[str]) -> None:
    """Write ``ca.pem``, ``server.pem`` and ``server.key`` for a server of these names.

    The key of the authority is not kept: a new server gets a new authority.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    authority, own = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))
    usage = dict.fromkeys(_USAGES, False)

    def build(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("ruvector federation"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=_DAYS))
        )

    ca = (
        build("ruvector federation", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(**{**usage, "key_cert_sign": True, "crl_sign": True}), critical=True
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False
        )
        .sign(authority, hashes.SHA384())
    )
    server = (
        build(names[0], own)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(each) for each in names]), critical=False
        )
        .add_extension(
            x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .sign(authority, hashes.SHA384())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    _write_private(folder / "server.key", own)


def names_of_certificate(path: Path) -> list[str]:
    """Names and addresses that a certificate is for."""
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in names]


def write_host_key(path: Path) -> Path:
    """Write a private key of a host, and its public one beside it; returns the path of the latter.

    A key that is there stays.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    public = path.with_name(f"{path.name}.pub")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP384R1())
        openssh = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        public.write_bytes(key.public_key().public_bytes(*openssh))
        _write_private(path, key)
    return public


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _alternative(name: str) -> Any:  # noqa: ANN401  a name of a certificate
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_private(path: Path, key: object) -> None:
    from cryptography.hazmat.primitives import serialization

    # OpenSSH is what Flower's documentation makes with ssh-keygen; the server wants PEM.
    is_server = path.suffix == ".key" and path.stem == "server"
    form = serialization.PrivateFormat.PKCS8 if is_server else serialization.PrivateFormat.OpenSSH
    content = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    )
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
