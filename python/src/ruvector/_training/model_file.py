"""A model out of a file: loaded and converted in a child process, never in this one.

A pickle runs whatever code it holds as it is loaded. So the caller says that it is trusted, and
even then only ONNX, Arrow and JSON come back from the child.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._exceptions import (
    FeatureMismatchError,
    ModelFileError,
    TrainingError,
    UntrustedModelError,
)
from .labelled_dataset import LabelledDataset
from .onnx_export import OnnxModel
from .parity import ParityReport
from .registry import require
from .stored_dataset import store_dataset

__all__ = ["MODEL_SUFFIXES", "convert_file"]

PICKLE_SUFFIXES = frozenset({".pkl", ".pickle", ".joblib"})
MODEL_SUFFIXES = PICKLE_SUFFIXES | {".skops"}
_CHILD = "ruvector._model_loader"


def convert_file(
    path: Path, name: str, dataset: LabelledDataset | None, trusted: bool | Sequence[str]
) -> OnnxModel:
    """Load a fitted estimator in a child process and take its package.

    Parameters
    ----------
    path : Path
        ``.pkl``, ``.pickle`` or ``.joblib`` of a scikit-learn estimator, or ``.skops``.
    name : str
        Name of the model.
    dataset : LabelledDataset or None
        Data set it was fitted on.
    trusted : bool or sequence of str
        True runs what the file holds; of a .skops file names of types may be trusted one by one.

    Raises
    ------
    UntrustedModelError
        A pickle without ``trusted=True``, or a .skops file with types that are not known.
    ModelFileError
        The file cannot be read, or the child died over it.

    """
    if not path.is_file():
        raise ModelFileError(f'Cannot deploy "{path}": there is no such file; check the path')
    _check_trusted(path, trusted)
    if dataset is None:
        raise FeatureMismatchError(
            f'Cannot deploy model "{name}": "{path.name}" does not say which features it takes; '
            "pass dataset=, the data set it was fitted on"
        )
    with tempfile.TemporaryDirectory(prefix="ruvector-model-") as folder:
        job = Path(folder)
        store_dataset(dataset, job)
        facts = {
            "path": str(path.resolve()),
            "name": name,
            "trusted": trusted if isinstance(trusted, bool) else list(trusted),
            "modules": [entry for entry in sys.path if entry],
        }
        (job / "job.json").write_text(json.dumps(facts), "utf-8")
        _run_child(path, job)
        return _read_package(path, job)


def _check_trusted(path: Path, trusted: bool | Sequence[str]) -> None:
    if path.suffix == ".skops":
        require("skops", extra="skops", why=f'deploy "{path}"')
        return
    if trusted is not True:
        raise UntrustedModelError(
            f'Cannot deploy a pickle, "{path}": loading it runs whatever code it holds; if you '
            "made it or trust who did, pass trusted=True, which loads it in a process of its own; "
            "else ask for a .skops file, which holds no code"
        )
    warnings.warn(
        f'"{path}" is a pickle: what it holds runs now, in a process of its own with your rights',
        stacklevel=5,
    )


def _run_child(path: Path, job: Path) -> None:
    command = [sys.executable, "-m", _CHILD, str(job)]
    # Its output is a log; what it has to say is in files.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    if ended.returncode == 0 or (job / "error.json").exists():
        return
    log = ended.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:300]
    how = f"signal {-ended.returncode}" if ended.returncode < 0 else f"status {ended.returncode}"
    raise ModelFileError(
        f'Cannot deploy "{path}": the process that loads it ended with {how} ({log}); load it '
        "yourself where you trust it and pass the fitted estimator",
        details={"log": ended.stderr.decode("utf-8", "replace")[-4000:]},
    )


def _read_package(path: Path, job: Path) -> OnnxModel:
    """Read what the child wrote; it is no more trusted than the file."""
    if (job / "error.json").exists():
        raise _read_error(json.loads((job / "error.json").read_text("utf-8")))
    try:
        facts = json.loads((job / "package.json").read_text("utf-8"))
        parity = {**facts["parity"], "batch_sizes": tuple(facts["parity"]["batch_sizes"])}
        package = OnnxModel(
            model=(job / "model.onnx").read_bytes(),
            manifest=dict(facts["manifest"]),
            golden=(job / "golden.arrow").read_bytes(),
            parity=ParityReport(**parity),
            held_out=(job / "heldout.arrow").read_bytes(),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f'Cannot deploy "{path}": what came of loading it is no model package; load it '
            "yourself where you trust it and pass the fitted estimator"
        ) from error
    for text in facts.get("warnings", ()):
        warnings.warn(f'"{path.name}": {text}', stacklevel=5)
    return package


def _read_error(facts: dict[str, Any]) -> TrainingError:
    known = {kind.code: kind for kind in _kinds_of(TrainingError)}
    kind = known.get(facts["code"], TrainingError)
    return kind(facts["message"], code=facts["code"], traceback=facts["traceback"])


def _kinds_of(kind: type[TrainingError]) -> list[type[TrainingError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _kinds_of(child))]
