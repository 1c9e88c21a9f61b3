import json

import pytest

import ruvector
from ruvector._bridge.keys import read_client_key
from ruvector._bridge.remote import is_remote, name_remote, parse_bulk
from ruvector._exceptions import KeysError, NoDaemonError, ProtocolError

FIELDS = {"name": "a", "publicKey": "01" * 32, "secretKey": "02" * 32, "daemonKey": "03" * 32}


def write_key(folder, fields=FIELDS, mode=0o600):
    path = folder / "keys" / "laptop.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fields if isinstance(fields, str) else json.dumps(fields), "utf-8")
    path.chmod(mode)
    return path


def test_read_client_key_takes_a_path_or_a_name_in_the_home(tmp_path, monkeypatch):
    path = write_key(tmp_path)
    monkeypatch.setenv("RUVECTOR_HOME", str(tmp_path))
    for key in (path, str(path), "laptop"):
        assert read_client_key(key).public == bytes([1]) * 32
    assert "02" * 32 not in repr(read_client_key(path))


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        (FIELDS, 0o640),
        (FIELDS, 0o604),
        ("{", 0o600),
        ("[]", 0o600),
        ({**FIELDS, "daemonKey": None}, 0o600),
        ({**FIELDS, "secretKey": "02"}, 0o600),
    ],
)
def test_read_client_key_refuses_a_file(tmp_path, fields, mode):
    with pytest.raises(KeysError, match="Cannot use key file") as refused:
        read_client_key(write_key(tmp_path, fields, mode))
    assert refused.value.code == "ERR_KEYS_FILE"


def test_read_client_key_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(KeysError, match="keys make"):
        read_client_key(tmp_path / "none.key")


def test_connect_needs_either_a_key_or_a_token(tmp_path):
    path = write_key(tmp_path)
    for given in ({}, {"key": path, "token": "word"}):
        with pytest.raises(KeysError) as refused:
            ruvector.connect("tcp://127.0.0.1:1", **given)
        assert refused.value.code == "ERR_KEYS_KEY"


@pytest.mark.parametrize(
    "endpoint", ["tcp://", "tcp://a", "tcp://a:b", "tcp://a:65536", "tcp://a b:1"]
)
def test_name_remote_refuses_what_is_no_address(endpoint):
    assert is_remote(endpoint)
    with pytest.raises(NoDaemonError) as refused:
        name_remote(endpoint, None, "word")
    assert refused.value.code == "ERR_WIRE_ENDPOINT"


def test_connect_says_that_nothing_listens(tmp_path):
    with pytest.raises(NoDaemonError):
        ruvector.connect("tcp://127.0.0.1:1", key=write_key(tmp_path))


def test_parse_bulk_gives_keys_for_each_connection_and_refuses_other_ways():
    bulk = {"kind": "aes-256-gcm", "port": 7, "session": "aa" * 16, "secret": "bb" * 32}
    offer = parse_bulk(bulk, "tcp://host:6")
    assert offer.endpoint == "tcp://host:7"
    assert offer.seal(4).connection == 4
    assert parse_bulk({"kind": "plain", "port": 7, "token": "t"}, "tcp://[::1]:6").seal(0) is None
    assert parse_bulk(None, "ipc:///x") is None
    with pytest.raises(ProtocolError) as refused:
        parse_bulk({**bulk, "kind": "rot13"}, "tcp://host:6")
    assert refused.value.code == "ERR_WIRE_VERSION"
