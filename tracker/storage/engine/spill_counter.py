"""Spill counter: exact counts of digests in 8 MB of memory; what does not fit spills to a temporary file.

An import of any size numbers the occurrences of each line with it.
"""

from __future__ import annotations

import apsw

#: KiB of memory.
_CACHE_KB = 8 * 1024


class SpillCounter:
    """Counts of digests, for one run. The file has no name and vanishes with the connection."""

    def __init__(self) -> None:
        self._connection = apsw.Connection("")
        for name, value in (("journal_mode", "OFF"), ("synchronous", "OFF"), ("cache_size", -_CACHE_KB)):
            self._connection.pragma(name, value)
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def count(self, digest: bytes) -> int:
        """Count one occurrence of the digest; return its number, from 1."""
        sql = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        return int(next(self._connection.execute(sql, (digest,)))[0])

    def close(self) -> None:
        self._connection.close()
