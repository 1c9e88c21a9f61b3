"""Runs a command in a terminal of its own and closes the terminal when told to: terminal-child.py <log> <command...>.

The command leads the session, as the shell of a terminal window does; what it prints goes to <log>. A line on standard
input closes the terminal. The last line on standard output is its wait status.
"""

import os
import pty
import select
import sys

log_path, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

print(pid, flush=True)
watched = [terminal, sys.stdin]
with open(log_path, "wb", buffering=0) as log:
    while sys.stdin in watched:
        ready, _, _ = select.select(watched, [], [])
        if terminal in ready:
            try:
                log.write(os.read(terminal, 65536))
            except OSError:  # nothing of the command has it open, as under nohup
                watched.remove(terminal)
        if sys.stdin in ready:
            watched.remove(sys.stdin)
os.close(terminal)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status), flush=True)
