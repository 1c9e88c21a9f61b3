"""How bytes of values come from the kernel and go back: segments, files or ZeroMQ messages.

Never as text. The kernel chooses; the other side is kernel/runtime/open-transfer.ts.
"""

from __future__ import annotations

import errno
import mmap
import os
import tempfile
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

# The child of a kernel has both side by side, without the package around them.
if TYPE_CHECKING or __package__ != "_python_cell":
    from .._shared_memory import SegmentPool, map_shared, take_segment
else:
    from _shared_memory import SegmentPool, map_shared, take_segment

__all__ = ["Stored", "Transfer", "open_transfer"]

Stored: TypeAlias = dict[str, Any]
"""Where bytes are: their number, and `path`, `segment`, `message` or `shared`."""

Write: TypeAlias = Callable[[memoryview], None]


class Transfer:
    """Values as files in a folder."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def store(self, size: int, write: Write) -> Stored:
        """Let `write` fill `size` bytes that the kernel then takes."""
        room = bytearray(size)
        write(memoryview(room))
        return {"path": _write_file([self.directory, tempfile.gettempdir()], room), "bytes": size}

    def take(self, stored: Stored) -> memoryview:
        """Bytes that are this process's own; writable."""
        if "shared" in stored:
            whole = map_shared(stored["shared"], stored["mappedBytes"])
            return whole[stored["offset"] : stored["offset"] + stored["bytes"]]
        if "segment" in stored:
            return take_segment(stored["segment"], stored["bytes"])
        with open(stored["path"], "rb", buffering=0) as file:
            os.unlink(stored["path"])
            if stored["bytes"] >= SegmentPool.MIN_BYTES:
                access = mmap.ACCESS_COPY
                return memoryview(mmap.mmap(file.fileno(), stored["bytes"], access=access))
            data = bytearray(stored["bytes"])
            rest = memoryview(data)
            while rest.nbytes > 0:
                rest = rest[file.readinto(rest) :]
        return memoryview(data)


class _SegmentTransfer(Transfer):
    """Large values in segments of shared memory; files when there is no room for one."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self._pool = SegmentPool(directory)

    def store(self, size: int, write: Write) -> Stored:
        if size < SegmentPool.MIN_BYTES:
            return super().store(size, write)
        try:
            path, room = self._pool.take_free(size)
        except OSError:
            return super().store(size, write)
        write(room)
        return {"segment": path, "bytes": size}


class _MessageTransfer(Transfer):
    """Values as messages of ZeroMQ."""

    def __init__(self, directory: str, endpoint: str) -> None:
        super().__init__(directory)
        import zmq

        address, *server_key = endpoint.split(" ")
        socket: Any = zmq.Context.instance().socket(zmq.PAIR)
        socket.linger = 0
        socket.sndhwm = socket.rcvhwm = 0
        if server_key:
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
            socket.curve_serverkey = server_key[0].encode()
        # At once: the kernel's side sends when somebody is there.
        socket.connect(address)
        self._socket = socket
        self._count = 0
        self._arrived: dict[int, list[Any]] = {}

    def store(self, size: int, write: Write) -> Stored:
        room = bytearray(size)
        write(memoryview(room))
        message = self._count
        self._count += 1
        self._socket.send_multipart([str(message).encode(), room], copy=False)
        return {"message": message, "bytes": size}

    def take(self, stored: Stored) -> memoryview:
        if "message" not in stored:
            return super().take(stored)
        wanted = stored["message"]
        while wanted not in self._arrived:
            number, *parts = self._socket.recv_multipart(copy=False)
            self._arrived[int(number.bytes)] = parts
        data = bytearray(stored["bytes"])
        at = 0
        for part in self._arrived.pop(wanted):
            data[at : at + len(part.buffer)] = part.buffer
            at += len(part.buffer)
        return memoryview(data)


def open_transfer(kind: str, directory: str) -> Transfer:
    """Open the way that the kernel chose."""
    endpoint = os.environ.pop("RUVECTOR_NOTEBOOK_SOCKET", None)
    if endpoint is not None:
        return _MessageTransfer(directory, endpoint)
    return _SegmentTransfer(directory) if kind == "shared" else Transfer(directory)


def _advise(error: OSError) -> str:
    """Say what helps; the rest of the package, which knows more, need not be installed here."""
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return "free some room there" if is_full else "fix that"


def _write_file(folders: list[str], data: bytearray) -> str:
    """Write a new file into the first folder that has room for it."""
    path = os.path.join(folders[0], f"ruvector-{uuid.uuid4()}")
    try:
        with open(path, "xb", buffering=0, opener=_open_private) as file:
            rest = memoryview(data)
            while rest.nbytes > 0:
                rest = rest[file.write(rest) :]
    except OSError as error:
        os.unlink(path)
        if len(folders) == 1:
            raise OSError(
                error.errno,
                f'Cannot write a value of {len(data)} bytes to "{folders[0]}": '
                f"{error.strerror}; {_advise(error)} and run the cell again",
            ) from error
        return _write_file(folders[1:], data)
    return path


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
