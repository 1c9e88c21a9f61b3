"""A Ray cluster for one call: one that is there is joined, else a local one starts and stops."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ..._exceptions import EngineError, EngineOptionsError
from ..._training import require
from ..options import RayOptions
from ..processes import descendants, kill, names

__all__ = ["Cluster", "join_cluster"]

# Before Ray is imported: it reports its use to its makers by default.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_TOKEN_PATH = "RAY_AUTH_TOKEN_PATH"
_STARTS = 6
_JOIN_SECONDS = 10.0
_PATIENT = {"agent_register_timeout_ms": 300_000, "worker_register_timeout_seconds": 300}


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes
    ----------
    storage : str
        Folder or bucket for checkpoints that every node reaches.

    """

    storage: str


@contextmanager
def join_cluster(options: RayOptions) -> Iterator[Cluster]:
    """Connect to a cluster as long as the block runs.

    A process that is connected already stays so, and its cluster is used. Without an address a
    cluster starts on this machine, with its files in a folder of its own, and both go at the end.

    Raises
    ------
    MissingPackageError
        Ray is not installed.
    EngineError
        There is no cluster at the address, or none can be started.

    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    require("ray", extra="ray", why='train with engine "ray"')
    import ray

    if options.address is not None and options.checkpoints is None:
        raise EngineOptionsError(
            f'Cannot train on the cluster "{options.address}": nothing says where checkpoints go; '
            "pass checkpoints=, a folder or s3:// address that all of its machines reach"
        )
    scratch = tempfile.mkdtemp(prefix="rv-ray-")
    is_ours = not ray.is_initialized()
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, scratch, ignore_errors=True)
        if is_ours:
            if options.address is None:
                cleanup.enter_context(_own_token(scratch))
            cleanup.callback(ray.shutdown)
            _connect(options, scratch)
        yield Cluster(options.checkpoints or os.path.join(scratch, "runs"))


@contextmanager
def _own_token(folder: str) -> Iterator[None]:
    """Guard a cluster of this call by a token that goes with it, unless the user has one.

    Ray writes one into the home of the user otherwise, and leaves it there.
    """
    from ray._raylet import AuthenticationTokenLoader

    loader = AuthenticationTokenLoader.instance()
    if loader.has_token(ignore_auth_mode=True):
        yield
        return
    path = os.path.join(folder, "auth_token")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    os.environ[_TOKEN_PATH] = path
    loader.reset_cache()
    try:
        yield
    finally:
        os.environ.pop(_TOKEN_PATH, None)
        loader.reset_cache()


def _connect(options: RayOptions, scratch: str) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        if options.address is not None:
            _check_reachable(options.address)
            ray.init(address=options.address, **quiet)
        else:
            _start(options, scratch, quiet)
    except Exception as error:  # ConnectionError, RuntimeError, ValueError, ... by its layers
        where = f'join the Ray cluster "{options.address}"' if options.address else "start Ray here"
        state = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise EngineError(
            f"Cannot {where}: {state}; start one with `ray start --head`, or leave address away"
        ) from error


def _start(options: RayOptions, scratch: str, quiet: dict[str, Any]) -> None:
    import ray

    for trial in range(1, _STARTS + 1):
        try:
            ray.init(
                address="local",
                # One more than the workers, for whoever reads files for them.
                num_cpus=options.workers + 1,
                num_gpus=0,
                include_dashboard=False,
                object_store_memory=options.object_store_bytes,
                _temp_dir=os.path.join(scratch, str(trial)),
                _system_config=_PATIENT,
                **quiet,
            )
        except Exception as error:
            ray.shutdown()
            # What a failed start leaves, Ray forgets.
            kill(each for each in descendants(os.getpid()) if names(each[0], scratch))
            # Its node gives the processes beside it 15 seconds, too few on a busy machine, and
            # ends; the words are all that tells.
            if trial == _STARTS or "timed out" not in str(error):
                raise
        else:
            return


def _check_reachable(address: str) -> None:
    """Ray itself tries an address that nobody is at for minutes. Raises OSError."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_JOIN_SECONDS).close()
