"""nbclient runs a notebook in its own folder; prints the outputs of its code cells by id as JSON."""

import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

kernel, path = sys.argv[1], Path(sys.argv[2])
notebook = nbformat.read(path, as_version=4)
client = NotebookClient(
    notebook, kernel_name=kernel, timeout=180, resources={"metadata": {"path": str(path.parent)}}
)
client.execute()
nbformat.validate(notebook)
print(json.dumps({c["id"]: c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code"}))
