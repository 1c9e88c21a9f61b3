"""What the exporters of networks share: versions that every host loads, and how they say errors."""

from __future__ import annotations

__all__ = ["NETWORK_IR_VERSION", "NETWORK_OPSET", "first_line"]

NETWORK_OPSET = 18
NETWORK_IR_VERSION = 8  # the IR of opset 18


def first_line(error: BaseException) -> str:
    """First line of an exporter's error, without its full stop."""
    return str(error).strip().split("\n")[0].rstrip(".")
