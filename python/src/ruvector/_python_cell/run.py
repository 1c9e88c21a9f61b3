"""Runs the code of a cell: statements, then the value of its last expression; errors."""

from __future__ import annotations

import ast
import base64
import linecache
import traceback
from types import CodeType
from typing import Any

from .figures import MimeBundle, figure_bundle

__all__ = ["compile_cell", "describe_error", "mime_bundle", "run_cell"]


_REPR_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
}


def compile_cell(code: str, file: str) -> tuple[CodeType, CodeType | None]:
    """Compile a cell into its statements and its last expression, when it ends in one."""
    lines = code.splitlines(keepends=True)
    linecache.cache[file] = (len(code), None, lines, file)
    try:
        tree = ast.parse(code, file)
    except SyntaxError as error:
        raise error.with_traceback(None) from None
    last: CodeType | None = None
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
        expression = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        last = compile(expression, file, "eval", flags=flags)
    return compile(tree, file, "exec", flags=flags), last


def run_cell(code: str, file: str, namespace: dict[str, Any]) -> object:
    """Run a cell and return the value of its last expression, or None."""
    body, last = compile_cell(code, file)
    _evaluate(body, namespace)
    return None if last is None else _evaluate(last, namespace)


def _evaluate(code: CodeType, namespace: dict[str, Any]) -> object:
    import inspect

    value = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio

        value = asyncio.run(_settle(value))
    return value


async def _settle(awaitable: Any) -> object:  # noqa: ANN401
    return await awaitable


def mime_bundle(value: object) -> tuple[MimeBundle, MimeBundle]:
    """Build data and metadata of a value by its `_repr_*_` methods, without those that fail."""
    data: MimeBundle = {"text/plain": repr(value)}
    metadata: MimeBundle = {}
    if isinstance(value, type):
        return data, metadata
    if _is_figure(value):
        return data | figure_bundle(value), metadata
    whole = _call(value, "_repr_mimebundle_")
    if isinstance(whole, tuple):
        data, metadata = data | whole[0], dict(whole[1])
    elif isinstance(whole, dict):
        data = data | whole
    for method, mime in _REPR_METHODS.items():
        part = None if mime in data else _call(value, method)
        if isinstance(part, tuple):
            part, metadata[mime] = part
        if part is not None:
            data[mime] = part
    return {mime: _as_text(part) for mime, part in data.items()}, metadata


def _is_figure(value: object) -> bool:
    return type(value).__module__ == "matplotlib.figure" and hasattr(value, "savefig")


def _call(value: object, name: str) -> object:
    try:
        method = getattr(value, name, None)
        return method() if callable(method) else None
    except Exception:
        return None


def _as_text(part: object) -> object:
    return base64.b64encode(part).decode() if isinstance(part, bytes) else part


def describe_error(error: BaseException, hidden: str) -> MimeBundle:
    """Build name, message and traceback of an error, without the frames of files below `hidden`."""
    frames = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    _hide(frames, hidden, seen)
    return {
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": "".join(frames.format()).rstrip("\n").split("\n"),
    }


def _hide(frames: traceback.TracebackException, hidden: str, seen: set[int]) -> None:
    if id(frames) in seen:
        return
    seen.add(id(frames))
    kept = [frame for frame in frames.stack if not frame.filename.startswith(hidden)]
    frames.stack = traceback.StackSummary.from_list(kept)
    for other in (frames.__cause__, frames.__context__):
        if other is not None:
            _hide(other, hidden, seen)
