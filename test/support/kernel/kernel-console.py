"""`jupyter console` on a pseudo-terminal: types cells as a person does, fails where an answer does not come.

Run with the kernel's name as argument and JUPYTER_PATH set. TERM=dumb keeps prompt_toolkit's key bindings
(Enter asks the kernel whether the input is complete) without its redrawing of the screen.
"""

import os
import sys

import pexpect

KERNEL = sys.argv[1]
TIMEOUT_SECONDS = 60
STYLE = r"(?:\x1b\[[0-9;?]*[a-zA-Z])*"


console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter_console", "--kernel", KERNEL],
    env={**os.environ, "TERM": "dumb"},
    encoding="utf-8",
    timeout=TIMEOUT_SECONDS,
    dimensions=(50, 160),
)
console.logfile_read = sys.stdout


def enter(number: int, *lines: str) -> None:
    """Types lines at the prompt of that number."""
    console.expect(rf"In \[{number}\]: ")
    # The prompt is drawn before the terminal is in raw mode; what is typed between may be lost.
    console.waitnoecho()
    for line in lines:
        console.sendline(line)


def expect_result(number: int, text: str) -> None:
    """Waits for a result; its number is bold."""
    console.expect(rf"Out\[{STYLE}{number}{STYLE}\]: {STYLE}{text}")


try:
    console.expect("TypeScript on Node")
    enter(1, "6 * 7")
    expect_result(1, "42")
    # Not complete until the brace closes: one input, so the next number is 3.
    enter(2, "const next = (n: number) => {", "return n + 1", "}")
    enter(3, "next(1)")
    expect_result(3, "2")
    enter(4, "throw new RangeError('exp' + 'ected')")
    console.expect("RangeError: expected")
    # What a cell wrote is seen while the code after it spins.
    enter(5, "console.log('run' + 'ning'); for (;;);")
    console.expect("running")
    console.sendintr()
    console.expect("KeyboardInterrupt")
    enter(6, "next(2)")
    expect_result(6, "3")
    enter(7)
    console.sendcontrol("d")
    console.expect("really want to exit")
    console.sendline("y")
    console.expect(pexpect.EOF)
    console.close()
    sys.exit(console.exitstatus)
finally:
    console.close(force=True)
