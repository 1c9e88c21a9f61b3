"""Trains two hosts of one federation on the history of a running daemon, and deploys to it.

Arguments: home of the daemon, engine. Prints one line of JSON.
"""

import json
import sys
import tempfile
from pathlib import Path

import ruvector

NAME = "sklearn.LogisticRegression"
HOSTS = 2


def fit_across_hosts(home, dataset):
    from ruvector._engines.flower.federation import start_federation

    with (
        tempfile.TemporaryDirectory() as folder,
        start_federation(Path(folder), [{"home": home}] * HOSTS) as running,
    ):
        return ruvector.fit(
            NAME,
            dataset,
            engine="flower",
            address=running.address,
            root_certificates=str(running.keys / "ca.pem"),
            hosts=HOSTS,
            rounds=1,
            local_epochs=10,
        )


def main(home, engine):
    with ruvector.connect(home) as client:
        dataset = client.dataset()
        if engine == "flower":
            result = fit_across_hosts(home, dataset)
        else:
            result = ruvector.fit(NAME, dataset, engine="ray")
        deployed = ruvector.deploy(result, name="fleet", client=client, activate=True)
        local = ruvector.fit(NAME, dataset)
    answer = {
        "macroF1": result.macro_f1,
        "local": local.macro_f1,
        "live": deployed.live,
        "version": deployed.version,
        "labelMismatches": deployed.manifest["parity"]["labelMismatches"],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
