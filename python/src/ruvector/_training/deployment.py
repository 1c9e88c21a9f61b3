"""Send a model to the running daemon, which verifies it and swaps it in while decisions go on.

Only ONNX travels: no pickle is ever sent, and none is read in this process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._client import connect
from .._exceptions import FeatureMismatchError, NotAModelError, NotFittedModelError
from .._parameters import FLAG, TEXT, takes
from .._report import draw, render_card
from .._untyped import Estimator
from .fit_result import FitResult
from .fitted_elsewhere import take_fitted
from .golden import check_answers, decode_golden
from .labelled_dataset import LabelledDataset
from .measurement import hold_out, measure
from .model_file import MODEL_SUFFIXES, convert_file
from .onnx_export import OnnxModel, export_onnx, pack_held_out
from .registry import load_framework_of
from .result_log import log_deployment
from .run_log import LoggerName, open_run
from .tasks import Task, task_of

__all__ = ["Deployment", "deploy"]


class DeployReply(Protocol):
    @property
    def result(self) -> Any: ...  # noqa: ANN401  any JSON value


class DeployClient(Protocol):
    """The part of a client that deployment uses."""

    def request(
        self, name: str, params: Mapping[str, Any], *, attachments: tuple[bytes, ...]
    ) -> DeployReply:
        """Send a request and wait for its reply."""


@dataclass(frozen=True)
class Deployment:
    """What the daemon answered.

    Attributes
    ----------
    name : str
        Name of the model.
    version : str
        Version the registry gave it.
    activated : bool
        True when it answers decisions now.
    reason : str
        One sentence: why it went live, or why it stays the candidate.
    report : dict
        The daemon's answer; ``swap`` is its report of verification and swap, None when the model
        was only stored; ``gate`` holds the figures of the comparison.
    manifest : dict
        The manifest that was sent.

    """

    name: str
    version: str
    activated: bool
    reason: str
    report: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def live(self) -> str | None:
        """``name@version`` that was live under this name when the daemon answered."""
        return self._text("live")

    @property
    def replaced(self) -> str | None:
        """``name@version`` that answered before it; None when it did not go live."""
        return self._text("replaced")

    @property
    def judged_against(self) -> str | None:
        """What decided while it was judged; None when it was not judged beside anything."""
        return self._text("judgedAgainst")

    def __repr__(self) -> str:
        state = "live" if self.activated else "candidate"
        return f"Deployment({self.name}@{self.version}, {state}: {self.reason})"

    def _repr_html_(self) -> str:
        swap = self.report.get("swap") or {}
        facts = {
            "model": f"{self.name}@{self.version}",
            "state": "live" if self.activated else "candidate",
            "because": self.reason,
            "replaces": self.replaced or "nothing",
            "judged against": self.judged_against or "nothing",
            **({"swapped in": f"{swap['totalMs']:.0f} ms"} if "totalMs" in swap else {}),
        }
        return render_card("Deployment", draw("factsTable", self.reason, facts))

    def _text(self, key: str) -> str | None:
        value = self.report.get(key)
        return value if isinstance(value, str) else None


@takes(name=TEXT, activate=FLAG)
def deploy(
    model: FitResult | OnnxModel | Estimator | str | PurePath,
    *,
    name: str | None = None,
    dataset: LabelledDataset | None = None,
    activate: bool | None = None,
    trusted: bool | Sequence[str] = False,
    client: DeployClient | None = None,
    logger: LoggerName | None = None,
) -> Deployment:
    """Export a fitted model, prove parity and hand it to the running daemon.

    Parameters
    ----------
    model : FitResult, OnnxModel, fitted estimator or path
        From :func:`ruvector.fit`, from :func:`ruvector.export_onnx`, or an estimator you fitted
        yourself: an object, or a file (``.pkl``, ``.pickle``, ``.joblib`` or ``.skops``), which a
        process of its own loads and converts. The last two need ``dataset``.
    name : str, optional
        Name in the registry. By default that of the file without its ending, else ``"model"``.
    dataset : LabelledDataset, optional
        Data set the estimator was fitted on: its features, in order, and its test split, on which
        the daemon holds the model against the live one. An OnnxModel of yours needs it for that.
    activate : bool, optional
        By default the model goes live when it passes the daemon's champion gate, else it stays the
        candidate and ``reason`` says why. True makes it live whatever it is worth, False only
        stores it.
    trusted : bool or sequence of str, default False
        True lets a pickle run the code it holds. Of a .skops file only types that are not known
        need trust: True, or their names.
    client : Client, optional
        An open connection. By default a connection to the daemon of this user is opened and closed.
    logger : {"mlflow", None}, default None
        Log to MLflow what became of it: in the run of the fit when that was logged, else in a run
        of its own with metrics and model. What cannot be logged is a warning.

    Raises
    ------
    NotAModelError
        The object is no fitted classifier, detector or regressor.
    UntrustedModelError, ModelFileError
        The file is a pickle that nobody said to trust, or holds no model.
    NotFittedModelError
        The estimator was not fitted.
    FeatureMismatchError
        The estimator was fitted on other features.
    ConversionError, ParityError
        The model has no equal in ONNX.
    ProbabilitiesError
        What it calls probabilities are none.

    Examples
    --------
    >>> ruvector.deploy(result, name="memopt").version  # doctest: +SKIP

    """
    _check_arguments(dataset, client)
    if isinstance(model, str | PurePath) and PurePath(model).suffix in MODEL_SUFFIXES:
        path = Path(model)
        package = convert_file(path, name or path.stem, dataset, trusted)
    else:
        package = _to_package(model, name or "model", dataset)
    run_id = model.run_id if isinstance(model, FitResult) else None
    with open_run(logger, package.manifest["name"], run_id=run_id) as run:
        if client is not None:
            deployment = _send(client, package, activate)
        else:
            with connect() as own_client:
                deployment = _send(own_client, package, activate)
        log_deployment(run, package, deployment.report, is_new=run_id is None)
    return deployment


def _check_arguments(dataset: object, client: object) -> None:
    if dataset is not None and not hasattr(dataset, "feature_names"):
        raise NotAModelError(
            f"Cannot deploy with dataset={type(dataset).__name__}: it is no data set; pass "
            "client.dataset()"
        )
    if client is not None and not hasattr(client, "request"):
        raise NotAModelError(
            f"Cannot deploy by client={type(client).__name__}: it is no client; pass "
            "ruvector.connect(), or leave it out"
        )


def _send(client: DeployClient, package: OnnxModel, activate: bool | None) -> Deployment:
    wanted = {} if activate is None else {"activate": activate}
    held_out = () if package.held_out is None else (package.held_out,)
    reply = client.request(
        "model.deploy",
        {"manifest": package.manifest, **wanted},
        attachments=(package.model, package.golden, *held_out),
    )
    report = dict(reply.result or {})
    return Deployment(
        name=package.manifest["name"],
        version=str(report.get("version", "")),
        activated=bool(report.get("isLive", report.get("swap") is not None)),
        reason=str(report.get("reason", "")),
        report=report,
        manifest=package.manifest,
    )


def _to_package(
    model: FitResult | OnnxModel | Estimator, name: str, dataset: LabelledDataset | None
) -> OnnxModel:
    if isinstance(model, OnnxModel):
        return _renamed(model, name, dataset)
    if isinstance(model, FitResult):
        return export_onnx(model, name=name)
    return package_estimator(model, name, dataset)


def package_estimator(model: Estimator, name: str, dataset: LabelledDataset | None) -> OnnxModel:
    """Measure and export an estimator that was fitted elsewhere."""
    _check_is_model(model)
    load_framework_of(model)
    if dataset is None:
        raise FeatureMismatchError(
            f'Cannot deploy model "{name}": a plain {type(model).__name__} does not say which '
            "features it takes; pass dataset=, the data set it was fitted on"
        )
    return export_onnx(measure(take_fitted(model, dataset), dataset), name=name)


def _renamed(model: OnnxModel, name: str, dataset: LabelledDataset | None) -> OnnxModel:
    """Take a package under another name, once its golden rows hold probabilities."""
    if "features" not in model.manifest:
        raise NotAModelError(
            f'Cannot deploy model "{name}": its manifest names no features; pass what '
            "ruvector.export_onnx() gave"
        )
    manifest = {**model.manifest, "name": name}
    task: Task = manifest.get("task", "classification")
    held_out = model.held_out
    if held_out is None:
        manifest.pop("heldOut", None)
        if dataset is not None:
            held_out, described = pack_held_out(hold_out(dataset, task), dataset.feature_names)
            manifest.update(described)
    features = [feature["name"] for feature in manifest["features"]]
    golden = decode_golden(model.golden, features, task)
    if task == "classification":
        check_answers(golden.answers.label, golden.answers.numbers, manifest["classes"])
    return OnnxModel(model.model, manifest, model.golden, model.parity, held_out)


def _check_is_model(model: object) -> None:
    if isinstance(model, bytes | bytearray | memoryview):
        raise NotAModelError(
            "Cannot deploy a pickle: loading one runs whatever code it holds; pass the path of a "
            "file with trusted=True, or the fitted estimator, which is deployed as ONNX"
        )
    if isinstance(model, str | PurePath):
        raise NotAModelError(
            f'Cannot deploy "{model}": it is not a fitted classifier, detector or regressor, nor a '
            f"file that ends in {', '.join(sorted(MODEL_SUFFIXES))}; pass one of them"
        )
    if not (isinstance(model, BaseEstimator) or hasattr(model, "to_onnx")):
        raise NotAModelError(
            f"Cannot deploy a {type(model).__name__}: it is not a fitted classifier, detector or "
            "regressor; pass the result of ruvector.fit() or a fitted scikit-learn estimator"
        )
    task_of(model)
    if not isinstance(model, BaseEstimator):
        return
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise NotFittedModelError(
            f"Cannot deploy {type(model).__name__}: it is not fitted; call fit() first, or "
            "ruvector.fit(), which also measures it"
        ) from error
