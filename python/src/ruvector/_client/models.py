"""The models of the daemon, as ``client.models``; docs/protocol.md says what it answers."""

from __future__ import annotations

from typing import Any, Protocol

from .._bridge import Reply
from .._parameters import FLAG, takes, text, whole_number

__all__ = ["Models"]


_REFERENCE = text('a model such as "memopt@live"')


class _Client(Protocol):
    def request(self, name: str, params: Any = None) -> Reply: ...  # noqa: ANN401


class Models:
    """Versions of the daemon's models; a reference is ``name``, ``name@version`` or ``name@live``.

    Examples
    --------
    >>> with ruvector.connect() as client:  # doctest: +SKIP
    ...     client.models.prune(keep=5, dry_run=True)["pruned"]

    """

    def __init__(self, client: _Client) -> None:
        self._client = client

    def list(self) -> Any:  # noqa: ANN401
        """All names with their versions, aliases and scores."""
        return self._ask("models.list")

    @takes(reference=_REFERENCE)
    def show(self, reference: str) -> Any:  # noqa: ANN401
        """Manifest and folder of a package."""
        return self._ask("models.show", reference=reference)

    @takes(reference=_REFERENCE)
    def verify(self, reference: str) -> Any:  # noqa: ANN401
        """Check a stored package as far as its golden rows."""
        return self._ask("models.verify", reference=reference)

    @takes(a=_REFERENCE, b=_REFERENCE)
    def compare(self, a: str, b: str) -> Any:  # noqa: ANN401
        """Score both on the same rows, which neither was trained on."""
        return self._ask("models.compare", a=a, b=b)

    @takes(reference=_REFERENCE)
    def activate(self, reference: str) -> Any:  # noqa: ANN401
        """Make a version live; when that fails, what was live stays live."""
        return self._ask("models.activate", reference=reference)

    def rollback(self) -> Any:  # noqa: ANN401
        """Go back to the version before; when that fails, what was live stays live."""
        return self._ask("models.rollback")

    @takes(reference=_REFERENCE)
    def remove(self, reference: str) -> Any:  # noqa: ANN401
        """Remove a version that no alias names and nothing uses."""
        return self._ask("models.remove", reference=reference)

    @takes(keep=whole_number("a number of versions of at least 0", 0), dry_run=FLAG)
    def prune(self, *, keep: int | None = None, dry_run: bool = False) -> Any:  # noqa: ANN401
        """Remove versions beyond ``keep``, by default the daemon's limit; 0 keeps all."""
        return self._ask("models.prune", keep=keep, dryRun=dry_run)

    @takes(dry_run=FLAG)
    def repair(self, *, dry_run: bool = False) -> Any:  # noqa: ANN401
        """Rebuild damaged aliases and set damaged packages aside; nothing is deleted."""
        return self._ask("models.repair", dryRun=dry_run)

    def _ask(self, name: str, **params: object) -> Any:  # noqa: ANN401
        return self._client.request(name, params).result
