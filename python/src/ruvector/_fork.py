"""Which process opened a connection: ZeroMQ does not survive a fork, where a call would hang."""

from __future__ import annotations

import os

from ._exceptions import ClientClosedError

__all__ = ["check_same_process", "is_forked"]


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
