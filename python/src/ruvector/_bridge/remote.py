"""A daemon on another host: where it is, who asks, and how it offers bulk. docs/protocol.md."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._exceptions import KeysError, NoDaemonError, ProtocolError
from .bridge_file import BridgeFile
from .keys import SealKeys, read_client_key
from .protocol import PROTOCOL_VERSION

__all__ = ["BulkOffer", "is_remote", "name_remote", "parse_bulk"]

_ADDRESS = re.compile(r"tcp://([\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})/?\Z")


def is_remote(target: object) -> bool:
    """Tell an address from the folder of a home."""
    return isinstance(target, str) and target.startswith("tcp://")


def name_remote(endpoint: str, key: str | os.PathLike[str] | None, token: str | None) -> BridgeFile:
    """Say how to reach the daemon at ``tcp://host:port``; nothing is connected.

    Raises
    ------
    NoDaemonError
        The endpoint is no TCP address.
    KeysError
        There is neither a key that can be used nor a token.

    """
    _host_of(endpoint)
    if (key is None) == (token is None):
        raise KeysError(
            f'Cannot connect to daemon at "{endpoint}": '
            f"{'both key and token are' if key is not None else 'neither key nor token is'} given; "
            "give key=, made with `ruvector-memopt keys make`, or the token= of a trusted network",
            code="ERR_KEYS_KEY",
        )
    if key is not None:
        # Says what to install where that is missing.
        from . import seal  # noqa: F401
    client_key = None if key is None else read_client_key(key)
    return BridgeFile(endpoint, endpoint, token or "", 0, PROTOCOL_VERSION, key=client_key)


@dataclass(frozen=True)
class BulkOffer:
    """Where batches are read, and by what a client is known there."""

    endpoint: str
    token: str | None = field(default=None, repr=False)
    session: bytes | None = None
    secret: bytes = field(default=b"", repr=False)

    def seal(self, connection: int) -> SealKeys | None:
        """Keys of a new connection; None where messages are plain."""
        if self.session is None:
            return None
        return SealKeys(self.session, self.secret, connection)


def parse_bulk(bulk: Mapping[str, Any] | None, control: str) -> BulkOffer | None:
    """Parse ``bulk`` of a HELLO; None when there is none, as of a daemon of this machine."""
    if bulk is None:
        return None
    endpoint = f"tcp://{_host_of(control)}:{int(bulk['port'])}"
    if bulk["kind"] == "plain":
        return BulkOffer(endpoint, str(bulk["token"]))
    if bulk["kind"] != "aes-256-gcm":
        raise ProtocolError(
            f'Cannot read batches of daemon: it offers them by "{bulk["kind"]}", which this side '
            "does not know; update the older side",
            code="ERR_WIRE_VERSION",
        )
    return BulkOffer(endpoint, None, bytes.fromhex(bulk["session"]), bytes.fromhex(bulk["secret"]))


def _host_of(endpoint: str) -> str:
    match = _ADDRESS.match(endpoint)
    if match is None or int(match[2]) > 65535:
        raise NoDaemonError(
            f'Cannot use endpoint "{endpoint}": it is no TCP address; use "tcp://host:port"',
            code="ERR_WIRE_ENDPOINT",
        )
    return match[1]
