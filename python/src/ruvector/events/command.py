"""How the command ``ruvector-memopt`` is found, run, and how its errors become exceptions."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .._exceptions import EventsError, RuvectorError, error_class_of

__all__ = ["find_command", "run_command", "start_command"]

#: A command line that stands for ``ruvector-memopt``.
VARIABLE = "RUVECTOR_COMMAND"
_NAME = "ruvector-memopt"
_ERROR_LINE = re.compile(r"^(?P<code>ERR_[A-Z0-9_]+): (?P<message>.*)$", re.MULTILINE)


def find_command() -> list[str]:
    """Find the command: ``$RUVECTOR_COMMAND``, a checkout, ``PATH``, ``node_modules`` above here.

    Raises
    ------
    EventsError
        None of them has it; the text says what to do.

    """
    named = os.environ.get(VARIABLE)
    if named:
        return shlex.split(named)
    # An editable install lies in its checkout, whose command is of the same version.
    script = Path(__file__).resolve().parents[4] / "bin" / f"{_NAME}.mjs"
    node = shutil.which("node")
    if script.is_file() and node is not None:
        return [node, str(script)]
    found = shutil.which(_NAME) or _find_in_node_modules()
    if found is not None:
        return [found]
    raise EventsError(
        f"Cannot find the command {_NAME}: it is not on PATH and in no node_modules above "
        f'"{Path.cwd()}"; install it with `npm install {_NAME}` there, or name it in {VARIABLE}',
        code="ERR_EVENTS_COMMAND",
    )


def _find_in_node_modules() -> str | None:
    here = Path.cwd()
    for folder in (here, *here.parents):
        found = shutil.which(_NAME, path=str(folder / "node_modules" / ".bin"))
        if found is not None:
            return found
    return None


def run_command(arguments: Sequence[str]) -> bytes:
    """Run a command to its end and give what it printed."""
    with start_command(arguments) as output:
        return output.read()


@contextmanager
def start_command(arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    """Run a command while its standard output is read; one that fails raises its own error.

    Who leaves before the end of the output ends the command.

    Raises
    ------
    RuvectorError
        The command's error, of the class that belongs to its code.

    """
    with (
        tempfile.TemporaryFile() as messages,
        subprocess.Popen(
            [*find_command(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
        ) as child,
    ):
        assert child.stdout is not None
        try:
            yield child.stdout
            is_whole = child.stdout.read(1) == b""
        except Exception as error:
            # What could not be read may be half of what a failed command wrote.
            child.stdout.close()
            if child.wait() not in (0, 141):
                raise _error_of(child, messages) from error
            raise
        except BaseException:
            child.terminate()
            raise
        if is_whole and child.wait() != 0:
            raise _error_of(child, messages)
        if not is_whole:
            child.terminate()


def _error_of(child: subprocess.Popen[bytes], messages: IO[bytes]) -> RuvectorError:
    messages.seek(0)
    text = messages.read().decode("utf-8", "replace").strip()
    found = _ERROR_LINE.search(text)
    if found is not None:
        return error_class_of(found["code"])(found["message"], code=found["code"])
    state = text or f"it ended with {child.returncode}"
    return EventsError(
        f"Cannot run {_NAME}: {state}; run it by hand to see more", code="ERR_EVENTS_COMMAND"
    )
