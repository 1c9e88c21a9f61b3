"""Connect to the daemon that a job names."""

from __future__ import annotations

from .._client import Client
from ._job import TrainJob

__all__ = ["connect_for"]


def connect_for(job: TrainJob) -> Client:
    """Open a client on the job's bridge file, or on this user's daemon."""
    from .. import connect

    return connect(bridge_file=job.bridge_file) if job.bridge_file else connect()
