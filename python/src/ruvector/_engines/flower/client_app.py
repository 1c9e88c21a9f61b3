"""The client app of Flower: trains on the history of this host, which does not leave it.

Rows come from the running daemon; with ``dataset=`` in the node's configuration from a training set
in files, of which ``partition-id`` of ``num-partitions`` is this host's.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from numpy.typing import NDArray

from ..._client import connect, open_dataset_folder
from ..._exceptions import FeatureMismatchError, FewRowsError
from ..._training import LabelledDataset
from ..split_rows import SplitRows
from .averaged import HostFit, share_model

__all__ = ["client"]

_MIN_ROWS = 20

client = ClientApp()


@client.train()  # type: ignore[untyped-decorator,unused-ignore]
def train(message: Message, context: Context) -> Message:
    """Go on from the model of the server for one round."""
    asked = message.content["config"]
    assert isinstance(asked, ConfigRecord)
    job: dict[str, Any] = json.loads(str(asked["job"]))
    rows = _read_rows(job, context.node_config)
    model = share_model(
        job["estimator"],
        job["parameters"],
        len(job["labels"]),
        len(job["features"]),
        job["window"],
        job["seed"],
    )
    model.use_scales([np.asarray(each) for each in job["scales"]])
    weights = job["weights"]
    fit = HostFit(
        epochs=job["local_epochs"],
        weights=None if weights is None else np.asarray(weights),
        proximal_mu=float(asked.get("proximal-mu", 0.0)),
        hosts=job["hosts"],
        seed=job["seed"] * 1009 + int(asked["server-round"]),
    )
    arrays = message.content["arrays"]
    assert isinstance(arrays, ArrayRecord)
    learnt, loss = model.fit(arrays.to_numpy_ndarrays(), rows, fit)
    # With differential privacy all hosts weigh the same, and none tells how many rows it has.
    count = 1 if job["noise_multiplier"] is not None else len(rows.y)
    told = {} if job["noise_multiplier"] is not None else {"loss": loss}
    metrics = MetricRecord({"num-examples": count, **told})
    content = RecordDict({"arrays": ArrayRecord(_plain(learnt)), "metrics": metrics})
    return Message(content=content, reply_to=message)


def _plain(arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    return [np.ascontiguousarray(each) for each in arrays]


def _read_rows(job: dict[str, Any], node: Any) -> SplitRows:  # noqa: ANN401
    """Rows of the train split of this host."""
    if "dataset" in node:
        dataset: LabelledDataset = open_dataset_folder(str(node["dataset"])).read()
    else:
        window = job["window"]
        with connect(node.get("home")) as daemon:
            dataset = daemon.dataset() if window is None else daemon.dataset(window=window)
    theirs, ours = dataset.meta.get("featureSpecSha256"), job["feature_spec_sha256"]
    if list(dataset.feature_names) != job["features"] or (ours and theirs != ours):
        raise FeatureMismatchError(
            f"Cannot train on this host: it computes features {str(theirs)[:12]}, the server asks "
            f"for {str(ours)[:12]}; run the same version of ruvector-memopt on both"
        )
    part = slice(node.get("partition-id", 0), None, node.get("num-partitions", 1))
    rows = SplitRows(dataset.X("train")[part], dataset.y("train")[part].astype(np.int64))
    if len(rows.y) < _MIN_ROWS:
        raise FewRowsError(
            f"Cannot train on this host: it has {len(rows.y)} labelled rows, at least {_MIN_ROWS} "
            "are needed; collect for longer"
        )
    return rows
