"""Private file: what Tracker writes can be read by its owner alone, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

#: Addresses, hashes of passwords and events are for nobody else.
OWNERS_ONLY = 0o600


def open_private(path: Path, mode: str, encoding: str | None = None) -> IO[Any]:
    """Open a file to write to; one that is there already is its owner's alone from now on."""
    file = open(path, mode, encoding=encoding, opener=_opened)  # noqa: SIM115 - the caller closes it
    os.fchmod(file.fileno(), OWNERS_ONLY)
    return file


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, OWNERS_ONLY)
