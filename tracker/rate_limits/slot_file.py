"""Slot file: the layout of the shared-memory store's file, and how it is made.

    header   one page of 4 KiB: magic and geometry, then the secret that keys the digests
    sets     SETS x (WAYS digests of 16 bytes, then WAYS pairs of window end in milliseconds and count, 8 bytes each)

The file is only ever replaced whole, by renaming: shortening it would kill (SIGBUS) every process that has it mapped.
Its blocks are allocated when it is made, for the same reason: a full disk must not kill a process that writes to a slot.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

DIGEST_BYTES = 16
WAYS = 16
DIGESTS_BYTES = WAYS * DIGEST_BYTES
SET_BYTES = 2 * DIGESTS_BYTES
#: 262,144 slots. With 100,000 live keys 6 of a set's 16 slots are taken on average; 2 sets in 10,000 overflow.
SETS = 2**14
HEADER_BYTES = 4096
FILE_BYTES = HEADER_BYTES + SETS * SET_BYTES

_MAGIC = struct.pack("<16sIIII", b"tracker-limits/1", DIGEST_BYTES, WAYS, SETS, SET_BYTES)
_SECRET_BYTES = 16
#: A file with this ending is made and renamed within milliseconds; one that is left over was made by a killed process.
UNFINISHED_SUFFIX = ".making"


class Slots(NamedTuple):
    """The opened file. All processes of an instance map the same bytes."""

    fd: int
    memory: mmap.mmap
    secret: bytes


def empty(path: str | Path) -> None:
    """Make the file anew, whatever is at `path` now. Called by the instance's one parent process, before it has workers.

    Workers of an earlier start keep the file that they have open. Raises OSError.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for unfinished in path.parent.glob(f"{path.name}.*{UNFINISHED_SUFFIX}"):
        unfinished.unlink(missing_ok=True)
    _make(path).replace(path)


def open_slots(path: str | Path) -> Slots:
    """Map the file. Make it if it is missing, replace it if it is another kind of file. Raises OSError."""
    path = Path(path)
    while True:
        fd = _open_or_make(path)
        try:
            if _is_ours(fd):
                return _map(fd)
            _replace_once(path, fd)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _map(fd: int) -> Slots:
    memory = mmap.mmap(fd, FILE_BYTES)
    return Slots(fd, memory, memory[len(_MAGIC) : len(_MAGIC) + _SECRET_BYTES])


def _open_or_make(path: Path) -> int:
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _make(path)
        try:
            # Unlike a rename this never displaces the file another process has made in the meantime.
            with suppress(FileExistsError):
                os.link(made, path)
        finally:
            made.unlink()


def _make(path: Path) -> Path:
    """Make a new file beside `path`, complete before it gets its name. Returns its temporary path."""
    fd, name = tempfile.mkstemp(UNFINISHED_SUFFIX, f"{path.name}.", path.parent)
    try:
        _allocate(fd)
        os.pwrite(fd, _MAGIC + secrets.token_bytes(_SECRET_BYTES), 0)
    except BaseException:
        os.unlink(name)
        raise
    finally:
        os.close(fd)
    return Path(name)


def _allocate(fd: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, FILE_BYTES)
    else:
        os.ftruncate(fd, FILE_BYTES)


def _is_ours(fd: int) -> bool:
    return os.fstat(fd).st_size == FILE_BYTES and os.pread(fd, len(_MAGIC), 0) == _MAGIC


def _replace_once(path: Path, fd: int) -> None:
    """Replace a foreign file, once: of several processes that found it one does so, the others find the new file."""
    fcntl.lockf(fd, fcntl.LOCK_EX)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.stat(path), os.fstat(fd)):
            _make(path).replace(path)
