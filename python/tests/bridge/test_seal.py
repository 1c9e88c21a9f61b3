import json

import pytest

from repository import ROOT
from ruvector._bridge.keys import ClientKey, SealKeys, build_proof
from ruvector._bridge.seal import Direction, Opener, Sealer
from ruvector._exceptions import SealError

GOLDEN = ROOT / "test" / "golden" / "sealed"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in GOLDEN.glob("*.json")}
SEALED = sorted(name for name in VECTORS if name.startswith("sealed-"))
REFUSED = sorted(name for name in VECTORS if name.startswith("refused-"))


def from_hex(frames):
    return [bytes.fromhex(frame) for frame in frames]


def keys_of(vector):
    return SealKeys(
        bytes.fromhex(vector["session"]), bytes.fromhex(vector["secret"]), vector["connection"]
    )


def test_golden_folder_is_complete():
    assert len(SEALED) == 3
    assert len(REFUSED) >= 20


@pytest.mark.parametrize("name", SEALED)
def test_sealer_and_opener_give_golden_vector(name):
    vector = VECTORS[name]
    direction = Direction(vector["direction"])
    sealer = Sealer(keys_of(vector), direction, vector["rekeyMessages"])
    opener = Opener(keys_of(vector), direction)
    for message in vector["messages"]:
        assert sealer.seal(from_hex(message["frames"])) == from_hex(message["sealed"])
        assert opener.open(from_hex(message["sealed"])) == from_hex(message["frames"])


@pytest.mark.parametrize("name", REFUSED)
def test_opener_refuses_golden_vector_and_all_that_follows(name):
    vector = VECTORS[name]
    opener = Opener(keys_of(vector), Direction(vector["direction"]))
    for frames in vector["before"]:
        opener.open(from_hex(frames))
    with pytest.raises(SealError) as refused:
        opener.open(from_hex(vector["frames"]))
    assert refused.value.code == vector["code"]
    sealer = Sealer(keys_of(vector), Direction(vector["direction"]))
    sealer.seal([])
    with pytest.raises(SealError):
        opener.open(sealer.seal([]))


def test_opener_gives_large_frames_aligned_and_read_only():
    keys = SealKeys(bytes(16), bytes(32), 0)
    body = bytes(range(256)) * 4096
    sealed = Sealer(keys, Direction.TO_CLIENT).seal([b"h", body])
    _, opened = Opener(keys, Direction.TO_CLIENT).open(sealed)
    assert bytes(opened) == body
    assert opened.readonly


def test_build_proof_gives_golden_vector():
    vector = VECTORS["proof"]
    client, daemon = vector["client"], vector["daemon"]
    key = ClientKey(
        bytes.fromhex(client["publicKey"]),
        bytes.fromhex(client["secretKey"]),
        bytes.fromhex(daemon["publicKey"]),
    )
    assert build_proof(key) == vector["proof"]
    assert client["secretKey"] not in repr(key)
