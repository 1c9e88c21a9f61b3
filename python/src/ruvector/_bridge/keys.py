"""Keys of a client on another host: its file, and the proof of the key in HELLO.

docs/protocol.md, "Between hosts". ``src/keys`` writes the files; test/golden/sealed holds both
sides to one proof.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._exceptions import KeysError
from .home import resolve_home

__all__ = ["ClientKey", "SealKeys", "build_proof", "read_client_key"]

_CONTEXT = b"ruvector hello 1"
_KEY = re.compile(r"[0-9a-f]{64}\Z")
_GROUP_AND_OTHERS = 0o077


@dataclass(frozen=True)
class ClientKey:
    """A key pair of Curve25519, and the daemon that its owner trusts."""

    public: bytes
    secret: bytes = field(repr=False)
    daemon: bytes


@dataclass(frozen=True)
class SealKeys:
    """What the keys of one connection for bulk are made of."""

    session: bytes
    secret: bytes = field(repr=False)
    connection: int


def read_client_key(key: str | os.PathLike[str]) -> ClientKey:
    """Read the file that ``ruvector-memopt keys make`` wrote.

    Parameters
    ----------
    key : path or str
        The file; a name without a folder and a suffix is that of a key in the home.

    Raises
    ------
    KeysError
        There is no such file, other users may read it, or it holds no key of a client.

    """
    path = Path(key)
    if isinstance(key, str) and path.name == key and path.suffix != ".key":
        path = resolve_home() / "keys" / f"{key}.key"
    try:
        mode = path.stat().st_mode
        fields = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _unusable(path, error.strerror or str(error), _MAKE) from error
    except ValueError as error:
        raise _unusable(path, "it is not JSON", _MAKE) from error
    if os.name == "posix" and mode & _GROUP_AND_OTHERS:
        raise _unusable(
            path,
            "other users may read it",
            f'chmod 600 "{path}", and make another if they may have',
        )
    return ClientKey(*(_read_key(path, fields, name) for name in _FIELDS))


_FIELDS = ("publicKey", "secretKey", "daemonKey")
_MAKE = "make one with `ruvector-memopt keys make NAME --daemon KEY`"


def _read_key(path: Path, fields: Any, name: str) -> bytes:  # noqa: ANN401  any JSON value
    text = fields.get(name) if isinstance(fields, Mapping) else None
    if not isinstance(text, str) or not _KEY.match(text):
        raise _unusable(path, f"it has no {name}", _MAKE)
    return bytes.fromhex(text)


def build_proof(key: ClientKey) -> str:
    """Compute what only this client and its daemon can: HMAC-SHA-256 under their X25519 secret."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    own = X25519PrivateKey.from_private_bytes(key.secret)
    shared = own.exchange(X25519PublicKey.from_public_bytes(key.daemon))
    return hmac.new(shared, _CONTEXT + key.public + key.daemon, hashlib.sha256).hexdigest()


def _unusable(path: Path, state: str, next_step: str) -> KeysError:
    return KeysError(f'Cannot use key file "{path}": {state}; {next_step}', code="ERR_KEYS_FILE")
