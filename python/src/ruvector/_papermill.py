"""Parameters of papermill for TypeScript notebooks: `papermill in.ipynb out.ipynb -p name value`.

papermill has entry points for engines, not for translators: it loads this module for the engine
`ruvector`, which is its own engine under a second name, and that registers the translator.
Source: https://papermill.readthedocs.io/en/latest/extending-entry-points.html
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

__all__ = ["TypeScriptEngine", "TypeScriptTranslator"]

#: Integers that a JavaScript number holds exactly; others become bigints.
_MAX_SAFE_INTEGER = 2**53 - 1

_IDENTIFIER = re.compile(r"[^\W\d][\w$]*|[$][\w$]*")
_DECLARATION = re.compile(
    r"^\s*(?:export\s+)?(?:const|let|var)\s+(?P<name>[\w$]+)\s*"
    r"(?::\s*(?P<type>[^=]+?)\s*)?=\s*(?P<value>.*?);?\s*(?://\s*(?P<help>.*))?$"
)


class TypeScriptTranslator(Translator):  # type: ignore[misc]
    """Writes Python values as TypeScript; every value comes back equal and with its own type."""

    @classmethod
    def translate(cls, val: object) -> str:
        """Write one value: None, bool, int, float, str, dates, mappings, sequences and sets."""
        if isinstance(val, datetime.datetime | datetime.date):
            return f"new Date({cls.translate_str(val.isoformat())})"
        if isinstance(val, Mapping):
            return cls.translate_dict(val)
        if isinstance(val, list | tuple):
            return cls.translate_list(val)
        if isinstance(val, set | frozenset):
            return f"new Set({cls.translate_list(sorted(val, key=repr))})"
        return str(super().translate(val))

    @classmethod
    def translate_none(cls, val: object) -> str:
        """Write null."""
        return "null"

    @classmethod
    def translate_int(cls, val: int) -> str:
        """Write a number, beyond 2^53 a bigint, which loses nothing."""
        return str(val) if abs(val) <= _MAX_SAFE_INTEGER else f"{val}n"

    @classmethod
    def translate_float(cls, val: float) -> str:
        """Write the shortest digits that read back as the same number."""
        if math.isnan(val):
            return "NaN"
        if math.isinf(val):
            return "Infinity" if val > 0 else "-Infinity"
        return repr(val)

    @classmethod
    def translate_escaped_str(cls, str_val: object) -> str:
        """Write a string of JSON, which is one of JavaScript; unpaired surrogates stay escaped."""
        text = str(str_val)
        try:
            text.encode()
        except UnicodeEncodeError:
            return json.dumps(text)
        return json.dumps(text, ensure_ascii=False)

    @classmethod
    def translate_dict(cls, val: Mapping[Any, object]) -> str:
        """Write an object; `__proto__` as a computed key, for the plain one sets the prototype."""
        pairs = [(cls.translate_escaped_str(key), cls.translate(item)) for key, item in val.items()]
        body = ", ".join(
            f"[{key}]: {item}" if key == '"__proto__"' else f"{key}: {item}" for key, item in pairs
        )
        return f"{{ {body} }}" if body else "{}"

    @classmethod
    def translate_list(cls, val: list[object] | tuple[object, ...]) -> str:
        """Write an array."""
        return f"[{', '.join(cls.translate(item) for item in val)}]"

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        """Write a line comment."""
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        """Declare anew: the kernel lets a cell redeclare what the parameters cell declared."""
        if not _IDENTIFIER.fullmatch(name):
            raise PapermillException(
                f'Cannot set parameter "{name}": it is no name in TypeScript; '
                "use letters, digits, _ and $"
            )
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Parameter]:  # noqa: ANN401 - a NotebookNode
        """Parameters with their types and comments, for `papermill --help-notebook`."""
        matches = map(_DECLARATION.match, parameters_cell["source"].splitlines())
        return [
            Parameter(
                name=match["name"],
                inferred_type_name=match["type"] or "None",
                default=match["value"],
                help=match["help"] or "",
            )
            for match in matches
            if match
        ]


class TypeScriptEngine(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine."""


papermill_translators.register("typescript", TypeScriptTranslator)
