"""Write real and hostile ONNX model packages for the tests: python make-models.py OUT_DIR.

Each package is OUT_DIR/<kind>/{model.onnx, golden.arrow, manifest.json}. Expected values of the
real models come from scikit-learn, never from ONNX: the golden rows are an independent judge.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import skl2onnx
import sklearn
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

FEATURES = [f"feature_{i}" for i in range(12)]
LABELS = ["NoActionNeeded", "ShouldOptimize", "ShouldOptimizeAggressive", "Critical"]
CLASSES = [0, 1, 3]
SPEC_SHA256 = hashlib.sha256("\n".join(FEATURES).encode()).hexdigest()
OPSET = {"": 18, "ai.onnx.ml": 3}


def training_rows(seed: int, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping classes over 12 float32 features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, len(FEATURES))).astype(np.float32)
    score = x[:, 0] + 0.7 * x[:, 1] * x[:, 2] + 0.3 * rng.normal(size=rows)
    y = np.asarray(CLASSES)[np.digitize(score, [0.4, 1.3])]
    return x, y


def golden_rows(estimator: Any, seed: int) -> tuple[np.ndarray, list[str]]:
    """Random rows, rows on float32 neighbours of split values, NaN and extreme rows."""
    rng = np.random.default_rng(seed + 1000)
    random = rng.normal(size=(64, len(FEATURES))).astype(np.float32)
    edge = training_rows(seed)[0][:60].copy()
    for i, row in enumerate(edge):
        at = i % len(FEATURES)
        row[at] = np.nextafter(row[at], np.float32([-np.inf, np.inf, row[at]][i % 3]))
    extreme = np.float32([[v] * len(FEATURES) for v in (0, 1e6, -1e6, 1e-30)])
    parts = [("random", random), ("threshold", edge), ("extreme", extreme)]
    if isinstance(estimator, HistGradientBoostingClassifier):
        missing = random[:9].copy()
        missing[np.arange(9), np.arange(9)] = np.nan
        parts.append(("nan", missing))
    return np.vstack([rows for _, rows in parts]), [name for name, rows in parts for _ in rows]


def write_golden(
    path: Path, x: np.ndarray, label: np.ndarray, proba: np.ndarray, cases: list[str]
) -> bytes:
    """Write golden.arrow as an Arrow IPC stream and return its bytes."""
    columns: dict[str, Any] = {
        name: pa.array(x[:, i], pa.float32()) for i, name in enumerate(FEATURES)
    }
    columns["expected_label"] = pa.array(label, pa.int64())
    for i in range(proba.shape[1]):
        columns[f"p{i}"] = pa.array(proba[:, i].astype(np.float32), pa.float32())
    columns["case"] = pa.array(cases, pa.utf8())
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data = bytes(sink.getvalue())
    path.write_bytes(data)
    return data


def write_manifest(
    out: Path, name: str, model: bytes, golden: bytes, rows: int, estimator: str, **change: Any
) -> None:
    """Write manifest.json; `change` overrides top-level keys."""
    proto = onnx.load_from_string(model) if change.pop("readable", True) else None
    opset = {o.domain: o.version for o in proto.opset_import} if proto else OPSET
    manifest: dict[str, Any] = {
        "format": 1,
        "name": name,
        "created": "2026-01-01T00:00:00.000Z",
        "features": [{"name": f, "dtype": "float32"} for f in FEATURES],
        "featureSpecSha256": SPEC_SHA256,
        "input": {"name": "X", "dtype": "float32", "shape": [None, len(FEATURES)]},
        "outputs": {"label": "label", "probabilities": "probabilities"},
        "labels": LABELS,
        "classes": CLASSES,
        "trainer": {
            "estimator": estimator,
            "parameters": {},
            "versions": {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__},
        },
        "dataset": {"id": "fixture", "sha256": "0" * 64, "rows": 3000},
        "metrics": {"macroF1": None},
        "parity": {"rows": rows, "maxAbsDiff": 0, "labelMismatches": 0, "tolerance": 1e-5},
        "golden": {"sha256": hashlib.sha256(golden).hexdigest(), "rows": rows},
        "model": {
            "sha256": hashlib.sha256(model).hexdigest(),
            "sizeBytes": len(model),
            "opset": opset,
        },
    }
    manifest.update(change)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2))


def make_real(root: Path, kind: str, estimator: Any, seed: int) -> None:
    """Fit, convert and write one real package."""
    x, y = training_rows(seed)
    estimator.fit(x, y)
    proto = skl2onnx.to_onnx(
        estimator, x[:1], target_opset=OPSET, options={id(estimator): {"zipmap": False}}
    )
    model = proto.SerializeToString()
    out = root / kind
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.onnx").write_bytes(model)
    rows, cases = golden_rows(estimator, seed)
    golden = write_golden(
        out / "golden.arrow", rows, estimator.predict(rows), estimator.predict_proba(rows), cases
    )
    write_manifest(out, "memopt", model, golden, len(rows), type(estimator).__name__)


def linear_weights() -> np.ndarray:
    return np.random.default_rng(7).normal(size=(len(FEATURES), 3)).astype(np.float32)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def tensor(name: str, value: Any, dtype: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=dtype), name)


def linear_model(
    extra: list[onnx.NodeProto],
    inits: list[onnx.TensorProto],
    scores: str = "scores",
    opset: dict[str, int] | None = None,
    ir: int = 8,
    width: int = len(FEATURES),
    input_type: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """Softmax of a linear layer, with `extra` nodes between `scores` and the output."""
    weights = linear_weights()[:width]
    nodes = [
        helper.make_node("MatMul", ["X", "W"], ["scores"]),
        *extra,
        helper.make_node("Softmax", [scores], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["index"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "index"], ["label"]),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("X", input_type, [None, width])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3]),
        ],
        [tensor("W", weights, np.float32), tensor("classes", CLASSES, np.int64), *inits],
    )
    imports = [helper.make_opsetid(d, v) for d, v in (opset or OPSET).items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir)


def write_linear(root: Path, kind: str, proto: onnx.ModelProto | bytes, **change: Any) -> None:
    """Write a hand-built package; its golden rows are those of the plain linear model."""
    out = root / kind
    out.mkdir(parents=True, exist_ok=True)
    model = proto if isinstance(proto, bytes) else proto.SerializeToString()
    (out / "model.onnx").write_bytes(model)
    rows = np.random.default_rng(3).normal(size=(33, len(FEATURES))).astype(np.float32)
    proba = softmax(rows @ linear_weights())
    label = np.asarray(CLASSES)[proba.argmax(axis=1)]
    golden = write_golden(out / "golden.arrow", rows, label, proba, ["random"] * len(rows))
    write_manifest(out, "memopt", model, golden, len(rows), "hand-built", **change)


def first_feature() -> list[onnx.NodeProto]:
    """Nodes that leave the first feature as `first`, shape [N, 1]."""
    return [helper.make_node("Gather", ["X", "zero"], ["first"], axis=1)]


def make_hand_built(root: Path) -> None:
    """Write the plain linear model, two that fail late and the hostile ones."""
    zero = tensor("zero", [0], np.int64)
    write_linear(root, "linear", linear_model([], []))
    # log(1e6 - first) - itself is 0 until the first feature exceeds a million, then NaN.
    late_nan = [
        *first_feature(),
        helper.make_node("Sub", ["million", "first"], ["left"]),
        helper.make_node("Log", ["left"], ["log"]),
        helper.make_node("Sub", ["log", "log"], ["nothing"]),
        helper.make_node("Add", ["scores", "nothing"], ["late"]),
    ]
    million = tensor("million", [1e6], np.float32)
    write_linear(root, "late-nan", linear_model(late_nan, [zero, million], "late"))
    late_error = [
        *first_feature(),
        helper.make_node("Div", ["first", "million"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Gather", ["zeros", "whole"], ["nothing"]),
        helper.make_node("Add", ["scores", "nothing"], ["late"]),
    ]
    inits = [zero, million, tensor("zeros", [0], np.float32)]
    write_linear(root, "late-error", linear_model(late_error, inits, "late"))
    # One product of two n x n matrices: n is 1, and 2001 when the first feature is two million.
    slow = [
        *first_feature(),
        helper.make_node("Div", ["first", "million"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["steps"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["steps"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "thousand"], ["big"]),
        helper.make_node("Add", ["big", "one"], ["side"]),
        helper.make_node("Reshape", ["side", "minus"], ["flat"]),
        helper.make_node("Concat", ["flat", "flat"], ["square"], axis=0),
        helper.make_node("ConstantOfShape", ["square"], ["zeros"]),
        helper.make_node("MatMul", ["zeros", "zeros"], ["product"]),
        helper.make_node("ReduceMax", ["product"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["scores", "nothing"], ["late"]),
    ]
    sizes = [
        tensor("thousand", 1000, np.int64),
        tensor("one", 1, np.int64),
        tensor("minus", [-1], np.int64),
    ]
    write_linear(root, "late-slow", linear_model(slow, [zero, million, *sizes], "late"))
    always_nan = [
        helper.make_node("Sub", ["scores", "scores"], ["nothing"]),
        helper.make_node("Div", ["nothing", "nothing"], ["late"]),
    ]
    write_linear(root, "nan", linear_model(always_nan, [], "late"))
    doubled = [helper.make_node("Add", ["scores", "scores"], ["late"])]
    write_linear(root, "wrong-answers", linear_model(doubled, [], "late"))
    reordered = [{"name": f, "dtype": "float32"} for f in reversed(FEATURES)]
    write_linear(root, "feature-order", linear_model([], []), features=reordered)
    write_linear(root, "feature-spec", linear_model([], []), featureSpecSha256="f" * 64)
    write_linear(root, "narrow", linear_model([], [], width=11))
    write_linear(root, "double-input", linear_model([], [], input_type=TensorProto.DOUBLE))
    write_linear(root, "opset-high", linear_model([], [], opset={"": 99, "ai.onnx.ml": 3}))
    write_linear(root, "ir-high", linear_model([], [], ir=99))
    foreign = [helper.make_node("Identity", ["scores"], ["late"], domain="com.example")]
    write_linear(
        root, "domain", linear_model(foreign, [], "late", opset={**OPSET, "com.example": 1})
    )
    write_linear(root, "domain-unimported", linear_model(foreign, [], "late"))
    write_linear(
        root, "domain-subgraph", linear_model([nested(foreign_branch())], [true()], "late")
    )
    write_linear(root, "subgraph", linear_model([nested(plain_branch())], [true()], "late"))
    make_endless(root)
    make_external(root)


def make_endless(root: Path) -> None:
    """Models that may never answer: a Loop, and a tree whose child is its own parent."""
    keep = helper.make_tensor_value_info("keep", TensorProto.BOOL, [])
    step = helper.make_tensor_value_info("step", TensorProto.INT64, [])
    kept = helper.make_tensor_value_info("kept", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["keep"], ["kept"])], "body", [step, keep], [kept]
    )
    endless = helper.make_node("Loop", ["", "yes"], [], body=body)
    write_linear(root, "loop", linear_model([endless], [true()]))
    tree = onnx.load(root / "forest-a" / "model.onnx")
    node = next(n for n in tree.graph.node if n.op_type == "TreeEnsembleClassifier")
    values = {a.name: a for a in node.attribute}
    children = values["nodes_truenodeids"].ints
    modes = values["nodes_modes"].strings
    child = next(c for c in children if c > 0 and modes[c] != b"LEAF")
    children[child] = values["nodes_nodeids"].ints[list(children).index(child)]
    write_linear(root, "tree-loop", tree)


def true() -> onnx.TensorProto:
    return tensor("yes", True, np.bool_)


def branch(nodes: list[onnx.NodeProto], inits: list[onnx.TensorProto]) -> onnx.GraphProto:
    out = helper.make_tensor_value_info("branch", TensorProto.FLOAT, [None, 3])
    return helper.make_graph(nodes, "branch", [], [out], inits)


def plain_branch() -> onnx.GraphProto:
    return branch([helper.make_node("Identity", ["scores"], ["branch"])], [])


def foreign_branch() -> onnx.GraphProto:
    node = helper.make_node("Identity", ["scores"], ["branch"], domain="com.example")
    return branch([node], [])


def nested(graph: onnx.GraphProto) -> onnx.NodeProto:
    return helper.make_node("If", ["yes"], ["late"], then_branch=graph, else_branch=plain_branch())


def external(name: str, shape: list[int]) -> onnx.TensorProto:
    """A tensor whose values lie in another file."""
    out = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
    out.data_location = TensorProto.EXTERNAL
    out.external_data.add(key="location", value="../../secret")
    return out


def make_external(root: Path) -> None:
    """External data in every place a tensor can hide."""
    add = [helper.make_node("Add", ["scores", "E"], ["late"])]
    write_linear(root, "external", linear_model(add, [external("E", [1])], "late"))
    constant = helper.make_node("Constant", [], ["E"], value=external("v", [1]))
    write_linear(root, "external-attribute", linear_model([constant, *add], [], "late"))
    hidden = branch([helper.make_node("Add", ["scores", "E"], ["branch"])], [external("E", [1])])
    write_linear(root, "external-subgraph", linear_model([nested(hidden)], [true()], "late"))
    sparse = helper.make_sparse_tensor(external("v", [1]), tensor("i", [0], np.int64), [3])
    node = helper.make_node("Constant", [], ["E"], sparse_value=sparse)
    write_linear(root, "external-sparse", linear_model([node, *add], [], "late"))
    proto = linear_model([], [])
    body = helper.make_node("Constant", [], ["out"], value=external("v", [1]))
    proto.functions.append(
        helper.make_function("ai.onnx.ml", "Hidden", [], ["out"], [body], proto.opset_import)
    )
    write_linear(root, "external-function", proto)
    entries = linear_model([], [])
    entries.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    write_linear(root, "external-entries", entries)


def improper_heads() -> dict[str, tuple[list[onnx.NodeProto], list[onnx.TensorProto]]]:
    """Nodes from `scores` to `label` and `probabilities` that give something else, by what it is."""
    node = helper.make_node
    soft = node("Softmax", ["scores"], ["proper"], axis=1)
    best = [
        node("ArgMax", ["scores"], ["index"], axis=1, keepdims=0),
        node("Gather", ["classes", "index"], ["label"]),
    ]
    same = [soft, node("Identity", ["proper"], ["probabilities"])]

    def scaled(by: float, plus: float = 0.0) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        nodes = [
            soft,
            node("Mul", ["proper", "by"], ["multiplied"]),
            node("Add", ["multiplied", "plus"], ["probabilities"]),
            *best,
        ]
        return nodes, [tensor("by", by, np.float32), tensor("plus", plus, np.float32)]

    def labelled(
        nodes: list[onnx.NodeProto], *inits: onnx.TensorProto
    ) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        return [*same, *nodes], list(inits)

    return {
        "raw-scores": ([node("Identity", ["scores"], ["probabilities"]), *best], []),
        "log-probabilities": (
            [node("LogSoftmax", ["scores"], ["probabilities"], axis=1), *best],
            [],
        ),
        "one-against-rest": ([node("Sigmoid", ["scores"], ["probabilities"]), *best], []),
        "percents": scaled(100.0),
        "half-shares": scaled(0.5),
        "beyond-one": scaled(2.0, -1 / 3),
        "softmax-of-the-batch": (
            [node("Softmax", ["scores"], ["probabilities"], axis=0), *best],
            [],
        ),
        "argmin-labels": labelled(
            [
                node("ArgMin", ["scores"], ["index"], axis=1, keepdims=0),
                node("Gather", ["classes", "index"], ["label"]),
            ]
        ),
        "labels-by-position": labelled(
            [node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)],
        ),
        "labels-outside": labelled(
            [*best[:1], node("Gather", ["others", "index"], ["label"])],
            tensor("others", [0, 1, 7], np.int64),
        ),
        "one-label": labelled(
            [*best[:1], node("Gather", ["others", "index"], ["label"])],
            tensor("others", [1, 1, 1], np.int64),
        ),
        "turned-labels": labelled(
            [*best[:1], node("Gather", ["others", "index"], ["label"])],
            tensor("others", [3, 0, 1], np.int64),
        ),
    }


def headed_model(nodes: list[onnx.NodeProto], inits: list[onnx.TensorProto]) -> onnx.ModelProto:
    """A linear layer whose `scores` the nodes turn into `label` and `probabilities`."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["X", "W"], ["scores"]), *nodes],
        "headed",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, len(FEATURES)])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3]),
        ],
        [
            tensor("W", linear_weights(), np.float32),
            tensor("classes", CLASSES, np.int64),
            *inits,
        ],
    )
    imports = [helper.make_opsetid(d, v) for d, v in OPSET.items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def make_improper(root: Path) -> None:
    """Models whose probabilities are none, each with golden rows that vouch for its own answers."""
    import onnxruntime

    rows = np.random.default_rng(3).normal(size=(33, len(FEATURES))).astype(np.float32)
    for kind, (nodes, inits) in improper_heads().items():
        out = root / kind
        out.mkdir(parents=True, exist_ok=True)
        model = headed_model(nodes, inits).SerializeToString()
        (out / "model.onnx").write_bytes(model)
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        label, shares = session.run(["label", "probabilities"], {"X": rows})
        golden = write_golden(out / "golden.arrow", rows, label, shares, ["random"] * len(rows))
        write_manifest(out, "memopt", model, golden, len(rows), "hand-built")
    # What forests do: the sum of float32 shares is a rounding beyond 0 and 1.
    overshoot = [
        helper.make_node("Softmax", ["scores"], ["proper"], axis=1),
        helper.make_node("Add", ["proper", "rounding"], ["probabilities"]),
        helper.make_node("ArgMax", ["proper"], ["index"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "index"], ["label"]),
    ]
    rounding = tensor("rounding", [-1.2e-7, 1.2e-7, -1.2e-7], np.float32)
    write_linear(root, "overshoot", headed_model(overshoot, [rounding]))


def main() -> None:
    """Write every package under the directory named on the command line."""
    root = Path(sys.argv[1])
    forest = {"n_estimators": 40, "max_depth": 8, "n_jobs": 1}
    make_real(root, "forest-a", RandomForestClassifier(random_state=1, **forest), 1)
    make_real(root, "forest-b", RandomForestClassifier(random_state=2, **forest), 2)
    make_real(root, "boosting", HistGradientBoostingClassifier(max_iter=30, random_state=1), 3)
    make_real(root, "logistic", LogisticRegression(max_iter=500), 4)
    make_hand_built(root)
    make_improper(root)


if __name__ == "__main__":
    main()
