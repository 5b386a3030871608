"""Which writes and syncs does SQLite ask of the disk, and when shall a process die of it? A VFS around the real one.

A *recording* is a file that all processes append to: every write, truncation, sync and deletion of the database and its
log, in the order in which they were made, and among them the ledger client's lines. `cuts.py` makes of it what a disk
holds when the power fails. A *trap* is a few shared bytes: the n-th system call of a kind from now on kills the process
that makes it.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

#: kind, file, process, offset, length of the data that follows.
HEADER = struct.Struct("<ccIQI")
#: Kinds: Write, Truncate, sync Begun, sync Ended, Delete, Mark (offset: the length of the ledger).
DATABASE, LOG, NONE = b"d", b"l", b"-"


@dataclass(frozen=True, slots=True)
class Entry:
    kind: bytes
    file: bytes
    process: int
    offset: int
    data: bytes


class Recorder:
    """Appends entries; one write each, which the kernel does not mix with another process's."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, kind: bytes, file: bytes = NONE, offset: int = 0, data: bytes = b"") -> None:
        whole = HEADER.pack(kind, file, os.getpid(), offset, len(data)) + data
        if os.write(self._fd, whole) != len(whole):
            raise OSError("the recording has no room")


def entries(path: Path) -> Iterator[Entry]:
    content, at = memoryview(path.read_bytes()), 0
    while at < len(content):
        kind, file, process, offset, length = HEADER.unpack_from(content, at)
        at += HEADER.size
        yield Entry(kind, file, process, offset, bytes(content[at : at + length]))
        at += length


class Trap:
    """Set by the test, sprung by the server's processes. `moment`: "before" or "after" the call, "half" of a write."""

    LAYOUT = struct.Struct("<i8s8s8s")

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(self.LAYOUT.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def set(self, countdown: int, call: str, moment: str, victim: str) -> None:
        """The `countdown`-th "sync" or "write" kills the "worker" or the "group" of all processes."""
        self.LAYOUT.pack_into(self._memory, 0, countdown, call.encode(), moment.encode(), victim.encode())

    @property
    def is_set(self) -> bool:
        return bool(self._read()[0] > 0)

    def moment(self, call: str) -> str:
        """When the process is to die in this call; "" if it is not."""
        left, which, moment, _ = self._read()
        if left <= 0 or which != call:
            return ""
        self._memory[:4] = struct.pack("<i", left - 1)
        return moment if left == 1 else ""

    def spring(self) -> None:
        if self._read()[3] == "group":
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()

    def _read(self) -> tuple[int, str, str, str]:
        left, *texts = self.LAYOUT.unpack_from(self._memory)
        call, moment, victim = (text.rstrip(b"\0").decode() for text in texts)
        return left, call, moment, victim


class Disk(apsw.VFS):
    """Becomes the way in which this process opens every SQLite file; only `name` and its log are looked at."""

    def __init__(self, name: str, recorder: Recorder | None, trap: Trap | None) -> None:
        self.name, self.recorder, self.trap = name, recorder, trap
        super().__init__("faults", "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        file = self.file_of(path or "")
        return DiskFile(name, flags, file, self) if file != NONE else apsw.VFSFile("unix", name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        if self.recorder and (file := self.file_of(filename)) != NONE:
            self.recorder.note(b"D", file)

    def file_of(self, path: str) -> bytes:
        if path.endswith(self.name):
            return DATABASE
        return LOG if path.endswith(self.name + "-wal") else NONE


class DiskFile(apsw.VFSFile):
    def __init__(
        self, name: str | apsw.URIFilename | None, flags: list[int], file: bytes, disk: Disk
    ) -> None:
        self._file, self._disk = file, disk
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        moment = self._disk.trap.moment("write") if self._disk.trap else ""
        if moment == "before":
            self._spring()
        if moment == "half":
            data = data[: len(data) // 2]
        if self._disk.recorder:
            self._disk.recorder.note(b"W", self._file, offset, data)
        super().xWrite(data, offset)
        if moment:
            self._spring()

    def xSync(self, flags: int) -> None:  # noqa: N802
        moment = self._disk.trap.moment("sync") if self._disk.trap else ""
        if moment == "before":
            self._spring()
        if self._disk.recorder:
            self._disk.recorder.note(b"B", self._file)
        super().xSync(flags)
        if self._disk.recorder:
            self._disk.recorder.note(b"E", self._file)
        if moment:
            self._spring()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        if self._disk.recorder:
            self._disk.recorder.note(b"T", self._file, newsize)
        super().xTruncate(newsize)

    def _spring(self) -> None:
        assert self._disk.trap is not None
        self._disk.trap.spring()
