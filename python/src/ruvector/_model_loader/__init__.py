"""The process that loads a model file: ``python -m ruvector._model_loader FOLDER``; no names here.

``ruvector.deploy`` starts it, so that what a file does as it is loaded happens in no other process.
"""

from __future__ import annotations

__all__: list[str] = []
