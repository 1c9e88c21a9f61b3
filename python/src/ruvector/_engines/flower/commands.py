"""Flower's own command lines, which this package runs and ``ruvector-memopt federate`` prints.

Supernode authentication and TLS are always on: without a registered key no host takes part.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "CONNECTION",
    "flower_environment",
    "flwr_run_command",
    "register_command",
    "superlink_command",
    "supernode_command",
    "write_app",
    "write_connection",
]

#: Name of the SuperLink in the configuration that :func:`write_connection` writes.
CONNECTION = "ruvector"
_APP = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ruvector-federation"
version = "1.0.0"
license = "Apache-2.0"
dependencies = []

[tool.flwr.app]
publisher = "ruvector-memopt"

[tool.flwr.app.components]
serverapp = "ruvector_federation.server_app:app"
clientapp = "ruvector_federation.client_app:app"

[tool.flwr.app.config]
job = ""
"""


def program(name: str) -> str:
    """Path of a program of Flower, beside the Python that runs this."""
    return os.path.join(sysconfig.get_path("scripts"), name)


def superlink_command(host: str, port: int, keys: Path, database: Path) -> list[str]:
    """Line that starts a SuperLink; certificates are in ``keys``."""
    return [
        program("flower-superlink"),
        "--host",
        host,
        "--port",
        str(port),
        "--ssl-certfile",
        str(keys / "server.pem"),
        "--ssl-keyfile",
        str(keys / "server.key"),
        "--ssl-ca-certfile",
        str(keys / "ca.pem"),
        "--enable-supernode-auth",
        "--disable-runtime-dependency-installation",
        "--database",
        str(database),
    ]


def supernode_command(
    superlink: str, port: int, ca: Path, key: Path, node: Mapping[str, str | int]
) -> list[str]:
    """Line that starts a SuperNode; ``node`` is its configuration."""
    config = " ".join(f"{name}={json.dumps(value)}" for name, value in node.items())
    return [
        program("flower-supernode"),
        "--superlink",
        superlink,
        "--root-certificates",
        str(ca),
        "--auth-supernode-private-key",
        str(key),
        "--port",
        str(port),
        *(["--node-config", config] if config else []),
    ]


def register_command(public_key: Path) -> list[str]:
    """Line that lets a host take part, by its public key."""
    return [program("flwr"), "supernode", "register", str(public_key), CONNECTION]


def flwr_run_command(app: Path, job: Path) -> list[str]:
    """Line that starts a run and shows what the server app says."""
    config = f"job={json.dumps(str(job))}"
    return [program("flwr"), "run", str(app), CONNECTION, "--stream", "--run-config", config]


def flower_environment(home: Path) -> dict[str, str]:
    """Environment of Flower's programs: their files in ``home``, no reports to its makers."""
    scripts = sysconfig.get_path("scripts")
    return {
        **os.environ,
        "FLWR_HOME": str(home),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
        # Flower starts its own programs by their names alone.
        "PATH": os.pathsep.join([scripts, os.path.dirname(sys.executable), os.environ["PATH"]]),
        "PYTHONUNBUFFERED": "1",
    }


def write_connection(home: Path, superlink: str, ca: Path) -> None:
    """Write the configuration of ``flwr`` in its home."""
    home.mkdir(parents=True, exist_ok=True)
    lines = [
        "[superlink]",
        f'default = "{CONNECTION}"',
        "",
        f"[superlink.{CONNECTION}]",
        f"address = {json.dumps(superlink)}",
        f"root-certificates = {json.dumps(str(ca.resolve()))}",
    ]
    (home / "config.toml").write_text("\n".join(lines) + "\n", "utf-8")


def write_app(folder: Path) -> Path:
    """Write the app that Flower bundles: it imports this package, which every host has."""
    package = folder / "ruvector-federation" / "ruvector_federation"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("", "utf-8")
    for side in ("client_app", "server_app"):
        # Flower looks for an assignment, in the text.
        own = side.removesuffix("_app")
        lines = f"from ruvector._engines.flower import {side}\n\napp = {side}.{own}\n"
        (package / f"{side}.py").write_text(lines, "utf-8")
    (package.parent / "pyproject.toml").write_text(_APP, "utf-8")
    return package.parent
