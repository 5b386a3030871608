"""What do all programs have in common that are forks of a process that has loaded their modules?"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def environment_of_origin() -> dict[str, str]:
    """The environment of what they are forked from: nothing of the test's own that Tracker or pytest would read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKER_", "PYTEST_"))}
    return kept | {"PYTHONPATH": str(ROOT)}


def take_on(order: dict[str, Any]) -> None:
    """Have the folder, the environment and the arguments of the program."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv[:] = order["arguments"]
    sys.path[0] = os.path.dirname(sys.argv[0])
