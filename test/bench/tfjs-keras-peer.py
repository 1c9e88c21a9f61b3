"""Rows a second through the fit of one network by Keras: the anchor of train-tfjs.bench.ts."""

import json
import sys
import time

import keras
import numpy as np

task = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
shape = (task["steps"], task["width"] // task["steps"]) if task["steps"] > 1 else (task["width"],)
X = rng.normal(size=(task["rows"], *shape)).astype(np.float32)
y = np.eye(3, dtype=np.float32)[rng.integers(3, size=task["rows"])]

make = {
    "dense": lambda o: keras.layers.Dense(o["units"], activation=o["activation"]),
    "conv1d": lambda o: keras.layers.Conv1D(
        o["filters"], o["kernelSize"], padding=o["padding"], activation=o["activation"]
    ),
    "globalMaxPooling1d": lambda _: keras.layers.GlobalMaxPooling1D(),
}
layers = [make[layer["type"]](layer) for layer in task["layers"]]
model = keras.Sequential(
    [keras.Input(shape=shape), *layers, keras.layers.Dense(3, activation="softmax")]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.003), loss="categorical_crossentropy", metrics=["accuracy"]
)
started = time.perf_counter()
model.fit(X, y, epochs=task["epochs"], batch_size=task["batchSize"], verbose=0)
print(task["rows"] * task["epochs"] / (time.perf_counter() - started))
