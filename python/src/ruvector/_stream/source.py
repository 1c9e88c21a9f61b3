"""The seam between a subscription and what carries its bytes. No transport: see ``transports``."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .._buffer import Buffer
from .._exceptions import ConnectionLostError, NoDaemonError

__all__ = ["ByteSource", "lost", "nothing_listens"]


class ByteSource(ABC):
    """Bytes of one subscription.

    Attributes
    ----------
    whole_messages : bool
        True when each piece is a message of its own, False for a stream of bytes.

    """

    whole_messages: bool = True

    @abstractmethod
    def receive(self, timeout: float | None) -> Buffer | None:
        """Next piece, or None when the server ended the stream.

        Raises
        ------
        WireTimeoutError
            Nothing came in ``timeout`` seconds; it may be asked again.
        ConnectionLostError
            The server went away without an end.
        RuvectorError
            What the server answered.

        """

    @abstractmethod
    def close(self) -> None:
        """Leave. Twice is once."""


def nothing_listens(endpoint: str) -> NoDaemonError:
    """Build the error of a server that is not there."""
    return NoDaemonError(
        f'Cannot connect to stream at "{endpoint}": nothing listens there; serve it with '
        "`ruvector-memopt export --stream` or DataExporter.start_stream()"
    )


def lost(endpoint: str, state: str) -> ConnectionLostError:
    """Build the error of a server that was there and is gone."""
    return ConnectionLostError(
        f'Cannot continue stream at "{endpoint}": {state}; subscribe again with '
        "after=subscription.position when the server is back"
    )
