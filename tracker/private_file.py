"""Private files: files that only their owner can read and write (mode 600), whatever the umask is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

#: Addresses, hashes of passwords and events must not be read by other users of the machine.
OWNERS_ONLY = 0o600


def open_private(
    path: Path, mode: str, encoding: str | None = None, is_link_followed: bool = True
) -> IO[Any]:
    """Open a file for writing. A file that exists already gets mode 600 too. Raises OSError.

    Where others may write into the folder, a link by the file's name leads to a file that they choose.
    """
    opener = _opened if is_link_followed else _opened_itself
    file = open(path, mode, encoding=encoding, opener=opener)  # noqa: SIM115 - the caller closes it
    os.fchmod(file.fileno(), OWNERS_ONLY)
    return file


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, OWNERS_ONLY)


def _opened_itself(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, OWNERS_ONLY)
