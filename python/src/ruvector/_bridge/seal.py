"""Sealed messages: the frames of one message under AES-256-GCM, for bulk between hosts.

No sockets here. ``src/bridge/seal.ts`` gives the same bytes, which test/golden/sealed holds both
to. docs/protocol.md, "Sealed messages":

    frame 0     envelope and tag, 56 bytes
    frame 1 ..  the message's own frames, encrypted, of the same length

    0   4  magic "RVS1"
    4   1  version, 1
    5   1  direction: 0 client to daemon, 1 daemon to client
    6   2  0
    8   4  connection: used once in a session
    12  4  epoch of the key, from 0
    16  8  number of the message in its direction of the connection, from 0
    24  16 session
    40  16 tag of GCM
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

from .._buffer import Buffer
from .._exceptions import KeysError, SealError
from .keys import SealKeys

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError as missing:
    raise KeysError(
        "Cannot connect with a key: the package cryptography is missing; "
        "pip install 'ruvector-memopt[remote]'",
        code="ERR_KEYS_FILE",
    ) from missing

__all__ = ["Direction", "Opener", "Sealer"]

_ENVELOPE = struct.Struct("<4sBBHIIQ16s")
_MAGIC = b"RVS1"
_VERSION = 1
_TAG_BYTES = 16
_KEY_BYTES = 32
# Epoch and number, as they stand in the envelope.
_NONCE = slice(12, 24)
# A key seals at most so much: far below where GCM becomes weak.
_REKEY_MESSAGES = 2**20
_REKEY_BYTES = 2**36
# Smaller frames are Python's own bytes, which are aligned.
_SMALL_BYTES = 65536


class Direction(IntEnum):
    """Who sends."""

    TO_DAEMON = 0
    TO_CLIENT = 1


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=info).derive(secret)


@dataclass(frozen=True)
class _Epoch:
    """The key of an epoch, and what the next one is made of; that before cannot be computed."""

    number: int
    chain: bytes

    @property
    def key(self) -> bytes:
        return _derive(self.chain, b"", b"ruvector bulk key")

    def next(self) -> _Epoch:
        return _Epoch(self.number + 1, _derive(self.chain, b"", b"ruvector bulk next"))

    @staticmethod
    def first(keys: SealKeys, direction: Direction) -> _Epoch:
        info = b"ruvector bulk chain" + struct.pack("<BI", direction, keys.connection)
        return _Epoch(0, _derive(keys.secret, keys.session, info))


class Sealer:
    """Seals the messages of one direction of a connection, in order."""

    def __init__(
        self, keys: SealKeys, direction: Direction, rekey_messages: int = _REKEY_MESSAGES
    ) -> None:
        self._keys = keys
        self._direction = direction
        self._rekey_messages = rekey_messages
        self._number = 0
        self._take(_Epoch.first(keys, direction))

    def seal(self, frames: Sequence[Buffer]) -> list[Buffer]:
        """Encrypt the frames of the next message."""
        if self._messages >= self._rekey_messages or self._bytes >= _REKEY_BYTES:
            self._take(self._epoch.next())
        envelope = _ENVELOPE.pack(
            _MAGIC,
            _VERSION,
            self._direction,
            0,
            self._keys.connection,
            self._epoch.number,
            self._number,
            self._keys.session,
        )
        cipher = Cipher(algorithms.AES(self._key), modes.GCM(envelope[_NONCE])).encryptor()
        cipher.authenticate_additional_data(_associated(envelope, frames))
        sealed: list[Buffer] = [cipher.update(frame) for frame in frames]
        cipher.finalize()
        self._number += 1
        self._messages += 1
        self._bytes += sum(memoryview(frame).nbytes for frame in frames)
        return [envelope + cipher.tag, *sealed]

    def _take(self, epoch: _Epoch) -> None:
        self._epoch = epoch
        self._key = epoch.key
        self._messages = 0
        self._bytes = 0


class Opener:
    """Opens the messages of one direction of a connection: each once, in order, or none more."""

    def __init__(self, keys: SealKeys, direction: Direction) -> None:
        self._keys = keys
        self._direction = direction
        self._epoch = _Epoch.first(keys, direction)
        self._key = self._epoch.key
        self._number = 0
        self._broken = False

    def open(self, frames: Sequence[Buffer]) -> list[Buffer]:
        """Decrypt the frames of the next message.

        Raises
        ------
        SealError
            They were changed on their way, or are not those of the next message; every later
            message is refused too.

        """
        if self._broken:
            raise _tampered("an earlier one of this connection did not open")
        try:
            opened = self._open(frames)
        except SealError:
            self._broken = True
            raise
        self._number += 1
        return opened

    def _open(self, frames: Sequence[Buffer]) -> list[Buffer]:
        head, sealed = (bytes(frames[0]) if frames else b""), frames[1:]
        envelope, tag = head[: _ENVELOPE.size], head[_ENVELOPE.size :]
        if len(envelope) != _ENVELOPE.size or len(tag) != _TAG_BYTES:
            raise _tampered("it has no envelope")
        magic, version, direction, zero, connection, epoch, number, session = _ENVELOPE.unpack(
            envelope
        )
        if (magic, version, zero) != (_MAGIC, _VERSION, 0):
            raise _tampered("its envelope is not of this version")
        keys = self._keys
        if (session, connection, direction) != (keys.session, keys.connection, self._direction):
            raise _replayed("it belongs to another connection")
        if number != self._number:
            raise _replayed(f"message {number} came where {self._number} was due")
        due = self._epoch if epoch == self._epoch.number else self._epoch.next()
        if epoch != due.number:
            raise _tampered(f"it names key {epoch}, {self._epoch.number} was due")
        key = self._key if due is self._epoch else due.key
        opened = _decrypt(key, envelope, tag, sealed)
        # Only a message that opened may move the key.
        self._epoch, self._key = due, key
        return opened


def _decrypt(key: bytes, envelope: bytes, tag: bytes, sealed: Sequence[Buffer]) -> list[Buffer]:
    cipher = Cipher(algorithms.AES(key), modes.GCM(envelope[_NONCE], tag)).decryptor()
    cipher.authenticate_additional_data(_associated(envelope, sealed))
    opened: list[Buffer] = []
    for frame in sealed:
        size = memoryview(frame).nbytes
        if size < _SMALL_BYTES:
            opened.append(cipher.update(frame))
            continue
        # Arrow's own memory is aligned to cache lines.
        room = memoryview(pa.allocate_buffer(size)).cast("B")
        cipher.update_into(frame, room)
        opened.append(room.toreadonly())
    try:
        cipher.finalize()
    except InvalidTag as error:
        raise _tampered("its tag does not fit") from error
    return opened


def _associated(envelope: bytes, frames: Sequence[Buffer]) -> bytes:
    """Authenticate lengths too: nothing can be moved from one frame to the next."""
    sizes = [memoryview(frame).nbytes for frame in frames]
    return envelope + struct.pack(f"<{len(sizes)}I", *sizes)


def _tampered(state: str) -> SealError:
    return SealError(
        f"Cannot open sealed message: {state}; somebody on the way changed it: "
        "nothing of it was used, connect again",
        code="ERR_WIRE_TAMPERED",
    )


def _replayed(state: str) -> SealError:
    return SealError(
        f"Cannot open sealed message: {state}; somebody on the way repeats or withholds messages: "
        "nothing of it was used, connect again",
        code="ERR_WIRE_REPLAYED",
    )
