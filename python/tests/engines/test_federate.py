"""``ruvector-memopt federate``: what cannot start says so before any program of Flower does."""

import fcntl
import socket

import numpy as np
import pytest

pytest.importorskip("flwr")

from ruvector._engines.flower.__main__ import main
from ruvector._engines.flower.averaged import HostFit, share_model
from ruvector._engines.flower.keys import names_of_certificate, write_certificates
from ruvector._engines.processes import free_port, is_port_free
from ruvector._engines.split_rows import SplitRows


@pytest.fixture
def taken_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_is_port_free_tells_a_port_that_another_process_has(taken_port):
    assert not is_port_free("127.0.0.1", taken_port)
    assert not is_port_free("0.0.0.0", taken_port)
    assert is_port_free("127.0.0.1", free_port())
    assert is_port_free("::1", free_port())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["server", "--port", "{port}"],
            "ERR_TRAIN_ENGINE: Cannot start the SuperLink: another process has port {port} of "
            "127.0.0.1; end it, or take another one with --port",
        ),
        (
            ["server", "--allow", "{folder}/host-a.pub", "--allow", "{folder}/host-b.pub"],
            "ERR_TRAIN_ENGINE_OPTIONS: Cannot use --allow "
            '"{folder}/host-a.pub", "{folder}/host-b.pub": no such file; give it host.pub',
        ),
        (
            ["server", "--host", "127.0.0.2", "--name", "lab.example"],
            'not for "lab.example", "127.0.0.2"; start it with those, or remove ca.pem',
        ),
        (
            ["client", "127.0.0.1:9092", "--root-certificates", "{folder}/ca.pem"],
            'Cannot use --root-certificates "{folder}/ca.pem": no such file; give it a copy of',
        ),
    ],
)
def test_main_of_federate_says_what_it_lacks_before_it_starts(
    words, told, tmp_path, taken_port, capfd
):
    write_certificates(tmp_path / "keys", ["localhost", "127.0.0.1"])
    known = {"port": taken_port, "folder": tmp_path}
    line = [word.format(**known) for word in words]
    assert main([*line, "--folder", str(tmp_path)]) == 1
    output, errors = capfd.readouterr()
    assert told.format(**known) in errors
    assert "Starting" not in output + errors


def test_main_of_federate_starts_no_second_server_in_one_folder(tmp_path, capfd):
    line = ["server", "--port", str(free_port()), "--folder", str(tmp_path)]
    with (tmp_path / "server.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(line) == 1
        told = f'ERR_TRAIN_ENGINE: Cannot start the SuperLink: another one runs in "{tmp_path}"'
        assert told in capfd.readouterr().err
        assert [each.name for each in tmp_path.iterdir()] == ["server.lock"]
        assert main([*line, "--print"]) == 0


def test_main_of_federate_prints_the_line_of_a_client_before_there_is_a_server(tmp_path, capsys):
    line = ["client", "lab.example:9092", "--root-certificates", "ca.pem", "--print"]
    assert main([*line, "--folder", str(tmp_path)]) == 0
    assert "flower-supernode --superlink lab.example:9092" in capsys.readouterr().out


def test_names_of_certificate_are_those_it_was_written_for(tmp_path):
    names = ["lab.example", "10.0.0.5", "localhost"]
    write_certificates(tmp_path, names)
    assert sorted(names_of_certificate(tmp_path / "server.pem")) == sorted(names)


@pytest.mark.parametrize(
    "name",
    ["sklearn.LogisticRegression", "sklearn.SGDClassifier", "torch.MLP", "xgboost.XGBClassifier"],
)
def test_share_model_learns_from_a_host_that_saw_one_class_only(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6)).astype(np.float32)
    server = share_model(name, {}, 4, 6, None, 0)
    server.learn_scales(SplitRows(X, rng.integers(0, 4, 60)))
    host = share_model(name, {}, 4, 6, None, 0)
    host.use_scales(server.scales())
    weights = np.array([0.3, 1.0, 1.0, 40.0])
    for labels in (np.zeros(60, np.int64), np.full(60, 3)):
        asked = HostFit(2, weights, 0.0, 3, 0)
        arrays, loss = host.fit(server.start(), SplitRows(X, labels), asked)
        assert np.isfinite(loss)
        assert all(np.isfinite(each.astype(np.float64)).all() for each in arrays)
        if name.startswith("sklearn"):
            assert [each.shape for each in arrays] == [each.shape for each in server.start()]
