"""A data stream out of a named pipe: bytes, and their end. docs/streams.md."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Mapping
from typing import Any

from .._exceptions import StreamRequestError, WireTimeoutError
from .source import ByteSource, lost, nothing_listens

__all__ = ["PipeSource"]

_READ_BYTES = 2**16
# How long a server that ends the stream takes from the last byte to the removal of its pipe.
_REMOVAL_S = 0.3
_POLL_S = 0.02


class PipeSource(ByteSource):
    """A subscription by named pipe. What it carries is decided where it is served."""

    whole_messages = False

    def __init__(self, endpoint: str, path: str, request: Mapping[str, Any]) -> None:
        unusable = [name for name in ("filters", "interval_ms", "overflow") if name in request]
        if unusable:
            raise StreamRequestError(
                f'Cannot ask for {", ".join(unusable)} at "{endpoint}": a pipe carries what its '
                "server was told; say it there, or use another transport"
            )
        self._endpoint = endpoint
        self._path = path
        self._file = self._open()

    def receive(self, timeout: float | None) -> bytes | None:
        """Next bytes."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._file is not None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self._file], [], [], left)[0]:
                raise WireTimeoutError(
                    f'Cannot hear from stream at "{self._endpoint}": nothing came in {timeout} s'
                )
            piece = os.read(self._file, _READ_BYTES)
            if piece:
                return piece
            self._ended()
        return None

    def close(self) -> None:
        """Close the pipe."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int | None:
        try:
            if not stat.S_ISFIFO(os.stat(self._path).st_mode):
                raise StreamRequestError(
                    f'Cannot read stream at "{self._endpoint}": there is no named pipe of that name'
                )
            # Does not wait for the server, and neither do reads: select does.
            return os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise nothing_listens(self._endpoint) from error

    def _ended(self) -> None:
        """Tell the end of a stream, whose server removes its pipe, from the end of its server."""
        self.close()
        deadline = time.monotonic() + _REMOVAL_S
        while os.path.exists(self._path):
            if time.monotonic() > deadline:
                raise lost(self._endpoint, "nobody writes into the pipe any more")
            time.sleep(_POLL_S)
