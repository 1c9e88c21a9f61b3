"""nbclient runs a small notebook; prints what its cells hold as JSON."""

import json
import sys

import nbformat
from nbclient import NotebookClient

cells = [
    "const rows = [1, 2, 3]\nrows.map((n) => n * 2)",
    "console.log('printed'); await display(html`<b>bold</b>`)\nundefined",
    "throw new RangeError('expected')",
    "rows.length",
]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
client = NotebookClient(notebook, kernel_name=sys.argv[1], timeout=60, allow_errors=True)
client.execute()
nbformat.validate(notebook)
print(json.dumps([cell["outputs"] for cell in notebook["cells"]]))
