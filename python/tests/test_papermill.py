"""papermill writes parameters that TypeScript reads back as the same values: Node decides."""

import datetime
import json
import math
import shutil
import subprocess

import nbformat
import pytest
from papermill.exceptions import PapermillException
from papermill.execute import execute_notebook  # papermill loads its entry points on import
from papermill.inspection import inspect_notebook
from papermill.translators import papermill_translators

VALUES = {
    "text": 'it\'s "quoted" `ticked` ${not} \\ back\nline\ttab \u2028 ü € 😀 \x00',
    "surrogate": "\ud83d",
    "script": "</script>",
    "empty": "",
    "count": -7,
    "safe": 2**53 - 1,
    "half": 0.1 + 0.2,
    "tiny": 5e-324,
    "large": 1e300,
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [1, "two", [None, False]],
    "none_of_it": [],
    "mapping": {"a b": 1, "": {"nested": [1.5]}, "7": "x", "__proto__": {"polluted": True}},
    "empty_mapping": {},
}


def evaluate(source: str, expression: str) -> object:
    """What JavaScript makes of the source."""
    code = f"{source}\nprocess.stdout.write(JSON.stringify({expression}))"
    node = shutil.which("node")
    assert node is not None
    result = subprocess.run(
        [node, "-"], input=code.encode("utf-8"), capture_output=True, check=True, timeout=60
    )
    return json.loads(result.stdout)


def translate(parameters: dict[str, object]) -> str:
    return papermill_translators.find_translator("ruvector", "typescript").codify(parameters)


def test_translate_keeps_every_value_that_json_has():
    source = translate(VALUES)
    assert source.startswith("// Parameters\n")
    assert evaluate(source, f"{{ {', '.join(VALUES)} }}") == VALUES


def test_translate_keeps_what_json_lacks():
    source = translate(
        {
            "missing": math.nan,
            "above": math.inf,
            "below": -math.inf,
            "zero": -0.0,
            "big": 2**80,
            "day": datetime.date(2026, 3, 1),
            "at": datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc),
            "pair": (1, 2),
            "unique": {"b", "a"},
        }
    )
    seen = evaluate(
        source,
        "[Number.isNaN(missing), above === Infinity, below === -Infinity, Object.is(zero, -0), "
        "big === 2n ** 80n, day.toISOString(), at.getTime(), pair, [...unique]]",
    )
    noon = 1772366400000
    assert seen[:5] == [True] * 5
    assert seen[5:] == ["2026-03-01T00:00:00.000Z", noon, [1, 2], ["a", "b"]]


@pytest.mark.parametrize("name", ["learning-rate", "1st", "a b", "x; process.exit()", ""])
def test_translate_refuses_what_is_no_name(name):
    with pytest.raises(PapermillException, match="is no name in TypeScript"):
        translate({name: 1})


def test_inspect_finds_names_types_defaults_and_comments(tmp_path):
    cell = nbformat.v4.new_code_cell(
        "// How to train\n"
        "const trees: number = 100; // of the forest\n"
        'let name = "memopt";\n'
        "console.log(trees);\n"
        "const data: Record<string, number[]> = { a: [1] }",
        metadata={"tags": ["parameters"]},
    )
    notebook = nbformat.v4.new_notebook(
        cells=[cell],
        metadata={
            "kernelspec": {"name": "ruvector", "language": "typescript", "display_name": "TS"}
        },
    )
    path = tmp_path / "in.ipynb"
    nbformat.write(notebook, path)
    found = inspect_notebook(str(path))
    assert {
        name: (p["inferred_type_name"], p["default"], p["help"]) for name, p in found.items()
    } == {
        "trees": ("number", "100", "of the forest"),
        "name": ("None", '"memopt"', ""),
        "data": ("Record<string, number[]>", "{ a: [1] }", ""),
    }


def test_papermill_engine_runs_nothing_else_than_papermill_does():
    from papermill.engines import NBClientEngine, papermill_engines

    assert issubclass(papermill_engines.get_engine("ruvector"), NBClientEngine)
    assert callable(execute_notebook)
