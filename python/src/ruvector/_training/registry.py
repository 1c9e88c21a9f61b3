"""Estimators by name: one table of what can be asked for, filled by each framework on first use.

A name comes from a command line or a job, so it never imports anything but the modules listed here.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from .._exceptions import MissingPackageError, UnknownEstimatorError
from .._untyped import Estimator
from .tasks import Task

__all__ = [
    "Entry",
    "Framework",
    "find_entry",
    "install_line",
    "load_framework_of",
    "register",
    "require",
]


@dataclass(frozen=True)
class Entry:
    """One name.

    Attributes
    ----------
    name : str
        ``"lightgbm.LGBMClassifier"``.
    task : Task
        What it is for.
    create : callable
        Makes an unfitted estimator with the defaults of this product.
    windows : bool
        True when it takes windows of the history (``dataset(window=...)``).

    """

    name: str
    task: Task
    create: Callable[[], Estimator]
    windows: bool = False


@dataclass(frozen=True)
class Framework:
    """Names that begin alike, in a module that registers them when it is imported.

    Attributes
    ----------
    module : str
        Imported on the first use of such a name.
    packages : tuple of str
        Import names it needs.
    extra : str
        Extra of ruvector-memopt that brings the packages.

    """

    module: str
    packages: tuple[str, ...]
    extra: str


#: By the first part of a name. scikit-learn's own names are in ``estimators``.
FRAMEWORKS: Mapping[str, Framework] = {
    "keras": Framework("ruvector.trainers.keras", ("keras", "torch", "onnxscript"), "keras"),
    "lightgbm": Framework("ruvector._training.boosting.lightgbm", ("lightgbm",), "boosting"),
    "torch": Framework("ruvector.trainers.torch", ("torch", "onnxscript"), "torch"),
    "xgboost": Framework("ruvector._training.boosting.xgboost", ("xgboost",), "boosting"),
}

_entries: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add a name, or replace what it means."""
    _entries[entry.name] = entry


def find_entry(name: str) -> Entry | None:
    """Entry of a name; None when it begins like no framework here.

    Raises
    ------
    MissingPackageError
        A package of its framework is not installed; the text has the line that installs it.
    UnknownEstimatorError
        The framework has no such estimator.

    """
    framework = FRAMEWORKS.get(name.partition(".")[0])
    if name not in _entries and framework is not None:
        require(*framework.packages, extra=framework.extra, why=f'create estimator "{name}"')
        importlib.import_module(framework.module)
        if name not in _entries:
            raise UnknownEstimatorError(
                f'Cannot create estimator "{name}": there is no such name; {_suggest(name)}'
            )
    return _entries.get(name)


def load_framework_of(estimator: Estimator) -> None:
    """Import what this package knows of the framework of an object, of its bases too."""
    for kind in type(estimator).__mro__:
        framework = FRAMEWORKS.get(kind.__module__.partition(".")[0])
        if framework is not None:
            importlib.import_module(framework.module)


def require(*packages: str, extra: str, why: str) -> None:
    """Refuse when a package is not installed.

    Parameters
    ----------
    *packages : str
        Import names.
    extra : str
        Extra of ruvector-memopt that brings them.
    why : str
        What they are needed for, after "Cannot".

    Raises
    ------
    MissingPackageError
        One is missing; the text has the line that installs the extra.

    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise MissingPackageError(
            f"Cannot {why}: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed; {install_line(extra)}"
        )


def install_line(extra: str) -> str:
    """Line that installs an extra of this package."""
    return f"run: pip install 'ruvector-memopt[{extra}]'"


def _suggest(name: str) -> str:
    prefix = name.partition(".")[0] + "."
    known = sorted(entry for entry in _entries if entry.startswith(prefix))
    near = difflib.get_close_matches(name, known, n=3) or known
    return f"use one of {', '.join(near)}"
