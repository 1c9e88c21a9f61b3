"""Entry: `python -m ruvector._python_cell <request fd> <answer fd> <mark> <directory> <transfer>`.

Requests and answers are lines of JSON on two inherited pipes. Before each answer `mark` goes to
stdout and stderr, so that the kernel shows the output written until then first.
"""

from __future__ import annotations

import builtins
import getpass
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from types import FrameType, ModuleType
from typing import Any

from .figures import show_by, take_figures
from .module_check import ImportNotice
from .run import describe_error, mime_bundle, run_cell
from .transfer import Transfer, open_transfer
from .values import decode_value, encode_value

CellMessage = dict[str, Any]

_HERE = os.path.dirname(os.path.abspath(__file__))


class StdinNotImplementedError(RuntimeError):
    """Nobody is there to answer `input()`."""

    __module__ = "builtins"  # shown by its short name


class CellSession:
    """One notebook's Python: a namespace, and the channel to the kernel."""

    def __init__(self, answers: int, mark: str, transfer: Transfer) -> None:
        self._answers = os.fdopen(answers, "w", encoding="utf-8")
        self._mark = f"\x1e{mark}\x1e".encode()
        self._transfer = transfer
        self._main = ModuleType("__main__")
        self._main.__dict__["display"] = self._display
        sys.modules["__main__"] = self._main
        builtins.display = self._display  # type: ignore[attr-defined]
        builtins.input = self._input
        getpass.getpass = self._getpass
        self.replies: queue.SimpleQueue[CellMessage] = queue.SimpleQueue()
        self.is_running = False

    def answer(self, message: CellMessage) -> None:
        """Send a message after all output written before it."""
        for stream, fd in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            os.write(fd, self._mark)
        self._answers.write(json.dumps(message, default=repr) + "\n")
        self._answers.flush()

    def run(self, request: CellMessage) -> None:
        """Run a cell and answer it. Only the cell itself can be interrupted."""
        outputs: list[CellMessage] = []
        file = f"python-{request['id']}.py"
        try:
            self.is_running = True
            sent = self._receive(request["inputs"])
            value = run_cell(request["code"], file, self._main.__dict__)
            if value is not None:
                self._main.__dict__["_"] = value
            take_figures(self.show)
            if value is not None and not request["silent"]:
                data, metadata = mime_bundle(value)
                self.answer({"type": "result", "data": data, "metadata": metadata})
            outputs = [self._encode(name, value) for name in request["outputs"]]
            self.is_running = False
        except BaseException as error:
            self.is_running = False
            self.answer({"type": "error", "content": describe_error(error, _HERE)})
            return
        self.answer({"type": "done", "outputs": outputs, "received": sent})

    def _receive(self, inputs: dict[str, CellMessage]) -> list[CellMessage]:
        received = []
        for name, description in inputs.items():
            started = time.perf_counter()
            value = self._main.__dict__[name] = decode_value(description, self._transfer)
            ms = (time.perf_counter() - started) * 1000
            received.append({"name": name, "type": _type_name(value), "ms": ms})
        return received

    def _encode(self, name: str, last: object) -> CellMessage:
        if name != "_" and name not in self._main.__dict__:
            raise NameError(
                f'the cell gives "{name}" to TypeScript (-o), but no such name is defined'
            )
        value = last if name == "_" else self._main.__dict__[name]
        started = time.perf_counter()
        described = encode_value(name, value, self._transfer)
        ms = (time.perf_counter() - started) * 1000
        return {"name": name, "from": _type_name(value), "ms": ms, **described}

    def show(self, data: CellMessage, metadata: CellMessage) -> None:
        """Show something below the cell."""
        self.answer({"type": "display", "data": data, "metadata": metadata})

    def _ask(self, prompt: object, *, password: bool) -> str:
        self.answer({"type": "input", "prompt": str(prompt), "password": password})
        reply = self.replies.get()
        if "error" in reply:
            raise StdinNotImplementedError(reply["error"])
        return str(reply["text"])

    def _input(self, prompt: object = "", /) -> str:
        return self._ask(prompt, password=False)

    def _getpass(self, prompt: str = "Password: ", stream: object = None) -> str:
        return self._ask(prompt, password=True)

    def _display(self, *values: object) -> None:
        for value in values:
            self.show(*mime_bundle(value))


def _type_name(value: object) -> str:
    kind = type(value)
    dtype = getattr(value, "dtype", None)
    name = f"{kind.__module__.split('.')[0]}.{kind.__name__}".removeprefix("builtins.")
    return f"{name} {dtype}" if dtype is not None else name


def _read_requests(
    fd: int,
    requests: queue.Queue[CellMessage],
    replies: queue.SimpleQueue[CellMessage],
    directory: str,
) -> None:
    """Read until the kernel ends, and end with it, whatever the cell does."""
    with os.fdopen(fd, encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            if "reply" in message:
                replies.put(message["reply"])
            else:
                requests.put(message)
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Serve requests until the kernel closes its end."""
    fds = [int(arguments[0]), int(arguments[1])]
    for fd in fds:
        os.set_inheritable(fd, False)
    transfer = open_transfer(arguments[4], arguments[3])
    session = CellSession(fds[1], arguments[2], transfer)

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if session.is_running:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    os.environ.setdefault("MPLBACKEND", "Agg")
    # What JupyterLab draws by itself.
    os.environ.setdefault("PLOTLY_RENDERER", "plotly_mimetype")
    show_by(session.show, builtins.display)  # type: ignore[attr-defined]
    if "" not in sys.path:
        sys.path.insert(0, "")
    sys.meta_path.insert(0, ImportNotice())
    requests: queue.Queue[CellMessage] = queue.Queue()
    reader = threading.Thread(
        target=_read_requests, args=(fds[0], requests, session.replies, arguments[3]), daemon=True
    )
    reader.start()
    while True:
        session.run(requests.get())


if __name__ == "__main__":
    main(sys.argv[1:])
