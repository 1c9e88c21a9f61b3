"""``ruvector-memopt federate server|client``: prints Flower's own command lines and runs them.

Run as ``python -m ruvector._engines.flower``; the options are those of the command.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..._exceptions import RuvectorError
from ..._training import require
from ..processes import free_port
from .commands import (
    flower_environment,
    register_command,
    superlink_command,
    supernode_command,
    write_connection,
)
from .federation import wait_for_superlink
from .keys import write_certificates, write_host_key

__all__: list[str] = []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        require("flwr", extra="flower", why="federate")
        code: int = options.run(options)
    except RuvectorError as error:
        print(error, file=sys.stderr)
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


def _serve(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    keys, home = folder / "keys", folder / "flwr"
    if not (keys / "ca.pem").exists():
        write_certificates(keys, [*options.name, "localhost", "127.0.0.1"])
    local = f"127.0.0.1:{options.port}"
    write_connection(home, local, keys / "ca.pem")
    line = superlink_command(options.host, options.port, keys, folder / "state.db")
    register = [register_command(key) for key in options.allow]
    _show(home, line, *register)
    if options.only_print:
        return 0
    environment = flower_environment(home)
    process = subprocess.Popen(line, env=environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.terminate())
    wait_for_superlink(process, options.port, keys / "ca.pem")
    for each in register:
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
    sys.stdout.flush()
    return os.execve(line[0], line, flower_environment(home))


def _show(home: Path, *lines: Sequence[str]) -> None:
    print(f"export FLWR_HOME={shlex.quote(str(home))}")
    for line in lines:
        print(shlex.join(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
