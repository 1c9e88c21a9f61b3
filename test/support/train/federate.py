"""Fits across the hosts of a federation that runs already, and deploys to the daemon of a home.

Arguments: home of the daemon, SuperLink, its certificate, number of hosts. Prints a line of JSON.
"""

import json
import sys

import ruvector

NAME = "sklearn.LogisticRegression"


def main(home, superlink, certificate, hosts):
    with ruvector.connect(home) as client:
        dataset = client.dataset()
        result = ruvector.fit(
            NAME,
            dataset,
            engine="flower",
            address=superlink,
            root_certificates=certificate,
            hosts=int(hosts),
            rounds=1,
            local_epochs=10,
        )
        deployed = ruvector.deploy(result, name="fleet", client=client, activate=True)
    answer = {
        "macroF1": result.macro_f1,
        "live": deployed.live,
        "version": deployed.version,
        "labelMismatches": deployed.manifest["parity"]["labelMismatches"],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
