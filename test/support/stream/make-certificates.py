"""Write certificates for tests into a folder: a CA, one for 127.0.0.1 from it, and bad ones.

``make-certificates.py FOLDER`` writes NAME.pem and NAME.key for each of ca, server, renewed (from the
same CA), expired, early, elsewhere (of another host), foreign (from foreign-ca).
"""

import datetime as dt
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FOLDER = Path(sys.argv[1])
NOW = dt.datetime.now(dt.timezone.utc)
DAY = dt.timedelta(days=1)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(name, issuer=None, address="127.0.0.1", start=NOW - DAY, end=NOW + 30 * DAY):
    key = ec.generate_private_key(ec.SECP256R1())
    by, by_key = (name_of(name), key) if issuer is None else issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(name))
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()),
            critical=False,
        )
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(by_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (FOLDER / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    (FOLDER / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return name_of(name), key


ca = make("ca")
foreign_ca = make("foreign-ca")
make("server", ca)
make("renewed", ca)
make("expired", ca, start=NOW - 10 * DAY, end=NOW - DAY)
make("early", ca, start=NOW + DAY)
make("elsewhere", ca, address="192.0.2.1")
make("foreign", foreign_ca)
