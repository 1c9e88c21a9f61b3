"""Write test/golden/sealed: vectors of sealed messages and of the proof of a key, by neither codec.

From the tables of docs/protocol.md with struct, hmac and the one-shot AES-GCM and X25519 of
cryptography: ``make-sealed-golden.py``.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FOLDER = Path(__file__).parents[2] / "golden" / "sealed"
SESSION = bytes(range(0x10, 0x20))
SECRET = bytes(range(0x40, 0x60))


def hkdf(secret, salt, info):
    """RFC 5869 for one block."""
    extracted = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def seal(frames, number, *, epoch=0, connection=3, direction=1, session=SESSION, secret=SECRET):
    chain = hkdf(
        secret, session, b"ruvector bulk chain" + struct.pack("<BI", direction, connection)
    )
    for _ in range(epoch):
        chain = hkdf(chain, b"", b"ruvector bulk next")
    key = hkdf(chain, b"", b"ruvector bulk key")
    envelope = (
        b"RVS1" + struct.pack("<BBHIIQ", 1, direction, 0, connection, epoch, number) + session
    )
    lengths = b"".join(struct.pack("<I", len(frame)) for frame in frames)
    nonce = struct.pack("<IQ", epoch, number)
    sealed = AESGCM(key).encrypt(nonce, b"".join(frames), envelope + lengths)
    pieces, at = [], 0
    for frame in frames:
        pieces.append(sealed[at : at + len(frame)])
        at += len(frame)
    return [envelope + sealed[at:], *pieces]


def hexed(frames):
    return [frame.hex() for frame in frames]


def write(name, **fields):
    text = json.dumps(fields, indent=2)
    (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


KEYS = {"session": SESSION.hex(), "secret": SECRET.hex()}
HELLO = [b"RVB1" + bytes(28), b'{"protocol":1}']
BATCH = [b"RVB1" + bytes(28), b"", bytes(range(256))]


def write_sealed():
    for name, direction in (("sealed-to-daemon", 0), ("sealed-to-client", 1)):
        plain = [HELLO, BATCH, [b"", b"", b""]]
        messages = [
            {"frames": hexed(f), "sealed": hexed(seal(f, i, direction=direction))}
            for i, f in enumerate(plain)
        ]
        write(
            name, **KEYS, connection=3, direction=direction, rekeyMessages=1000, messages=messages
        )
    messages = [
        {
            "frames": hexed(BATCH),
            "sealed": hexed(seal(BATCH, i, epoch=i // 2, connection=2**32 - 1)),
        }
        for i in range(7)
    ]
    write(
        "sealed-rekeyed",
        **KEYS,
        connection=2**32 - 1,
        direction=1,
        rekeyMessages=2,
        messages=messages,
    )


def flip(frames, frame, byte):
    changed = [bytearray(f) for f in frames]
    changed[frame][byte] ^= 1
    return [bytes(f) for f in changed]


def write_refused():
    first, second = seal(HELLO, 0), seal(BATCH, 1)
    moved = [second[0], second[1] + second[3][:1], second[2], second[3][1:]]
    tampered = {
        "body": flip(second, 3, 100),
        "header": flip(second, 1, 0),
        "tag": flip(second, 0, 55),
        "moved-bytes": moved,
        "frame-missing": second[:-1],
        "frame-more": [*second, b""],
        "no-frames": [],
        "short-envelope": [second[0][:55], *second[1:]],
        "magic": flip(second, 0, 0),
        "version": flip(second, 0, 4),
        "reserved": flip(second, 0, 6),
        "epoch-skipped": seal(BATCH, 1, epoch=2),
        "epoch-of-another-key": flip(second, 0, 12),
        "other-secret": seal(BATCH, 1, secret=bytes(32)),
        "plain": BATCH,
    }
    replayed = {
        "twice": first,
        "skipped": seal(BATCH, 2),
        "far": seal(BATCH, 2**53),
        "other-direction": seal(BATCH, 1, direction=0),
        "other-connection": seal(BATCH, 1, connection=4),
        "other-session": seal(BATCH, 1, session=bytes(16)),
    }
    for code, cases in (("ERR_WIRE_TAMPERED", tampered), ("ERR_WIRE_REPLAYED", replayed)):
        for name, frames in cases.items():
            write(
                f"refused-{name}",
                **KEYS,
                connection=3,
                direction=1,
                before=[hexed(first)],
                frames=hexed(frames),
                code=code,
            )


def write_proof():
    client = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    daemon = X25519PrivateKey.from_private_bytes(bytes(range(101, 133)))

    def raw(key):
        return key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    shared = client.exchange(daemon.public_key())
    text = b"ruvector hello 1" + raw(client) + raw(daemon)
    write(
        "proof",
        client={"publicKey": raw(client).hex(), "secretKey": bytes(range(1, 33)).hex()},
        daemon={"publicKey": raw(daemon).hex(), "secretKey": bytes(range(101, 133)).hex()},
        proof=hmac.new(shared, text, hashlib.sha256).hexdigest(),
    )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_sealed()
    write_refused()
    write_proof()
