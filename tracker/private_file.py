"""Private files: files that only their owner can read and write (mode 600), whatever the umask is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

#: Addresses, hashes of passwords and events must not be read by other users of the machine.
OWNERS_ONLY = 0o600


def open_private(path: Path, mode: str, encoding: str | None = None) -> IO[Any]:
    """Open a file for writing. A file that exists already gets mode 600 too. Raises OSError."""
    file = open(path, mode, encoding=encoding, opener=_opened)  # noqa: SIM115 - the caller closes it
    os.fchmod(file.fileno(), OWNERS_ONLY)
    return file


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, OWNERS_ONLY)
