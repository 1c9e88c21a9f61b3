"""Federated fits over real processes of Flower: one SuperLink and the SuperNodes of three hosts.

Those of ``npm test`` are in test/scenario/train/engines.test.ts, these in the soak ``engines``.
"""

import math
import os
import time

import numpy as np
import pytest

import ruvector
from engines.engine_data import read_parts, write_parts
from ruvector._exceptions import EngineOptionsError

pytest.importorskip("flwr")
psutil = pytest.importorskip("psutil")

pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NAME = "sklearn.LogisticRegression"
HOSTS = 3
# Held-out macro-F1 of one fit and of another on the same rows.
NEAR = 0.01


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_parts(tmp_path_factory.mktemp("flower") / "set")


@pytest.fixture(scope="module")
def local(folder):
    return read_parts(folder)


def parts_of(folder, hosts):
    return [
        {"dataset": folder, "partition-id": index, "num-partitions": hosts}
        for index in range(hosts)
    ]


@pytest.fixture(scope="module")
def federation(folder, tmp_path_factory):
    from ruvector._engines.flower.federation import start_federation

    home = tmp_path_factory.mktemp("federation")
    with start_federation(home, parts_of(folder, HOSTS)) as running:
        yield running
    left = [each for each in psutil.Process().children(recursive=True) if "flwr" in each.name()]
    assert left == []


def fit(federation, local, **options):
    return ruvector.fit(
        NAME,
        local,
        engine="flower",
        address=federation.address,
        root_certificates=str(federation.keys / "ca.pem"),
        hosts=HOSTS,
        **options,
    )


@pytest.mark.soak
def test_fit_across_three_hosts_is_as_good_as_a_local_fit_and_no_stranger_takes_part(
    federation, local, folder
):
    from ruvector._engines.flower.keys import write_host_key

    stranger = federation.keys / "stranger"
    write_host_key(stranger)
    process = federation.start_node(9, {"dataset": folder}, key=stranger)
    heard = []
    result = fit(federation, local, rounds=2, local_epochs=10, callbacks=[heard.append])
    expected = ruvector.fit(NAME, local)
    assert result.macro_f1 == pytest.approx(expected.macro_f1, abs=0.01)
    assert expected.macro_f1 > 0.5
    assert [(step.step, step.of, step.metrics["hosts"]) for step in heard] == [(1, 2, 3), (2, 2, 3)]
    engine = ruvector.export_onnx(result, name="fleet").manifest["trainer"]["engine"]
    facts = {"name": "flower", "strategy": "fedavg", "rounds": 2, "hosts": HOSTS}
    assert engine == {**facts, "failures": [], "privacy": None}
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    log = (federation.folder / "node-9.log").read_text("utf-8")
    assert process.poll() not in (None, 0), log
    assert "Failed to activate SuperNode" in log


def exact_epsilon(mu, delta):
    """Smallest epsilon of a Gaussian mechanism: Balle and Wang 2018, theorem 8."""

    def phi(x):
        return 0.5 * math.erfc(-x / math.sqrt(2))

    low, high = 0.0, 200.0
    for _ in range(100):
        epsilon = (low + high) / 2
        spent = phi(mu / 2 - epsilon / mu) - math.exp(epsilon) * phi(-mu / 2 - epsilon / mu)
        low, high = (epsilon, high) if spent > delta else (low, epsilon)
    return high


@pytest.mark.soak
def test_fit_with_noise_tells_the_epsilon_of_the_run(federation, local):
    told = {"noise_multiplier": 2.0, "clipping_norm": 5.0, "delta": 1e-5}
    result = fit(federation, local, rounds=1, local_epochs=10, **told)
    privacy = result.engine["privacy"]
    exact = exact_epsilon(math.sqrt(1) / 2.0, 1e-5)
    # Rényi accounting bounds it from above, and not by far.
    assert exact <= privacy["epsilon"] <= 1.15 * exact
    assert privacy["delta"] == 1e-5
    coefficients = result.model.steps[-1][1].coef_
    assert np.linalg.norm(coefficients) > 0


def lie(X, y):
    return (X * 50).astype(np.float32), (y + 2) % 3


@pytest.mark.soak
def test_fit_with_a_trimmed_mean_holds_against_a_host_that_lies(local, folder, tmp_path):
    from ruvector._engines.flower.federation import start_federation

    poisoned = write_parts(tmp_path / "poisoned", change=lie)
    nodes = [*parts_of(folder, HOSTS), {"dataset": poisoned}]
    with start_federation(tmp_path / "federation", nodes) as running:
        results = {
            strategy: ruvector.fit(
                NAME,
                local,
                engine="flower",
                address=running.address,
                root_certificates=str(running.keys / "ca.pem"),
                hosts=HOSTS + 1,
                rounds=1,
                local_epochs=10,
                strategy=strategy,
                **({"trim": 0.3} if strategy == "fedtrimmedavg" else {}),
            )
            for strategy in ("fedavg", "fedtrimmedavg")
        }
    expected = ruvector.fit(NAME, local).macro_f1
    assert results["fedtrimmedavg"].macro_f1 > expected - 0.05
    assert results["fedavg"].macro_f1 < expected - 0.1


# The kinds of models, without processes between them


