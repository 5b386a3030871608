"""ClickHouse errors: by the number that a server answers with, as what callers of DuckDB know already.

The queue and the conversation treat both engines alike, so these are kinds of DuckDB's exceptions.
"""

from __future__ import annotations

import duckdb

#: Codes of a server that is short of memory or of time for one question, or was told to give it up.
_TOO_LARGE = frozenset({158, 160, 191, 241, 307, 396})
_INTERRUPTED = frozenset({159, 394})
#: Tables that were replaced meanwhile.
_MISSING = frozenset({60, 81, 218})
EXISTS, BAD_PATTERN = 57, 427
#: Wrong password, unknown user, rights that lack; and a disk that is full.
_REFUSED, _FULL = frozenset({192, 193, 194, 497, 516}), frozenset({243})
#: Characters of an error that are kept for the log, and of the words of what is no ClickHouse that are told.
MAX_TOLD, MAX_SHOWN = 300, 80
#: The first version that answers were compared with.
LEAST_VERSION = (26, 9)


class ClickHouseError(duckdb.OperationalError):
    """The server refused a statement, with this code; 0: it could not be asked, or its answer could not be read."""

    def __init__(self, code: int, told: str) -> None:
        super().__init__(f"ClickHouse: code {code}: {told}" if code else f"ClickHouse: {told}")
        self.code = code

    @property
    def words(self) -> str:
        """What whoever asks is told: a server's own words are for the log."""
        if self.code in _REFUSED:
            return "ClickHouse refuses the user of TRACKER_REPORTS_URL, or may not be asked that"
        if self.code in _FULL:
            return "ClickHouse has no space left"
        return "ClickHouse cannot answer now: the log of the reports process says why"


class ClickHouseAway(ClickHouseError):
    """The server cannot be reached."""

    words = "ClickHouse cannot be reached"

    def __init__(self, told: str) -> None:
        super().__init__(0, told)


class ClickHouseForeign(ClickHouseError):
    """What answers is no ClickHouse, or not one that can be understood; `told` is what it says."""

    def __init__(self, told: str) -> None:
        super().__init__(0, f"what answers is no ClickHouse: {told}")
        self._told = told[:MAX_SHOWN]

    @property
    def words(self) -> str:
        return f"TRACKER_REPORTS_URL names what is no ClickHouse: it answers '{self._told}'"


class ClickHouseTooOld(ClickHouseError):
    """The server is older than what Tracker is tested with."""

    words = f"ClickHouse is older than {'.'.join(map(str, LEAST_VERSION))}"

    def __init__(self, version: str) -> None:
        super().__init__(0, f"version {version} is too old")


class TableMissing(ClickHouseError):
    """A table is not there: the copy was replaced or removed."""


class ClickHouseInterrupted(duckdb.InterruptException):
    """The statement was given up, or did not end in time."""

    words = "ClickHouse did not answer in time"


class ClickHouseTooLarge(duckdb.OutOfMemoryException):
    """The statement takes more than the server allows it."""


def printable(body: bytes) -> str:
    """Return the beginning of what a server said, on one line and without control characters."""
    text = body[: 4 * MAX_TOLD].decode(errors="replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:MAX_TOLD]


def error_of(code: int, told: str) -> duckdb.Error:
    """Return the exception for a code of a server's."""
    if code in _INTERRUPTED:
        return ClickHouseInterrupted(told)
    if code in _TOO_LARGE:
        return ClickHouseTooLarge(told)
    return (TableMissing if code in _MISSING else ClickHouseError)(code, told)
