"""``ruvector-memopt federate server|client``: prints Flower's own command lines and runs them.

Run as ``python -m ruvector._engines.flower``; the options are those of the command.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..._exceptions import EngineError, EngineOptionsError, RuvectorError
from ..._training import require
from ..processes import free_port, is_port_free
from .commands import (
    flower_environment,
    register_command,
    superlink_command,
    supernode_command,
    write_connection,
)
from .federation import wait_for_superlink
from .keys import names_of_certificate, write_certificates, write_host_key

__all__: list[str] = []

_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        require("flwr", extra="flower", why="federate")
        code: int = options.run(options)
    except RuvectorError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ruvector-memopt federate")
    sides = parser.add_subparsers(required=True)
    server = sides.add_parser("server")
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=9092)
    server.add_argument("--name", action="append", default=[])
    server.add_argument("--allow", action="append", default=[], type=Path)
    server.set_defaults(run=_serve)
    client = sides.add_parser("client")
    client.add_argument("superlink")
    client.add_argument("--root-certificates", type=Path, required=True)
    client.add_argument("--dataset")
    client.set_defaults(run=_join)
    for side in (server, client):
        side.add_argument("--folder", type=Path, required=True)
        side.add_argument("--daemon-home")
        side.add_argument("--print", action="store_true", dest="only_print")
    return parser


@dataclass(frozen=True)
class _Server:
    """A SuperLink that can be started: its command line, and those that allow hosts."""

    home: Path
    address: str
    line: list[str]
    register: list[list[str]]
    root_certificates: Path


def _serve(options: argparse.Namespace) -> int:
    if options.only_print:
        _prepare(options)
        return 0
    with _held(options.folder) as lock:
        return _run(options, _prepare(options), lock)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[int]:
    """Hold a folder; who inherits the descriptor holds it too."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EngineError(
                f'Cannot start the SuperLink: another one runs in "{folder}", whose hosts and keys '
                "it has; end it, or start this one in another --home"
            ) from error
        yield lock.fileno()


def _prepare(options: argparse.Namespace) -> _Server:
    folder: Path = options.folder
    keys, home = folder / "keys", folder / "flwr"
    # What listens everywhere is reached on the loopback, what listens at one address only there.
    host = _EVERYWHERE.get(options.host, options.host)
    names = [*options.name, "localhost", "127.0.0.1", host]
    if not (keys / "ca.pem").exists():
        write_certificates(keys, list(dict.fromkeys(names)))
    _check_names(keys, names)
    local = f"[{host}]:{options.port}" if ":" in host else f"{host}:{options.port}"
    write_connection(home, local, keys / "ca.pem")
    line = superlink_command(options.host, options.port, keys, folder / "state.db")
    register = [register_command(key) for key in options.allow]
    _show(home, line, *register)
    return _Server(home, local, line, register, keys / "ca.pem")


def _run(options: argparse.Namespace, server: _Server, lock: int) -> int:
    _check_files("--allow", options.allow, "host.pub, which `federate client` wrote on that host")
    if not is_port_free(options.host, options.port):
        # Flower tells after half a minute, and another SuperLink would answer in its place.
        raise EngineError(
            f"Cannot start the SuperLink: another process has port {options.port} of "
            f"{options.host}; end it, or take another one with --port"
        )
    environment = flower_environment(server.home)
    # It has the folder as long as it lives, also when this process is killed.
    process = subprocess.Popen(server.line, env=environment, pass_fds=[lock])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.terminate())
    try:
        wait_for_superlink(process, server.address, server.root_certificates)
    except EngineError:
        process.terminate()
        raise
    for each in server.register:
        subprocess.run(each, env=environment, check=False)
    return process.wait()


def _join(options: argparse.Namespace) -> int:
    key: Path = options.folder / "keys" / "host"
    public = write_host_key(key)
    node: dict[str, str | int] = {}
    if options.dataset:
        node["dataset"] = os.path.abspath(options.dataset)
    elif options.daemon_home:
        node["home"] = options.daemon_home
    ca = options.root_certificates
    line = supernode_command(options.superlink, free_port(), ca, key, node)
    home = options.folder / "flwr"
    home.mkdir(parents=True, exist_ok=True)
    print(f"# The server takes this host with --allow and a copy of {public}")
    _show(home, line)
    if options.only_print:
        return 0
    _check_files("--root-certificates", [ca], "a copy of federation/keys/ca.pem of the server")
    sys.stdout.flush()
    return os.execve(line[0], line, flower_environment(home))


def _check_names(keys: Path, names: Sequence[str]) -> None:
    known = names_of_certificate(keys / "server.pem")
    missing = ", ".join(f'"{each}"' for each in dict.fromkeys(names) if each not in known)
    if missing:
        raise EngineOptionsError(
            f'Cannot start the SuperLink: the certificate in "{keys}" is for {", ".join(known)}, '
            f"not for {missing}; start it with those, or remove ca.pem there, which makes new "
            "certificates, and copy the new one to every host"
        )


def _check_files(option: str, paths: Sequence[Path], wanted: str) -> None:
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        names = ", ".join(f'"{each}"' for each in missing)
        raise EngineOptionsError(f"Cannot use {option} {names}: no such file; give it {wanted}")


def _show(home: Path, *lines: Sequence[str]) -> None:
    print(f"export FLWR_HOME={shlex.quote(str(home))}")
    for line in lines:
        print(shlex.join(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
