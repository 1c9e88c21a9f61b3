"""Connections belong to one process: after a fork a call would hang, and none can be pickled."""

from __future__ import annotations

import os
from typing import NoReturn, SupportsIndex

from ._exceptions import ArgumentsError, ClientClosedError

__all__ = ["OfThisProcess", "check_same_process", "is_forked"]


class OfThisProcess:
    """What holds a connection: it is not pickled and not copied, as joblib and Dask would."""

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        name = type(self).__name__
        raise ArgumentsError(
            f"Cannot pickle or copy {name}: it is a connection of this process; call "
            "ruvector.connect() where it is needed, or pass what came of it, such as a data set's "
            "to_pandas()"
        )


def is_forked(pid: int) -> bool:
    """Tell whether this process is another one than that which had ``pid``."""
    return os.getpid() != pid


def check_same_process(pid: int, what: str) -> None:
    """Refuse the use of a connection in a fork of the process that opened it."""
    if is_forked(pid):
        raise ClientClosedError(
            f"Cannot use {what}: it was opened in process {pid} and this is its fork, process "
            f"{os.getpid()}, where its sockets do not work; connect again in this process, or "
            'start processes by multiprocessing.get_context("spawn")'
        )
