"""The bar of a fit, a search and a data set: drawn where somebody sees it, and nowhere else."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass

import pytest

from ruvector._progress_bar import ProgressBar, is_watched

STEPS = """
import sys, time
from dataclasses import dataclass
from ruvector._progress_bar import ProgressBar
@dataclass
class Step:
    step: int
    of: int
    loss: float
with ProgressBar("fit net", {wanted}) as bar:
    for at in range(1, 8):
        time.sleep(0.12)
        bar(Step(at, 7, 0.5 / at))
"""


@dataclass
class Step:
    step: int
    of: int | None = None
    loss: float | None = None


def run_on_terminal(code):
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen([sys.executable, "-c", code], stderr=side) as child:
        os.close(side)
        shown = b""
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert child.wait() == 0
    os.close(main)
    return shown.decode()


def test_progress_bar_is_drawn_on_a_terminal_with_the_loss():
    shown = run_on_terminal(STEPS.format(wanted=None))
    assert "fit net" in shown
    assert "loss=" in shown
    assert "/7" in shown


@pytest.mark.parametrize("wanted", [None, False])
def test_progress_bar_is_not_drawn_in_a_pipe(wanted, capsys):
    with ProgressBar("fit", wanted) as bar:
        bar(Step(1, 2))
        bar.add(1)
    assert capsys.readouterr().err == ""


def test_is_watched_knows_the_cell_of_a_notebook(monkeypatch):
    outstream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    assert not is_watched()
    monkeypatch.setattr(sys, "stderr", outstream())
    assert is_watched()
