"""ClickHouse cursor: a session with temporary tables, in which a question asks its statements."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb

from tracker.analytics.clickhouse.clickhouse_client import KILL_SECONDS, QUESTION_SECONDS, ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_deadline import within
from tracker.analytics.clickhouse.clickhouse_errors import BAD_PATTERN, ClickHouseError
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_tables import Moment

_MADE = re.compile(r"CREATE (?:OR REPLACE )?TEMP TABLE (\w+)")


class ClickHouseCursor:
    """What queries need of a cursor. There are no transactions: `BEGIN` and `ROLLBACK` are nothing here."""

    def __init__(
        self, url: ClickHouseURL, seconds: int = QUESTION_SECONDS, moment: Moment | None = None
    ) -> None:
        """`moment` is what the questions of this cursor read."""
        self.moment = moment
        self._client = ClickHouseClient(url, seconds, f"tracker-{secrets.token_hex(12)}")
        self._made: set[str] = set()
        self._rows: list[Any] = []

    def __enter__(self) -> ClickHouseCursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, query: str, parameters: Sequence[Any] | None = None, /) -> ClickHouseCursor:
        """Run a statement."""
        if query == "BEGIN":
            return self
        if made := _MADE.match(query):
            self._made.add(made[1])
        self._rows = self._client.rows(query, parameters or ())
        return self

    def fetchall(self) -> list[Any]:
        """Return its rows."""
        return self._rows

    def bad_patterns(self, patterns: Sequence[str], /) -> list[str]:
        """Return those that are no regular expressions."""
        return [each for each in patterns if not self._is_pattern(each)]

    def _is_pattern(self, pattern: str) -> bool:
        try:
            self._client.rows("SELECT match('', $1)", [pattern])
        except ClickHouseError as failure:
            if failure.code != BAD_PATTERN:
                raise
            return False
        return True

    def interrupt(self) -> None:
        """Give up the statement that runs, or the next one."""
        self._client.interrupt()

    def close(self) -> None:
        """Drop the session's tables: the server would keep them for a minute."""
        with within(KILL_SECONDS), suppress(duckdb.Error):
            for name in self._made:
                self._client.rows(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        self._made.clear()
        self._client.close()
