"""Fits by an engine and here on what the daemon of a home has, and deploys what the engine gave.

Arguments: home of the daemon, estimator, engine, its options as JSON. Prints a line of JSON.
"""

import json
import os
import sys

import numpy as np

import ruvector
from ruvector._engines.processes import descendants


def main(home, estimator, engine, options):
    with ruvector.connect(home) as client:
        dataset = client.dataset()
        local = ruvector.fit(estimator, dataset, progress=False)
        result = ruvector.fit(
            estimator, dataset, engine=engine, progress=False, **json.loads(options)
        )
        deployed = ruvector.deploy(result, name=engine, client=client, activate=True)
    X = dataset.X("test")
    answer = {
        "largestDifference": float(
            np.abs(result.model.predict_proba(X) - local.model.predict_proba(X)).max()
        ),
        "processesLeft": len(list(descendants(os.getpid()))),
        "macroF1": result.macro_f1,
        "localMacroF1": local.macro_f1,
        "testCounts": [int((dataset.y("test") == label).sum()) for label in range(4)],
        "live": deployed.live,
        "version": deployed.version,
        "labelMismatches": deployed.manifest["parity"]["labelMismatches"],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
