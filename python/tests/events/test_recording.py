import struct
import subprocess
import sys

import pyarrow as pa
import pytest

import ruvector
from ruvector._exceptions import EventsDataError, EventsError, EventsFileError, EventsMemoryError
from ruvector.events import command

HEADER = b"% evt 2.0\n% format EVT2;height=720;width=1280\n% end\n"


def cd(polarity, t, x, y):
    return struct.pack("<I", polarity << 28 | (t & 63) << 22 | x << 11 | y)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording.raw"
    high = struct.pack("<I", 0x8 << 28 | 100)
    trigger = struct.pack("<I", 0xA << 28 | 5 << 22 | 3 << 8 | 1)
    path.write_bytes(HEADER + high + cd(1, 1, 10, 20) + trigger + cd(0, 9, 1279, 719))
    return path


def test_load_gives_the_events_of_a_recording_as_a_table(recording):
    table = ruvector.events.load(recording)
    assert table.schema.names == ["t", "x", "y", "p"]
    assert table.schema.types == [pa.int64(), pa.uint16(), pa.uint16(), pa.int8()]
    assert table.to_pydict() == {
        "t": [6401, 6409],
        "x": [10, 1279],
        "y": [20, 719],
        "p": [1, -1],
    }
    assert table.schema.metadata[b"ruvector.geometry"] == b"1280x720"


def test_load_takes_what_a_file_does_not_say(tmp_path):
    path = tmp_path / "-notes.txt"
    path.write_text("1 0.5 7 8\n")
    table = ruvector.events.load(
        path, format="text", time_unit="s", columns=["p", "t", "x", "y"], polarity="unsigned"
    )
    assert table.to_pylist() == [{"t": 500_000, "x": 7, "y": 8, "p": 1}]


def test_batches_reads_a_recording_in_batches_and_takes_filters(recording):
    sizes = [batch.num_rows for batch in ruvector.events.batches(recording, chunk_size=1)]
    assert sizes == [1, 1]
    only = list(ruvector.events.batches(recording, region=(0, 0, 100, 100), keep="on"))
    assert [batch.num_rows for batch in only] == [1]


def test_batches_ends_the_command_when_nobody_reads_on(tmp_path):
    path = tmp_path / "many.raw"
    path.write_bytes(HEADER + struct.pack("<I", 0x8 << 28) + cd(1, 1, 1, 1) * 2_000_000)
    reading = ruvector.events.batches(path, chunk_size=1000)
    assert next(reading).num_rows == 1000
    reading.close()


def test_triggers_reads_the_external_triggers(recording):
    assert ruvector.events.triggers(recording).to_pylist() == [{"t": 6405, "id": 3, "value": 1}]


def test_info_says_what_a_recording_is(recording):
    facts = ruvector.events.info(recording)
    assert facts["format"] == "evt2"
    assert facts["geometry"] == {"width": 1280, "height": 720}
    assert (facts["counts"]["events"], facts["counts"]["triggers"]) == (2, 1)


def test_load_raises_the_error_of_the_command_with_its_code(tmp_path, recording):
    with pytest.raises(EventsFileError, match="there is no such file") as absent:
        ruvector.events.load(tmp_path / "absent.raw")
    assert absent.value.code == "ERR_EVENTS_READ"
    assert isinstance(absent.value, OSError)
    bad = tmp_path / "bad.txt"
    bad.write_text("1 2 3 1\n" * 300_000 + "1 2 three 1\n")
    with pytest.raises(EventsDataError, match="line 300001"):
        ruvector.events.load(bad, time_unit="us")
    with pytest.raises(EventsMemoryError) as limited:
        ruvector.events.load(recording, memory_limit=0.1)
    assert isinstance(limited.value, MemoryError)


def test_find_command_says_what_to_do_when_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EventsError, match="RUVECTOR_COMMAND"):
        command.find_command()
    monkeypatch.setenv(command.VARIABLE, "some node 'a b.mjs'")
    assert command.find_command() == ["some", "node", "a b.mjs"]


def test_run_command_raises_for_a_command_that_fails_without_an_error(monkeypatch):
    monkeypatch.setenv(command.VARIABLE, f'{sys.executable} -c "raise SystemExit(3)"')
    with pytest.raises(EventsError, match="ended with 3") as failed:
        command.run_command(["events"])
    assert failed.value.code == "ERR_EVENTS_COMMAND"


def test_events_is_loaded_when_it_is_asked_for():
    code = "import sys, ruvector; print('ruvector.events' in sys.modules); ruvector.events.load"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
