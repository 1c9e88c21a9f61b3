"""Trainers of the matrix that are objects, not names: what a user brings along."""

import numpy as np

from ruvector._training import require


def columns(data):
    """A pipeline of columns: imputed and scaled, one-hot, and the rest as it is."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = [name for name in data.feature_names if name != "day_of_week"]
    chosen = ColumnTransformer(
        [
            ("day", OneHotEncoder(handle_unknown="ignore"), ["day_of_week"]),
            ("scaled", make_pipeline(SimpleImputer(), StandardScaler()), scaled),
        ]
    )
    return make_pipeline(chosen, LogisticRegression(max_iter=300))


def nearest_mean():
    class NearestMean:
        """Follows no convention: fit, the method of its task, and to_onnx."""

        task = "classification"

        def fit(self, X, y):
            self.spread = np.nan_to_num(X).astype(np.float64).std(axis=0) + 1
            rows = self.scale(X)
            self.classes_ = np.unique(y)
            self.means = np.stack([rows[y == k].mean(axis=0) for k in self.classes_])
            return self

        def scale(self, X):
            # In float64 here and there: squares of far rows would cost what tells them apart.
            return np.clip(np.nan_to_num(X).astype(np.float64) / self.spread, -9, 9)

        def predict_proba(self, X):
            rows = self.scale(X)
            far = ((rows[:, None] - self.means) ** 2).sum(axis=2)
            odds = np.exp(far.min(axis=1, keepdims=True) - far)
            return odds / odds.sum(axis=1, keepdims=True)

        def to_onnx(self, n_features, classes):
            from onnx import TensorProto, helper, numpy_helper

            constants = {
                "zero": np.zeros(1),
                "spread": self.spread,
                "low": np.float64(-9),
                "high": np.float64(9),
                "means": self.means[None],
                "at": np.asarray([1], np.int64),
                "last": np.asarray([2], np.int64),
                "values": np.asarray(classes, np.int64),
            }
            nodes = [
                helper.make_node("Cast", ["X"], ["wide"], to=TensorProto.DOUBLE),
                helper.make_node("IsNaN", ["wide"], ["absent"]),
                helper.make_node("Where", ["absent", "zero", "wide"], ["known"]),
                helper.make_node("Div", ["known", "spread"], ["scaled"]),
                helper.make_node("Clip", ["scaled", "low", "high"], ["rows"]),
                helper.make_node("Unsqueeze", ["rows", "at"], ["each"]),
                helper.make_node("Sub", ["each", "means"], ["apart"]),
                helper.make_node("ReduceSumSquare", ["apart", "last"], ["far"], keepdims=0),
                helper.make_node("Neg", ["far"], ["near"]),
                helper.make_node("Softmax", ["near"], ["shares"], axis=1),
                helper.make_node("Cast", ["shares"], ["probabilities"], to=TensorProto.FLOAT),
                helper.make_node("ArgMax", ["shares"], ["best"], axis=1, keepdims=0),
                helper.make_node("Gather", ["values", "best"], ["label"]),
            ]
            shape = [None, len(classes)]
            graph = helper.make_graph(
                nodes,
                "nearest",
                [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, n_features])],
                [
                    helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
                    helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape),
                ],
                [
                    numpy_helper.from_array(np.asarray(value), name)
                    for name, value in constants.items()
                ],
            )
            return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])

    return NearestMean()


def module(data):
    """A module of torch.nn of the user's own, that ends early."""
    require("torch", "onnxscript", extra="torch", why="fit a module of torch.nn")
    from torch import nn

    from ruvector.trainers import TorchClassifier

    width, classes = len(data.feature_names), len(np.unique(data.y("train")))
    mine = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, classes))
    return TorchClassifier(module=mine, max_epochs=3, patience=1)


def model(data):
    """A model of Keras of the user's own."""
    require("keras", "torch", "onnxscript", extra="keras", why="fit a model of Keras")
    import keras

    from ruvector.trainers import KerasClassifier

    width, classes = len(data.feature_names), len(np.unique(data.y("train")))
    mine = keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Dense(16, activation="silu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    return KerasClassifier(model=mine, max_epochs=1)


OBJECTS = {
    "a pipeline of columns": columns,
    "an object with fit and to_onnx": lambda data: nearest_mean(),
    "an nn.Module": module,
    "a keras.Model": model,
}


def as_file(data, folder, suffix):
    """An estimator that was fitted without us, and the file it was saved to."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    fitted.fit(data.X("train"), data.y("train"))
    path = folder / f"custom_model.{suffix}"
    if suffix == "skops":
        require("skops", extra="skops", why="save a model as skops")
        import skops.io

        skops.io.dump(fitted, path)
    else:
        import joblib

        joblib.dump(fitted, path)
    return fitted, path
