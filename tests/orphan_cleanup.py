"""What ends the servers of a test run that was itself killed?

Started once by `tests/processes.py`, which tells it of every process group and folder. When its input ends - the run
is over, however it ended - what is still on the list is ended and removed. A server that outlives a killed run would
otherwise keep its memory and its port for ever.
"""

import os
import shutil
import signal
import sys


def watch() -> None:
    groups: set[str] = set()
    folders: set[str] = set()
    for line in sys.stdin:
        verb, kind, value = line.rstrip("\n").split(" ", 2)
        known = groups if kind == "group" else folders
        (known.add if verb == "watch" else known.discard)(value)
    for group in groups:
        end(int(group))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself


if __name__ == "__main__":
    watch()
