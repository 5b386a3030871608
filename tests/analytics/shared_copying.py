"""How does a test build a copy in ClickHouse and follow it, without a process?"""

from __future__ import annotations

import re
from typing import Any

from tests.analytics.reference import (
    events_of_copy,
    events_of_truth,
    fields_of_copy,
    fields_of_truth,
    visits_of,
    visits_of_copy,
)
from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_build import build_shared
from tracker.analytics.clickhouse.shared_copy import SharedCopy
from tracker.analytics.copy.copy_check import CopyCheck
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.queries import CopySchema
from tracker.storage.engine import Database

_TABLE = re.compile(r"\bone\.(\w+)")


class SharedCopied:
    """The copy of one list, as one instance sees it. `engine` takes statements about the attached copy `one`."""

    def __init__(self, url: ClickHouseURL, database: Database, list_id: int, is_built: bool = False) -> None:
        self.url, self.database, self.list_id = url, database, list_id
        self.truth = TruthReader(database)
        if not is_built:
            self.build()
        self.open()

    def build(self) -> None:
        build_shared(self.url, self.truth, self.list_id, lambda share: None)

    def open(self) -> None:
        self.copy = SharedCopy(self.url, self.list_id, TruthReader(self.database))
        assert self.copy.attach()
        self.engine = _Engine(self.url, self.copy)

    @property
    def tail(self) -> Any:
        return self.copy._tail  # noqa: SLF001

    def close(self) -> None:
        self.copy.close()
        self.engine.close()
        self.truth.close()

    def asked(self) -> tuple[ClickHouseCursor, CopySchema]:
        cursor = self.copy.cursor()
        assert cursor.moment is not None
        return cursor, cursor.moment.schema(has_visits=False)

    def follow(self) -> None:
        while not self.copy.look():
            pass

    def compare(self) -> CopyCheck | None:
        return self.copy.check()

    def check(self) -> None:
        """Is the copy, once followed, what plain Python makes of the truth?"""
        self.follow()
        engine: Any = self.engine
        found, wanted = events_of_copy(engine, "one"), events_of_truth(self.database, self.list_id)
        differing = {key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}
        assert not differing, [(key, found.get(key), wanted.get(key)) for key in differing]
        assert visits_of_copy(engine, "one") == visits_of(wanted, engine, "one")
        assert fields_of_copy(engine, "one") == fields_of_truth(self.database, self.list_id)


class _Engine:
    """Statements about `one`, with `rest` as JSON."""

    def __init__(self, url: ClickHouseURL, copy: SharedCopy) -> None:
        self._client, self._copy = ClickHouseClient(url), copy
        self._rows: list[Any] = []

    def execute(self, sql: str, values: Any = ()) -> _Engine:
        sql = _TABLE.sub(lambda found: self._copy._table(found[1]), sql)  # noqa: SLF001
        sql = re.sub(r"(?<![\w.])(e\.)?rest\b", r"toJSONString(\1rest)", sql)
        self._rows = self._client.rows(sql, values)
        return self

    def fetchall(self) -> list[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def cursor(self) -> _Engine:
        return self

    def close(self) -> None:
        self._client.close()
