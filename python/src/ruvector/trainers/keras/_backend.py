"""Which backend Keras gets: PyTorch, unless somebody has chosen."""

from __future__ import annotations

from collections.abc import MutableMapping

__all__ = ["choose_backend"]


def choose_backend(environment: MutableMapping[str, str]) -> None:
    """Set ``KERAS_BACKEND`` where it is not set."""
    environment.setdefault("KERAS_BACKEND", "torch")
