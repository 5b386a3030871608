"""What does the server of the fault suite load? `wsgi:app`, on a disk that is watched, with the faults it is told."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.disk import Disk, Recorder, Trap
from tests.faults.planted import plant


def _disk() -> Disk | None:
    recording, trap = os.environ.get("FAULT_RECORDING"), os.environ.get("FAULT_TRAP")
    if not recording and not trap:
        return None
    return Disk(
        "tracker.db", Recorder(Path(recording)) if recording else None, Trap(Path(trap)) if trap else None
    )


plant()
#: Kept alive as long as files may be opened.
disk = _disk()

from wsgi import app  # noqa: E402 - the faults come first

__all__ = ["app"]
