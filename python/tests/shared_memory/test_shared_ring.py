"""A ring as another program wrote it: read in place, but never what was not announced."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from ruvector import RuvectorError
from ruvector._bridge.shared_batches import RingRefusedError, SharedBatches
from ruvector._shared_memory import RingPlace, SharedRing, SlotError

KEY = bytes(range(16))
SLOT_BYTES = 8192
CONTENT = b"what was announced, and nothing else"


class RingFile:
    """The filling side, written from docs/protocol.md."""

    def __init__(self, path: Path, slots: int = 2, epoch: int = 1) -> None:
        self.path = path
        self.layout = {
            "path": str(path),
            "key": KEY.hex(),
            "slots": slots,
            "slotBytes": SLOT_BYTES,
        }
        self._file = path.open("wb+", buffering=0)
        self._file.truncate(4096 + slots * SLOT_BYTES)
        self._put(0, struct.pack("<8sIIQ16s", b"RVRING01", epoch, slots, SLOT_BYTES, KEY))

    def _put(self, offset: int, data: bytes) -> None:
        self._file.seek(offset)
        self._file.write(data)

    def close(self) -> None:
        self._file.close()

    def head(self, slot: int, generation: int, sequence: int, size: int, epoch: int = 1) -> None:
        header = struct.pack("<IIQQ", generation, epoch, sequence, size)
        self._put(4096 + slot * SLOT_BYTES, header)

    def fill(self, slot: int, generation: int, sequence: int, content: bytes) -> None:
        self._put(4096 + slot * SLOT_BYTES + 64, content)
        self.head(slot, generation, sequence, len(content))


@pytest.fixture
def ring_file(tmp_path: Path) -> Iterator[RingFile]:
    file = RingFile(tmp_path / "ring")
    yield file
    file.close()


def payload(file: RingFile, *, first: bool = True, **changed: int) -> dict[str, object]:
    fields: dict[str, object] = {"epoch": 1, "slot": 0, "generation": 2, "bytes": len(CONTENT)}
    return {**fields, **changed, **({"ring": file.layout} if first else {})}


def test_shared_batches_reads_a_slot_in_place_and_takes_the_name_of_its_file(
    ring_file: RingFile,
) -> None:
    ring_file.fill(0, 2, 7, CONTENT)
    shared = SharedBatches()
    content = shared.view(7, payload(ring_file))
    assert bytes(content) == CONTENT
    assert content.readonly
    assert not ring_file.path.exists()
    # In place: what the other side writes is seen here, so it must not write before the ACK.
    ring_file.fill(0, 2, 7, CONTENT.upper())
    assert bytes(content) == CONTENT.upper()


def test_shared_batches_holds_a_slot_as_long_as_any_view_of_it(ring_file: RingFile) -> None:
    ring_file.fill(0, 2, 7, CONTENT)
    ring_file.fill(1, 2, 9, CONTENT)
    shared = SharedBatches()
    buffer = pa.py_buffer(shared.view(7, payload(ring_file)))
    part = pa.Array.from_buffers(pa.uint8(), 4, [None, buffer]).to_numpy()
    shared.view(9, payload(ring_file, first=False, slot=1))
    assert shared.held(8) == [7]
    del buffer
    assert shared.held(9) == [7]
    assert bytes(part) == CONTENT[:4]
    del part
    assert shared.held(9) == []


@pytest.mark.parametrize(
    ("generation", "sequence", "size", "epoch"),
    [
        (3, 7, len(CONTENT), 1),  # being filled again
        (4, 7, len(CONTENT), 1),  # filled again
        (0, 7, len(CONTENT), 1),  # never filled
        (2, 8, len(CONTENT), 1),
        (2, 7, len(CONTENT) + 1, 1),
        (2, 7, len(CONTENT), 2),
    ],
)
def test_shared_batches_never_reads_a_slot_that_holds_something_else(
    ring_file: RingFile, generation: int, sequence: int, size: int, epoch: int
) -> None:
    ring_file.fill(0, 2, 7, CONTENT)
    ring_file.head(0, generation, sequence, size, epoch)
    with pytest.raises(RuvectorError, match="Cannot read batch 7") as caught:
        SharedBatches().view(7, payload(ring_file))
    assert caught.value.code == "ERR_WIRE_SLOT"


def test_shared_batches_says_so_when_a_slot_changed_while_it_was_looked_at(
    ring_file: RingFile,
) -> None:
    ring_file.fill(0, 2, 7, CONTENT)
    shared = SharedBatches()
    content = shared.view(7, payload(ring_file))
    ring_file.head(0, 3, 0, 0)
    del content
    with pytest.raises(RuvectorError, match="generation 3") as caught:
        shared.held(7)
    assert caught.value.code == "ERR_WIRE_SLOT"


@pytest.mark.parametrize(
    "changed",
    [{"slot": 2}, {"slot": -1}, {"bytes": SLOT_BYTES}, {"bytes": -1}, {"epoch": 3}],
)
def test_shared_batches_refuses_places_outside_of_the_ring(
    ring_file: RingFile, changed: dict[str, int]
) -> None:
    shared = SharedBatches()
    ring_file.fill(0, 2, 7, CONTENT)
    shared.view(7, payload(ring_file))
    with pytest.raises(RuvectorError) as caught:
        shared.view(8, payload(ring_file, first=False, **changed))
    assert caught.value.code == "ERR_WIRE_SLOT"


@pytest.mark.parametrize(
    "layout",
    [
        {"key": bytes(16).hex()},
        {"slots": 3},
        {"slotBytes": 4096},
        {"path": "/dev/shm/there is none"},
        {"path": None},
        {"key": "no hexadecimal"},
    ],
)
def test_shared_batches_refuses_a_ring_that_is_not_the_one_announced(
    ring_file: RingFile, layout: dict[str, object]
) -> None:
    shared = SharedBatches()
    given = {**payload(ring_file), "ring": {**ring_file.layout, **layout}}
    with pytest.raises(RingRefusedError, match="cannot map it"):
        shared.view(7, given)
    assert shared.is_refused(payload(ring_file, first=False))
    assert not shared.is_refused({"epoch": 2})
    assert not shared.is_refused({})


def test_shared_ring_follows_no_link(ring_file: RingFile, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(ring_file.path)
    with pytest.raises(OSError, match="symbolic link"):
        SharedRing(str(link), KEY.hex(), 1, 2, SLOT_BYTES)
    assert ring_file.path.exists()


def test_shared_ring_view_lives_on_without_its_ring(ring_file: RingFile) -> None:
    ring_file.fill(0, 2, 7, CONTENT)
    ring = SharedRing(str(ring_file.path), KEY.hex(), 1, 2, SLOT_BYTES)
    content = ring.view(RingPlace(1, 0, 2, len(CONTENT), 7))
    with pytest.raises(SlotError):
        ring.view(RingPlace(1, 1, 2, len(CONTENT), 9))
    del ring
    assert bytes(content) == CONTENT
