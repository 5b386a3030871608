"""Archives: the parts of a zip file, and what gzip has packed, read as a stream and only as far as the packing is no bomb."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from tracker.importing.encodings import LineSource, as_utf_8
from tracker.importing.lines import MAX_LINE_BYTES
from tracker.importing.records import UnusableFile

#: Packed events shrink to a tenth or a thirtieth. What unpacks to more than this many times its bytes, beyond the length of one
#: line, is no export: a few events that are nearly alike shrink more. Nor is what has so many bytes of blank lines in a row.
MAX_RATIO, FREE_BYTES, MAX_BLANK_BYTES = 200, MAX_LINE_BYTES, 1024 * 1024
#: Parts of a zip file: an hour each for more than ten years.
MAX_PARTS = 100_000
_DIGITS = re.compile(r"([0-9]{1,18})")
_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"


class BrokenFile(Exception):
    """The rest of a file cannot be read. The text says why, in a few words."""


class ArchivePart(NamedTuple):
    """A file, or one in a zip file: its name there ("" outside of one), and what opens it."""

    name: str
    open: Callable[[], LineSource]


class _Source(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def parts_of(file: io.BufferedReader) -> Iterator[ArchivePart]:
    """Yield the parts of a zip file in the order of their names, or the file as its only part. Raises UnusableFile."""
    if not file.peek(4).startswith((_ZIP, _EMPTY_ZIP)):
        yield ArchivePart("", lambda: _unpacked(file))
        return
    if not file.seekable():
        raise UnusableFile("a zip file cannot be read from standard input")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as broken:
        raise UnusableFile("the zip file is broken") from broken
    members = sorted((each for each in archive.infolist() if not each.is_dir()), key=_counted_name)
    if len(members) > MAX_PARTS:
        raise UnusableFile(f"the zip file has more than {MAX_PARTS} parts")
    for member in members:
        yield ArchivePart(member.filename, lambda member=member: _member(archive, member))  # type: ignore[misc]


def _counted_name(member: zipfile.ZipInfo) -> list[str | int]:
    """Return the name as what sorts hour 9 before hour 10: events are best oldest first."""
    pieces = _DIGITS.split(member.filename)
    return [int(piece) if at % 2 else piece for at, piece in enumerate(pieces)]


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> LineSource:
    try:
        opened = archive.open(member)
    except (
        zipfile.BadZipFile,
        OSError,
        RuntimeError,
        ValueError,
    ) as broken:  # RuntimeError: it has a password
        raise BrokenFile("a part of the zip file cannot be opened") from broken
    return _unpacked(io.BufferedReader(_Unpacked(opened, lambda: member.compress_size)))  # type: ignore[arg-type]


def _unpacked(file: io.BufferedReader) -> LineSource:
    """Return the lines of a file, which gzip may have packed."""
    if not file.peek(2).startswith(_GZIP):
        return as_utf_8(file)
    packed = _Counted(file)
    unpacker = gzip.GzipFile(fileobj=packed, mode="rb")  # type: ignore[call-overload]
    return as_utf_8(io.BufferedReader(_Unpacked(unpacker, lambda: packed.count)))


class _Counted:
    """The bytes of a file, and how many were read."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data


class _Unpacked(io.RawIOBase):
    """Unpacked bytes. Raises BrokenFile for what is no packed data, and for what was `packed()` too small for so many."""

    def __init__(self, source: _Source, packed: Callable[[], int]) -> None:
        self._source, self._packed = source, packed
        self._count = self._blank = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._source.read1(len(into))
        except (
            zlib.error,
            zipfile.BadZipFile,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as broken:
            raise BrokenFile("what is packed breaks off or is damaged") from broken
        self._count += len(data)
        if self._count > FREE_BYTES + MAX_RATIO * self._packed():
            raise BrokenFile(f"it unpacks to more than {MAX_RATIO} times its size")
        self._blank = self._blank + len(data) if data.isspace() else 0
        if self._blank > MAX_BLANK_BYTES:
            raise BrokenFile("it has too many blank lines")
        into[: len(data)] = data
        return len(data)
