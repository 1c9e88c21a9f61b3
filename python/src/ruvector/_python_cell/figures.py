"""Figures: matplotlib's as PNG by `plt.show()` or at the end of a cell, plotly's by `show()`.

Neither is imported here; what a cell imports is given a `show` of the notebook.
"""

from __future__ import annotations

import base64
import importlib.abc
import importlib.machinery
import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeAlias

__all__ = ["figure_bundle", "show_by", "take_figures"]

MimeBundle: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[[MimeBundle, MimeBundle], None]

_PYPLOT = "matplotlib.pyplot"


def figure_bundle(figure: Any) -> MimeBundle:  # noqa: ANN401
    """PNG and name of a figure."""
    png = io.BytesIO()
    figure.savefig(png, format="png", bbox_inches="tight")
    return {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": repr(figure)}


def take_figures(show: Show) -> None:
    """Show the open figures in their order and close them."""
    pyplot: ModuleType | Any | None = sys.modules.get(_PYPLOT)
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        show(figure_bundle(pyplot.figure(number)), {})
    pyplot.close("all")


def show_by(show: Show, display: Callable[[object], None]) -> None:
    """Have the libraries' own ways to show a figure show it below the cell."""

    def change_pyplot(module: ModuleType) -> None:
        module.__dict__["show"] = lambda *_args, **_options: take_figures(show)

    def change_plotly(module: ModuleType) -> None:
        # Its own would need IPython or open a browser.
        module.__dict__["BaseFigure"].show = lambda self, *_args, **_options: display(self)

    changes: dict[str, Callable[[ModuleType], None]] = {
        _PYPLOT: change_pyplot,
        "plotly.basedatatypes": change_plotly,
    }
    sys.meta_path.insert(0, _ChangingFinder(changes))


class _ChangingFinder(importlib.abc.MetaPathFinder):
    """Finds modules as the others do, and changes some once they are loaded."""

    def __init__(self, changes: dict[str, Callable[[ModuleType], None]]) -> None:
        self._changes = changes

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        change = self._changes.get(fullname)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
