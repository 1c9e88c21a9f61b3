"""How long a fit takes: ours beside the framework's own loop, on the rows of the repository's data set.

One line of JSON a pair: {"name", "ours", "theirs"}, seconds of CPU, medians of interleaved runs.
"""

import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support" / "train"))
warnings.simplefilter("ignore")
RUNS = 5


def rows(root):
    """Features and label numbers of the train split, float32 and int64."""
    import pyarrow.parquet as pq

    table = pq.read_table(next((root / "data").glob("train-*.parquet")))
    label = np.asarray(table["label"].to_pylist())
    names = [name for name in table.column_names if name not in ("timestamp", "label", "split")]
    X = np.stack([table[name].to_numpy(zero_copy_only=False) for name in names], axis=1)
    return np.nan_to_num(X.astype(np.float32)), np.unique(label, return_inverse=True)[1]


def lightgbm_pair(X, y):
    import lightgbm

    from ruvector._training.registry import find_entry

    ours = find_entry("lightgbm.LGBMClassifier").create()
    wanted = ours.get_params()
    return lambda: ours.fit(X, y), lambda: lightgbm.LGBMClassifier(**wanted).fit(X, y)


def torch_pair(X, y):
    import torch

    from ruvector.trainers import TorchClassifier

    epochs, batch = 10, 256
    ours = TorchClassifier(
        "mlp",
        max_epochs=epochs,
        patience=epochs,
        batch_size=batch,
        hidden=64,
        layers=2,
        validation_fraction=0,
        random_state=0,
    )
    classes = int(y.max()) + 1

    def theirs():
        torch.manual_seed(0)
        net = torch.nn.Sequential(
            torch.nn.Linear(X.shape[1], 64),
            torch.nn.ReLU(),
            torch.nn.Linear(64, 64),
            torch.nn.ReLU(),
            torch.nn.Linear(64, classes),
        )
        scaled = torch.from_numpy((X - X.mean(axis=0)) / (X.std(axis=0) + 1e-6))
        wanted = torch.from_numpy(y)
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
        for _ in range(epochs):
            order = torch.randperm(len(X))
            for at in range(0, len(X), batch):
                picked = order[at : at + batch]
                loss = torch.nn.functional.cross_entropy(net(scaled[picked]), wanted[picked])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return lambda: ours.fit(X, y), theirs


def keras_pair(X, y):
    from ruvector.trainers import KerasClassifier

    epochs, batch = 5, 256
    classes = int(y.max()) + 1
    ours = KerasClassifier(
        max_epochs=epochs,
        patience=epochs,
        batch_size=batch,
        hidden=32,
        layers=2,
        validation_fraction=0,
        random_state=0,
    )

    def theirs():
        import keras

        keras.utils.set_random_seed(0)
        net = keras.Sequential(
            [
                keras.layers.Dense(32, "relu"),
                keras.layers.Dense(32, "relu"),
                keras.layers.Dense(classes),
            ]
        )
        net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        scaled = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-6)
        net.fit(scaled, y, batch_size=batch, epochs=epochs, verbose=0)

    return lambda: ours.fit(X, y), theirs


def cpu_seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def main():
    X, y = rows(Path(sys.argv[1]))
    pairs = {
        "lightgbm.LGBMClassifier": lightgbm_pair,
        "torch.MLP": torch_pair,
        "keras.MLP": keras_pair,
    }
    for name, pair in pairs.items():
        ours, theirs = pair(X, y)
        ours(), theirs()
        taken = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(RUNS)]
        mine, his = (statistics.median(column) for column in zip(*taken, strict=True))
        print(json.dumps({"name": name, "ours": mine, "theirs": his}), flush=True)


main()
