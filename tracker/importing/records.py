"""Records of NDJSON and CSV files: each becomes the parameters of an event, as if it had been sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tracker.errors import BODY_TOO_LARGE, CommandError, Error, because
from tracker.importing.lines import MAX_LINE_BYTES, Lines, is_too_long
from tracker.registry.json_object import read_object, unreadable

#: A column `Properties.x` is the property x: {prefix of such columns in lower case: their parameter}.
PROPERTY_COLUMNS = {"properties.": "Properties", "identifyproperties.": "IdentifyProperties"}
#: Cell delimiters, the usual first, and Excel's line that declares one.
DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)
#: Why a line that is too long has no parameters.
TOO_LONG = because(BODY_TOO_LARGE, f"a line of more than {MAX_LINE_BYTES} bytes")


class UnusableFile(Exception):
    """No line of the file can be imported. The text is one line that says why."""


@dataclass(slots=True)
class Record:
    """One event of a file: the number of its first line, its bytes, and its parameters or why it has none."""

    line: int
    raw: bytes
    params: dict[str, Any]
    error: Error | None = None
    #: Its event is stored only with that of the record before it.
    is_dependent: bool = False


def ndjson_records(lines: Lines) -> Iterator[Record]:
    """Yield the records of a file with one JSON object per line; blank lines are skipped."""
    for line in lines:
        raw = line.strip()
        if is_too_long(line):
            yield Record(lines.number, raw, {}, TOO_LONG)
        elif raw:
            yield _json_record(lines.number, raw)


def _json_record(line: int, raw: bytes) -> Record:
    try:
        params = read_object(raw)
    except CommandError as refused:
        return Record(line, raw, {}, refused.errors[0])
    return Record(line, raw, {name: value for name, value in params.items() if value is not None})


class CsvRecords:
    """The rows of a CSV file (RFC 4180, UTF-8); `columns` are its header. All values are text, and empty cells absent.

    The delimiter is a comma, or another one of DELIMITERS if that gives the header the column KEY: spreadsheets write
    semicolons in countries where numbers have a decimal comma. Raises UnusableFile for a file without a usable header.
    """

    #: The column without which a file is no file of events.
    KEY = "Event"

    def __init__(self, lines: Lines) -> None:
        csv.field_size_limit(MAX_LINE_BYTES)
        self._lines = lines
        self._taken: list[bytes] = []
        texts = self._texts()
        header, delimiter = _first_row(texts, self.KEY.lower())
        self._reader = csv.reader(chain(header, texts), delimiter=delimiter, strict=True)
        self.columns = self._header()

    def __iter__(self) -> Iterator[Record]:
        while True:
            self._taken.clear()
            line = self._lines.number + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as failure:
                yield Record(line, self._raw(), {}, _unreadable(f"not valid CSV: {failure}"))
                continue
            if any(cells):
                yield self._record(line, cells)

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield line.decode(errors="surrogateescape")

    def _raw(self) -> bytes:
        return b"".join(self._taken).strip()

    def _header(self) -> list[str]:
        try:
            columns = [cell.strip() for cell in next(self._reader, [])]
        except csv.Error as failure:
            raise UnusableFile(f"the first line is no header: {failure}") from failure
        keys = [_key(column) for column in columns]
        if self.KEY.lower() not in keys:
            raise UnusableFile(f"the first line names no column '{self.KEY}'")
        if twice := next((column for column in columns if keys.count(_key(column)) > 1), None):
            raise UnusableFile(f"the first line names the column '{twice}' twice")
        for name in filter(None, map(_param_of, columns)):
            if name.lower() in keys:
                raise UnusableFile(f"there is a column '{name}' as well as columns '{name}.…'")
        return columns

    def _record(self, line: int, cells: list[str]) -> Record:
        raw = self._raw()
        if any(map(is_too_long, self._taken)):
            return Record(line, raw, {}, TOO_LONG)
        if not _is_utf_8(raw):
            return Record(line, raw, {}, _unreadable("it is not UTF-8"))
        if any(cells[len(self.columns) :]):
            return Record(line, raw, {}, _unreadable("more cells than the header has"))
        return Record(line, raw, self.params_of(cells))

    def params_of(self, cells: list[str]) -> dict[str, Any]:
        """Return the parameters of a row."""
        params: dict[str, Any] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            name = _param_of(column)
            if cell and name is not None:
                params.setdefault(name, {})[_property_of(column)] = cell
            elif cell:
                params[column] = cell
        return params


def _first_row(texts: Iterator[str], key: str) -> tuple[list[str], str]:
    """Return the header's line (none of an empty file) and its delimiter, which a line `sep=;` before it may declare."""
    line = next(texts, None)
    if line is not None and (declared := _SEPARATOR.fullmatch(line)):
        return [text for text in [next(texts, None)] if text is not None], declared[1]
    return (
        ([], ",")
        if line is None
        else ([line], next((each for each in DELIMITERS if _has(key, line, each)), ","))
    )


def _has(key: str, line: str, delimiter: str) -> bool:
    try:
        return any(cell.strip().lower() == key for cell in next(csv.reader([line], delimiter=delimiter)))
    except csv.Error:
        return False


def is_property(column: str) -> bool:
    return _param_of(column) is not None


def _param_of(column: str) -> str | None:
    """Return the parameter of which the column is a property, or None."""
    start, dot, _ = column.partition(".")
    return PROPERTY_COLUMNS.get(f"{start.lower()}{dot}")


def _property_of(column: str) -> str:
    return column.partition(".")[2]


def _key(column: str) -> str:
    """Return the key by which columns must differ: parameters without letter case, properties as they are."""
    name = _param_of(column)
    return column.lower() if name is None else f"{name}.{_property_of(column)}"


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unreadable(reason: str) -> Error:
    return unreadable(reason).errors[0]
