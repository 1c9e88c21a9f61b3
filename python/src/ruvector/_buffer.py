"""What sockets give and decoders take. Not a copy: a view where the library below has one."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["Buffer"]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Bytes of one frame or one piece of a stream."""
