"""Read job.json and the data set in a folder, load and convert the model, leave the package there.

Or error.json. Nothing else of this process is used, so whatever the file does stays in it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from .._exceptions import ModelFileError, RuvectorError, TrainingError, UntrustedModelError
from .._untyped import Estimator

__all__ = ["load_model", "main"]


def main() -> int:
    """Run one job; exit status 0 when a package was written, 1 when an error was."""
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text("utf-8"))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = load_model(Path(job["path"]), job["trusted"])
            # Late: a file that cannot be loaded is told in less time than these imports take.
            from .._training import StoredDataset, package_estimator

            package = package_estimator(model, job["name"], StoredDataset(folder))
    except BaseException as error:  # a pickle may raise anything, SystemExit among it
        _write_error(folder, error)
        return 1
    (folder / "model.onnx").write_bytes(package.model)
    (folder / "golden.arrow").write_bytes(package.golden)
    (folder / "heldout.arrow").write_bytes(package.held_out or b"")
    facts = {
        "manifest": package.manifest,
        "parity": dataclasses.asdict(package.parity),
        "warnings": sorted({str(each.message) for each in caught}),
    }
    (folder / "package.json").write_text(json.dumps(facts), "utf-8")
    return 0


def load_model(path: Path, trusted: bool | list[str]) -> Estimator:
    """Load an estimator out of a file; a pickle runs the code it holds.

    Raises
    ------
    UntrustedModelError
        A .skops file holds types that are neither known nor trusted; all are named.
    ModelFileError
        It cannot be loaded with the packages of this environment.

    """
    try:
        return _load_skops(path, trusted) if path.suffix == ".skops" else _load_pickle(path)
    except RuvectorError:
        raise
    except Exception as error:
        raise ModelFileError(
            f'Cannot load "{path}": {type(error).__name__}: {str(error).strip()[:300]}; save the '
            "model again with the packages of this environment"
        ) from error


def _load_pickle(path: Path) -> Estimator:
    import joblib

    return joblib.load(path)


def _load_skops(path: Path, trusted: bool | list[str]) -> Estimator:
    from skops import io

    unknown = io.get_untrusted_types(file=path)
    missing = [] if trusted is True else sorted(set(unknown) - set(trusted or ()))
    if missing:
        raise UntrustedModelError(
            f'Cannot deploy "{path}": it holds types that are not known to be safe: '
            f"{', '.join(missing)}; if you trust them, pass trusted={missing!r}"
        )
    return io.load(path, trusted=unknown)


def _write_error(folder: Path, error: BaseException) -> None:
    facts: dict[str, Any] = {
        "code": error.code if isinstance(error, RuvectorError) else TrainingError.code,
        "message": str(error) if isinstance(error, RuvectorError) else _describe(error),
        "traceback": traceback.format_exc(),
    }
    (folder / "error.json").write_text(json.dumps(facts), "utf-8")


def _describe(error: BaseException) -> str:
    return (
        f"Cannot convert the model of the file: {type(error).__name__}: {error}; load it yourself "
        "where you trust it and pass the fitted estimator"
    )


if __name__ == "__main__":
    sys.exit(main())