@pytest.mark.parametrize(
    "name", [NAME, "sklearn.SGDClassifier", "torch.MLP", "xgboost.XGBClassifier"]
)
def test_share_model_comes_as_far_as_a_local_fit(local, name):
    from flwr.serverapp.strategy.strategy_utils import aggregate_bagging

    from ruvector._engines.flower.averaged import HostFit, share_model
    from ruvector._engines.sampled import measure_sampled, sample_dataset
    from ruvector._engines.split_rows import SplitRows

    X, y = local.X("train"), local.y("train").astype(np.int64)
    facts = (name, {}, len(local.labels), X.shape[1], None, 0)
    server = share_model(*facts)
    server.learn_scales(SplitRows(X, y))
    arrays, rounds = server.start(), 5
    epochs = server.local_epochs(rounds)
    for number in range(rounds):
        replies = []
        for host in range(HOSTS):
            client = share_model(*facts)
            client.use_scales(server.scales())
            asked = HostFit(epochs, None, 0.0, HOSTS, number)
            replies.append(client.fit(arrays, SplitRows(X[host::3], y[host::3]), asked)[0])
        if name.startswith("xgboost"):
            joined = bytes(arrays[0])
            for reply in replies:
                joined = aggregate_bagging(joined, bytes(reply[0]))
            arrays = [np.frombuffer(joined, np.uint8)]
        else:
            arrays = [np.mean(each, axis=0) for each in zip(*replies, strict=True)]
    told = {"sample_weight": None, "fit_seconds": 1.0, "engine": {"name": "flower"}}
    result = measure_sampled(server.finish(arrays), sample_dataset(local), **told)
    # What depends on chance differs by as much from one seed to the next.
    seeds = range(3 if name in ("sklearn.SGDClassifier", "torch.MLP") else 1)
    local_f1 = [ruvector.fit(name, local, sample_weight=None, seed=s).macro_f1 for s in seeds]
    assert min(local_f1) - NEAR <= result.macro_f1 <= max(local_f1) + NEAR
    assert ruvector.export_onnx(result).parity.label_mismatches == 0


def test_share_model_gives_updates_of_which_a_trimmed_mean_leaves_out_a_liar(local):
    from flwr.serverapp.strategy.fedtrimmedavg import trim_mean

    from ruvector._engines.flower.averaged import HostFit, share_model
    from ruvector._engines.sampled import measure_sampled, sample_dataset
    from ruvector._engines.split_rows import SplitRows

    X, y = local.X("train"), local.y("train").astype(np.int64)
    facts = (NAME, {}, len(local.labels), X.shape[1], None, 0)
    server = share_model(*facts)
    server.learn_scales(SplitRows(X, y))
    replies = []
    for host in range(4):
        client = share_model(*facts)
        client.use_scales(server.scales())
        part = X[host::4], y[host::4]
        rows = SplitRows(*(lie(*part) if host == 3 else part))
        replies.append(client.fit(server.start(), rows, HostFit(10, None, 0.0, 4, 0))[0])
    told = {"sample_weight": None, "fit_seconds": 1.0, "engine": {"name": "flower"}}
    scores = []
    for cut in (0.0, 0.3):
        arrays = [trim_mean(np.stack(each), cut) for each in zip(*replies, strict=True)]
        model = server.finish(arrays)
        scores.append(measure_sampled(model, sample_dataset(local), **told).macro_f1)
    expected = ruvector.fit(NAME, local, sample_weight=None).macro_f1
    assert scores[0] < expected - 0.1
    assert scores[1] > expected - 0.05


def test_share_model_refuses_what_cannot_be_put_together():
    from ruvector._engines.flower.averaged import share_model

    with pytest.raises(EngineOptionsError, match=r"use one of sklearn\.LogisticRegression"):
        share_model("sklearn.KNeighborsClassifier", {}, 4, 6, None, 0)


def test_write_host_key_keeps_a_key_and_hides_it(tmp_path):
    from ruvector._engines.flower.keys import write_host_key

    public = write_host_key(tmp_path / "keys" / "host")
    private = tmp_path / "keys" / "host"
    before = private.read_bytes()
    assert write_host_key(private) == public
    assert private.read_bytes() == before
    assert os.stat(private).st_mode & 0o777 == 0o600
    assert public.read_text().startswith("ecdsa-sha2-nistp384 ")


# Longer runs: npm run soak -- engines


@pytest.mark.soak
def test_fit_goes_on_without_a_host_that_dies_and_with_one_that_comes_back(local, folder, tmp_path):
    from ruvector._engines.flower.federation import start_federation
    from ruvector._engines.processes import descendants, kill

    killed = []

    with start_federation(tmp_path / "federation", parts_of(folder, HOSTS)) as running:

        def change(step):
            if step.step == 1:
                dead = running.nodes[0]
                killed.extend(descendants(dead.pid))
                dead.kill()
                kill(killed)
            if step.step == 2:
                running.start_node(0, parts_of(folder, HOSTS)[0])

        heard = []
        result = ruvector.fit(
            NAME,
            local,
            engine="flower",
            address=running.address,
            root_certificates=str(running.keys / "ca.pem"),
            hosts=HOSTS,
            rounds=4,
            local_epochs=10,
            round_seconds=90.0,
            callbacks=[heard.append, change],
        )
    answered = [step.metrics["hosts"] for step in heard]
    assert (answered[0], len(answered)) == (3, 4)
    assert min(answered[1:]) >= 2
    assert result.macro_f1 == pytest.approx(ruvector.fit(NAME, local).macro_f1, abs=0.02)


@pytest.mark.soak
def test_fit_bags_trees_of_hosts_into_one_model(local, folder):
    options = {"strategy": "fedxgbbagging", "rounds": 3, "local_epochs": 20}
    name = "xgboost.XGBClassifier"
    result = ruvector.fit(name, folder, engine="flower", hosts=HOSTS, **options)
    assert result.macro_f1 == pytest.approx(ruvector.fit(name, local).macro_f1, abs=0.01)
    assert result.model.get_booster().num_boosted_rounds() == 3 * 3 * 20
