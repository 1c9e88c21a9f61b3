"""Parameters of public calls: what was passed is checked here, what was not given is left out."""

from __future__ import annotations

import functools
import inspect
import math
import os
import reprlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeVar

from ._exceptions import ArgumentsError

__all__ = [
    "FLAG",
    "FUNCTION",
    "MAPPING",
    "PATH",
    "TEXT",
    "TEXTS",
    "Wanted",
    "having",
    "number",
    "sequence",
    "takes",
    "text",
    "whole_number",
    "without_none",
]

P = ParamSpec("P")
R = TypeVar("R")
# What may hold a secret is never shown.
_SECRET = ("key", "token")


class Wanted(NamedTuple):
    """What a parameter has to be: as people say it, and the check."""

    said: str
    fits: Callable[[Any], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_path(value: object) -> bool:
    return _is_text(value) or isinstance(value, os.PathLike)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ == "bool_"


TEXT = Wanted("text", _is_text)
PATH = Wanted("a path", _is_path)
FLAG = Wanted("True or False", _is_flag)
FUNCTION = Wanted("a function", callable)
MAPPING = Wanted("a dict", lambda value: isinstance(value, Mapping))


def text(said: str) -> Wanted:
    """Want text that is not empty, such as a name."""
    return Wanted(said, _is_text)


def number(said: str, low: float = -math.inf, *, above: bool = False) -> Wanted:
    """Want a finite number of at least ``low``, or above it."""

    def fits(value: object) -> bool:
        if not isinstance(value, Real) or _is_flag(value):
            return False
        given = float(value)
        return math.isfinite(given) and (given > low if above else given >= low)

    return Wanted(said, fits)


def whole_number(said: str, low: float = -math.inf) -> Wanted:
    """Want a whole number of at least ``low``; an integer of numpy is one."""

    def fits(value: object) -> bool:
        return isinstance(value, Integral) and not _is_flag(value) and int(value) >= low

    return Wanted(said, fits)


def sequence(said: str, fits: Callable[[Any], bool]) -> Wanted:
    """Want a list or tuple of what fits; text is none."""

    def fits_all(value: Any) -> bool:  # noqa: ANN401
        is_one = isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
        return is_one and all(fits(each) for each in value)

    return Wanted(said, fits_all)


def having(said: str, *attributes: str) -> Wanted:
    """Want an object that has these methods or attributes."""
    return Wanted(
        said,
        lambda value: (
            not isinstance(value, type) and all(hasattr(value, name) for name in attributes)
        ),
    )


TEXTS = sequence("a list of texts", _is_text)


def takes(**wanted: Wanted) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse arguments that a function cannot work with, all of them at once, before it begins.

    None is fine where it is the default. What is not named here is the function's own affair.

    Raises
    ------
    ArgumentsError
        From the function, naming each argument, what it is and what it has to be.

    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        # Of what goes through **options None is what was not given.
        known = {name: each.default for name, each in signature.parameters.items()}
        required = {name for name, default in known.items() if default is not None}
        options = [
            name for name, each in signature.parameters.items() if each.kind == each.VAR_KEYWORD
        ]

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                bound = signature.bind(*args, **kwargs).arguments
            except TypeError:
                return function(*args, **kwargs)  # Python says it in its own words
            given = {
                **bound,
                **{name: each for key in options for name, each in bound.get(key, {}).items()},
            }
            wrong = [
                name
                for name, want in wanted.items()
                if name in given
                and (given[name] is not None or name in required)
                and not want.fits(given[name])
            ]
            if wrong:
                raise _error(function.__qualname__, {name: given[name] for name in wrong}, wanted)
            return function(*args, **kwargs)

        return checked

    return decorate


def _error(
    function: str, wrong: Mapping[str, object], wanted: Mapping[str, Wanted]
) -> ArgumentsError:
    state = " and ".join(f"{name} is {_show(name, value)}" for name, value in wrong.items())
    said = {name: wanted[name].said for name in wrong}
    alone = len(said) == 1
    steps = [each if alone else f"{each} for {name}" for name, each in said.items()]
    called = function.removesuffix(".__init__")
    return ArgumentsError(
        f"Cannot call {called}(): {state}; pass {' and '.join(steps)}",
        details={"arguments": sorted(wrong)},
    )


def _show(name: str, value: object) -> str:
    if name in _SECRET or not isinstance(value, str | bytes | Real | list | tuple | dict | None):
        return f"of type {type(value).__name__}"
    return reprlib.repr(value)


def without_none(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given."""
    return {name: value for name, value in parameters.items() if value is not None}
