"""A federation on this machine: a SuperLink and SuperNodes as processes on loopback."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..._exceptions import EngineError
from ..processes import descendants, free_port, kill
from .commands import (
    flower_environment,
    register_command,
    superlink_command,
    supernode_command,
    write_connection,
)
from .keys import write_certificates, write_host_key

__all__ = ["Federation", "start_federation", "wait_for_superlink"]

_START_SECONDS = 120.0
_LEAVE_SECONDS = 15.0


class Federation:
    """Processes of one federation.

    Parameters
    ----------
    folder : Path
        Where its keys, logs and homes lie.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "flwr"
        self.keys = folder / "keys"
        self.port = free_port()
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._superlink: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port of the SuperLink."""
        return f"127.0.0.1:{self.port}"

    def start_superlink(self) -> None:
        """Start the SuperLink and wait until it answers. Raises EngineError."""
        write_certificates(self.keys, ["localhost", "127.0.0.1"])
        write_connection(self.home, self.address, self.keys / "ca.pem")
        line = superlink_command("127.0.0.1", self.port, self.keys, self.folder / "state.db")
        self._superlink = self._spawn("superlink", line)
        wait_for_superlink(self._superlink, self.address, self.keys / "ca.pem")

    def register(self, public_keys: Sequence[Path]) -> None:
        """Let hosts take part. Raises EngineError."""
        environment = flower_environment(self.home)
        waiting = [
            subprocess.Popen(
                register_command(key),
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for key in public_keys
        ]
        for process in waiting:
            told, _ = process.communicate(timeout=_START_SECONDS)
            if process.returncode != 0:
                state = told.decode(errors="replace").strip().split("\n")[-1]
                raise EngineError(
                    f"Cannot register a host at the SuperLink: {state}; look at its log"
                )

    def start_node(
        self, index: int, node: Mapping[str, str | int], key: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the SuperNode of a host."""
        own = self.host_key(index) if key is None else key
        ca = self.keys / "ca.pem"
        line = supernode_command(self.address, free_port(), ca, own, node)
        process = self._spawn(f"node-{index}", line)
        self.nodes.append(process)
        return process

    def host_key(self, index: int) -> Path:
        """Private key of a host."""
        return self.keys / f"host-{index}"

    def stop(self) -> None:
        """End every process of the federation, those that Flower started among them."""
        own = [each for each in (*self.nodes, self._superlink) if each is not None]
        below = [pid for each in own for pid in descendants(each.pid)]
        for each in own:
            if each.poll() is None:
                each.terminate()
        deadline = time.monotonic() + _LEAVE_SECONDS
        for each in own:
            try:
                each.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        kill(below)

    def _spawn(self, name: str, line: Sequence[str]) -> subprocess.Popen[bytes]:
        # A home of its own: hosts unpack the app into it.
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                line,
                env=flower_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@contextmanager
def start_federation(
    folder: Path, nodes: Sequence[Mapping[str, str | int]]
) -> Iterator[Federation]:
    """Run a federation with so many hosts as long as the block runs.

    Parameters
    ----------
    folder : Path
        An empty one.
    nodes : sequence of mapping
        Configuration of each host.

    Raises
    ------
    EngineError
        It does not start.

    """
    federation = Federation(folder)
    try:
        federation.start_superlink()
        publics = [write_host_key(federation.host_key(index)) for index in range(len(nodes))]
        federation.register(publics)
        for index, node in enumerate(nodes):
            federation.start_node(index, node)
        yield federation
    finally:
        federation.stop()


def wait_for_superlink(process: subprocess.Popen[bytes], address: str, ca: Path) -> None:
    """Wait until a SuperLink on this machine answers with its certificate. Raises EngineError."""
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address, ca):
        if process.poll() is not None or time.monotonic() > deadline:
            state = "ended" if process.poll() is not None else "does not answer"
            raise EngineError(
                f"Cannot start a federation here: flower-superlink {state} at {address}; look at "
                "its log, or take another address or port"
            )
        time.sleep(0.1)


def _answers(address: str, ca: Path) -> bool:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    context = ssl.create_default_context(cafile=str(ca))
    try:
        with (
            socket.create_connection((host, int(port)), timeout=2) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except OSError:
        return False
