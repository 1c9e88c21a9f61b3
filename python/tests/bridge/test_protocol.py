import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository import ROOT
from ruvector._bridge.protocol import (
    MAX_SAFE_INTEGER,
    Message,
    MessageType,
    decode_message,
    encode_message,
)
from ruvector._exceptions import MessageTooLargeError, ProtocolError

GOLDEN = ROOT / "test" / "golden" / "bridge"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in GOLDEN.glob("*.json")}
VALID = sorted(name for name, vector in VECTORS.items() if "message" in vector)
REFUSED = sorted(name for name, vector in VECTORS.items() if "code" in vector)


def from_hex(frames):
    return [bytes.fromhex(frame) for frame in frames]


def message_of(vector):
    fields = vector["message"]
    return Message(
        MessageType[fields["type"]],
        fields["streamId"],
        fields["sequence"],
        fields["correlation"],
        fields["payload"],
        from_hex(fields["attachments"]),
    )


def test_golden_folder_is_complete():
    assert len(VALID) >= 15
    assert len(REFUSED) >= 20
    assert {VECTORS[name]["message"]["type"] for name in VALID} == set(MessageType.__members__)


@pytest.mark.parametrize("name", VALID)
def test_decode_message_reads_golden_vector(name):
    assert decode_message(from_hex(VECTORS[name]["frames"])) == message_of(VECTORS[name])


@pytest.mark.parametrize("name", [name for name in VALID if name != "request"])
def test_encode_message_writes_golden_vector(name):
    assert encode_message(message_of(VECTORS[name])) == from_hex(VECTORS[name]["frames"])


def test_encode_message_writes_golden_request_with_the_same_meaning():
    # 1e21 is written 1e+21: the one number whose text differs between the two languages' writers.
    frames = encode_message(message_of(VECTORS["request"]))
    expected = from_hex(VECTORS["request"]["frames"])
    assert json.loads(frames[1]) == json.loads(expected[1])
    assert [frames[0], *frames[2:]] == [expected[0], *expected[2:]]


@pytest.mark.parametrize("name", REFUSED)
def test_decode_message_refuses_golden_vector(name):
    with pytest.raises(ProtocolError) as caught:
        decode_message(from_hex(VECTORS[name]["frames"]))
    assert caught.value.code == VECTORS[name]["code"]


def test_golden_batches_are_read_in_place():
    schema = pa.ipc.read_schema(
        pa.py_buffer(message_of(VECTORS["hello-stream-reply"]).attachments[0])
    )
    reader = pa.BufferReader(message_of(VECTORS["batch-pack"]).attachments[0])
    batches = [pa.ipc.read_record_batch(pa.ipc.read_message(reader), schema) for _ in range(2)]
    assert [batch.column("index").to_pylist() for batch in batches] == [[1, 2, 3]] * 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("aé\0"), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
integers = st.integers(0, MAX_SAFE_INTEGER)


messages = st.builds(
    Message,
    st.sampled_from(MessageType),
    st.integers(0, 2**32 - 1),
    integers,
    integers,
    st.none() | st.dictionaries(st.text("abc"), json_values, max_size=4),
    st.lists(st.binary(max_size=64), max_size=4),
)


@given(messages)
def test_decode_message_reads_what_encode_message_writes(message):
    assert decode_message(encode_message(message)) == message


@given(st.lists(st.binary(max_size=80), max_size=4))
def test_decode_message_answers_any_bytes_with_a_message_or_a_typed_error(frames):
    try:
        decode_message(frames)
    except ProtocolError as error:
        assert error.code in {"ERR_WIRE_FRAME", "ERR_WIRE_VERSION", "ERR_WIRE_TYPE"}  # noqa: PT017


def test_decode_message_survives_deep_nesting():
    header = encode_message(Message(MessageType.ACK))[0]
    with pytest.raises(ProtocolError):
        decode_message([header, b'{"a":' + b"[" * 200_000])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes"])
def test_encode_message_refuses_what_json_cannot_hold(value):
    with pytest.raises(ProtocolError, match="has no JSON form"):
        encode_message(Message(MessageType.REQUEST, payload={"value": value}))


def test_encode_message_refuses_too_much():
    with pytest.raises(MessageTooLargeError, match="65 attachments"):
        encode_message(Message(MessageType.REPLY, attachments=[b""] * 65))
    with pytest.raises(MessageTooLargeError, match="send bulk as an attachment"):
        encode_message(Message(MessageType.REPLY, payload={"x": "x" * 2**24}))
