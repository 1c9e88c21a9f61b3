import json
import random
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest

from repository import ROOT
from ruvector._exceptions import ProtocolError, StreamRequestError
from ruvector._stream.codecs import create_codec
from ruvector._stream.columns import columns_of
from ruvector._stream.events import StreamGap, StreamHello, StreamRecord

GOLDEN = ROOT / "test" / "golden" / "stream"
VECTORS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in GOLDEN.glob("*.json")
    if path.name != "field-numbers.json"
}
VALID = sorted(name for name, vector in VECTORS.items() if "events" in vector)
REFUSED = sorted(name for name, vector in VECTORS.items() if "code" in vector)
FORMATS = ("jsonlines", "msgpack", "protobuf", "arrow")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_time(ms):
    return EPOCH + timedelta(milliseconds=ms)


def value_of(kind, value):
    if value is None:
        return None
    if kind == "timestamp":
        return to_time(value)
    if kind == "uint64":
        return int(value)
    return float(value) if kind.startswith("float") else value


def event_of(fields):
    if fields["type"] == "gap":
        first, last = fields["fromSequence"], fields["toSequence"]
        return StreamGap(fields["table"], first, last, fields["dropped"], fields["reason"])
    if fields["type"] == "hello":
        times = {table: to_time(ms) for table, ms in fields["timestamps"].items()}
        names = fields["epoch"], tuple(fields["tables"]), fields["anonymized"]
        return StreamHello(*names, fields["sequences"], times, fields.get("repeats", {}))
    row = {name: value_of(kind, fields["row"][name]) for name, kind in columns_of(fields["table"])}
    return StreamRecord(fields["table"], fields["sequence"], row)


def events_of(vector):
    return [event_of(fields) for fields in vector["events"]]


def messages(stream_format):
    """Golden messages of a format."""
    return [
        bytes.fromhex(VECTORS[name]["bytes"])
        for name in VALID
        if VECTORS[name]["format"] == stream_format
    ]


def test_golden_folder_is_complete():
    for stream_format in FORMATS:
        assert sum(VECTORS[name]["format"] == stream_format for name in VALID) >= 12
        assert sum(VECTORS[name]["format"] == stream_format for name in REFUSED) >= 13


@pytest.mark.parametrize("name", VALID)
def test_decode_reads_golden_vector(name):
    vector = VECTORS[name]
    message = bytes.fromhex(vector["bytes"])
    # repr: NaN is not equal to itself, and 0.0 is to -0.0.
    assert repr(create_codec(vector["format"]).decode(message)) == repr(events_of(vector))


@pytest.mark.parametrize("name", VALID)
def test_push_reads_golden_vector_byte_by_byte(name):
    vector = VECTORS[name]
    decoder = create_codec(vector["format"]).create_decoder()
    message = bytes.fromhex(vector["bytes"])
    events = [event for i in range(len(message)) for event in decoder.push(message[i : i + 1])]
    decoder.end()
    assert repr(events) == repr(events_of(vector))


@pytest.mark.parametrize("name", REFUSED)
def test_decode_refuses_golden_vector(name):
    vector = VECTORS[name]
    with pytest.raises(ProtocolError) as caught:
        create_codec(vector["format"]).decode(bytes.fromhex(vector["bytes"]))
    assert caught.value.code == vector["code"]


@pytest.mark.parametrize("stream_format", FORMATS)
def test_decode_takes_messages_that_follow_each_other(stream_format):
    codec = create_codec(stream_format)
    parts = messages(stream_format)
    apart = [event for part in parts for event in codec.decode(part)]
    assert repr(codec.decode(b"".join(parts))) == repr(apart)
    assert codec.decode(b"") == []


@pytest.mark.parametrize("stream_format", FORMATS)
def test_decoder_stays_failed_after_an_error(stream_format):
    decoder = create_codec(stream_format).create_decoder()
    with pytest.raises(ProtocolError):
        decoder.push(b"\xc1" * 20 + b"\n")
    with pytest.raises(ProtocolError):
        decoder.push(messages(stream_format)[0])
    with pytest.raises(ProtocolError):
        decoder.end()


@pytest.mark.parametrize("stream_format", FORMATS)
def test_decode_refuses_what_is_too_large(stream_format):
    message = bytes.fromhex(VECTORS[f"{stream_format}-memory"]["bytes"])
    small = create_codec(stream_format, max_message_bytes=len(message) - 1)
    for read in (small.decode, small.create_decoder().push):
        with pytest.raises(ProtocolError, match="bytes"):
            read(message)


def test_decode_refuses_more_events_than_it_could_hold_as_rows():
    event = bytes.fromhex("0412020a00")
    with pytest.raises(ProtocolError, match="more than 262144 events"):
        create_codec("protobuf").decode(event * (2**18 + 1))


def test_decode_batches_gives_record_batches_with_their_metadata():
    vector = VECTORS["arrow-memory-batch"]
    [batch] = create_codec("arrow").decode_batches(bytes.fromhex(vector["bytes"]))
    assert batch.schema.metadata[b"ruvector.event"] == b"record"
    assert batch.schema.metadata[b"ruvector.table"] == b"memory"
    assert batch.column("sequence").to_pylist() == [1, 2, 5]
    assert batch.schema.field("timestamp").type == pa.timestamp("ms", "UTC")


def test_create_codec_names_the_package_of_messagepack(monkeypatch):
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(StreamRequestError, match="pip install msgpack"):
        create_codec("msgpack")


def test_create_codec_refuses_an_unknown_format():
    with pytest.raises(StreamRequestError, match="there are jsonlines"):
        create_codec("xml")


def mutate(rng, message, others):
    """One frame as a broken or hostile sender may send it."""
    data = bytearray(message)
    at = rng.randrange(len(data))
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        other = rng.choice(others)
        data[at:] = other[rng.randrange(len(other)) :]
    elif kind == 3:
        data[at : at + 4] = rng.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80"])
    elif kind == 4:
        data[at : at + rng.randint(1, 32)] = b""
    else:
        data[at:at] = rng.randbytes(rng.randint(1, 16))
    return bytes(data)


@pytest.mark.parametrize("stream_format", FORMATS)
def test_decode_survives_ten_thousand_mutated_frames(stream_format):
    codec = create_codec(stream_format)
    rng = random.Random(20_260_101)
    originals = messages(stream_format)
    codes = []
    for _ in range(10_000):
        frame = mutate(rng, rng.choice(originals), originals)
        try:
            events = codec.decode(frame)
        except ProtocolError as error:
            codes.append(error.code)
        else:
            assert all(
                isinstance(event, StreamRecord | StreamGap | StreamHello) for event in events
            )
    assert set(codes) == {"ERR_WIRE_STREAM_DECODE"}
    assert len(codes) > 1000
