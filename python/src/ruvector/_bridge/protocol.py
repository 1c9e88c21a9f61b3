"""Messages of the bridge protocol ⇄ frames. No sockets here. Specification: docs/protocol.md.

``src/bridge/decode-message.ts`` gives the same verdict on the same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

from .._buffer import Buffer
from .._exceptions import MessageTooLargeError, ProtocolError

__all__ = ["PROTOCOL_VERSION", "Message", "MessageType", "decode_message", "encode_message"]

PROTOCOL_VERSION = 1
MAX_PAYLOAD_BYTES = 16 * 2**20
MAX_ATTACHMENTS = 64
MAX_SAFE_INTEGER = 2**53 - 1

# docs/protocol.md, "Message". Frame 0 is the header, frame 1 a JSON object or nothing, frames 2..
# are attachments. Little-endian:
#
#   0   4  magic "RVB1"
#   4   1  version
#   5   1  type
#   6   2  flags, 0
#   8   4  stream; 0 on the control endpoint
#   12  4  reserved, 0
#   16  8  sequence: number of a batch, else 0
#   24  8  correlation: number of a request, or credit, or a count; else 0
_HEADER = struct.Struct("<4sBBHIIQQ")
_MAGIC = b"RVB1"


class MessageType(IntEnum):
    """Types of messages."""

    HELLO = 1
    CREDIT = 2
    BATCH = 3
    ACK = 4
    DRAIN = 5
    BYE = 6
    ERROR = 7
    REQUEST = 8
    PROGRESS = 9
    REPLY = 10
    CANCEL = 11
    PROBE = 12


_TYPES = {int(kind): kind for kind in MessageType}


@dataclass(frozen=True, slots=True)
class Message:
    """One message; fields that do not apply are 0, None and empty."""

    type: MessageType
    stream_id: int = 0
    sequence: int = 0
    correlation: int = 0
    payload: Mapping[str, Any] | None = None
    attachments: Sequence[Buffer] = ()


def encode_message(message: Message) -> list[Buffer]:
    """Encode as frames: header, JSON payload, attachments as they are (not copied).

    Raises
    ------
    MessageTooLargeError
        JSON over 16 MiB or more than 64 attachments.
    ProtocolError
        The payload is not JSON: NaN, infinity, or an object without a JSON form.

    """
    json_bytes = b"" if message.payload is None else _to_json(message.payload)
    if len(json_bytes) > MAX_PAYLOAD_BYTES or len(message.attachments) > MAX_ATTACHMENTS:
        raise MessageTooLargeError(
            f'Cannot encode message "{message.type.name}": {len(json_bytes)} bytes of JSON and '
            f"{len(message.attachments)} attachments, at most {MAX_PAYLOAD_BYTES} and "
            f"{MAX_ATTACHMENTS} are allowed; send bulk as an attachment"
        )
    header = _HEADER.pack(
        _MAGIC,
        PROTOCOL_VERSION,
        message.type,
        0,
        message.stream_id,
        0,
        message.sequence,
        message.correlation,
    )
    return [header, json_bytes, *message.attachments]


def decode_message(frames: Sequence[Buffer]) -> Message:
    """Decode the frames of one message.

    Raises
    ------
    ProtocolError
        With code ``ERR_WIRE_FRAME``, ``ERR_WIRE_VERSION`` or ``ERR_WIRE_TYPE``.

    """
    if len(frames) < 2:
        _refuse(f"{len(frames)} frames, at least 2 are needed")
    if len(frames) > 2 + MAX_ATTACHMENTS:
        _refuse(f"{len(frames) - 2} attachments")
    kind, stream_id, sequence, correlation = _decode_header(frames[0])
    return Message(kind, stream_id, sequence, correlation, _decode_payload(frames[1]), frames[2:])


# The checks run in the specification's order, so that both sides give one verdict.
def _decode_header(frame: Buffer) -> tuple[MessageType, int, int, int]:
    if len(frame) != _HEADER.size:
        _refuse(f"a header of {len(frame)} bytes, not {_HEADER.size}")
    magic, version, kind, flags, stream_id, reserved, sequence, correlation = _HEADER.unpack(frame)
    if magic != _MAGIC:
        _refuse('the magic is not "RVB1"')
    if version != PROTOCOL_VERSION:
        raise ProtocolError(
            f"Cannot decode message: protocol version {version}, this side speaks "
            f"{PROTOCOL_VERSION}; update the older side",
            code="ERR_WIRE_VERSION",
        )
    if flags or reserved:
        _refuse("flags or reserved bytes are not 0")
    if sequence > MAX_SAFE_INTEGER or correlation > MAX_SAFE_INTEGER:
        _refuse("a 64-bit field exceeds 2^53 - 1")
    known = _TYPES.get(kind)
    if known is None:
        raise ProtocolError(
            f"Cannot decode message: type {kind} is not known", code="ERR_WIRE_TYPE"
        )
    return known, stream_id, sequence, correlation


def _decode_payload(frame: Buffer) -> Mapping[str, Any] | None:
    if len(frame) == 0:
        return None
    if len(frame) > MAX_PAYLOAD_BYTES:
        _refuse(f"a payload of {len(frame)} bytes")
    try:
        value = json.loads(str(frame, "utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            "Cannot decode message: the payload is not UTF-8 JSON; see docs/protocol.md"
        ) from error
    if not isinstance(value, dict):
        _refuse("the payload is not a JSON object")
    return value


def _to_json(payload: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError) as error:
        raise ProtocolError(
            f"Cannot encode message: its payload has no JSON form ({error}); send numbers, "
            "strings, lists and dicts"
        ) from error


def _refuse(state: str) -> NoReturn:
    raise ProtocolError(f"Cannot decode message: {state}; see docs/protocol.md")
