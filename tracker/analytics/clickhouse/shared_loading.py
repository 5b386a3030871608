"""Shared loading: statements that put events, ties, people and values of fields into a version of a copy in ClickHouse.

They are those of `copy/loading.py`; what is deleted there is noted as gone here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.shared_rows import batch_columns, event_lines
from tracker.analytics.clickhouse.shared_tables import KEYS, Version
from tracker.analytics.copy.copied_rows import Values
from tracker.analytics.copy.copy_tables import PropertyColumn

_OF_TIE = "t.visitor = b.visitor AND t.span = b.span AND t.named = b.named"


class SharedLoader:
    """Writes one version, over a connection whose session has the staged rows."""

    def __init__(self, client: ClickHouseClient, version: Version, columns: Sequence[PropertyColumn]) -> None:
        self.client, self.version, self._columns = client, version, columns
        #: The tables of which this version lets rows go.
        self.gone: set[str] = set()

    def load_events(self, values: Values) -> int:
        """Insert events and their new ties; return how many."""
        if not values[0]:
            return 0
        columns = batch_columns(self._columns)
        self.stage("batch", columns, event_lines(values, self._columns))
        table, write = self.version.table, self.client.write
        ties = f"(SELECT * FROM {table('ties')} WHERE visitor IN (SELECT visitor FROM batch))"
        write(
            f"INSERT INTO {self.version.name('ties')} (tie, visitor, span, named, born) SELECT (SELECT coalesce(max(tie), 0) FROM {table('ties')})"
            f" + row_number() OVER (), b.visitor, b.span, b.named, {self.version.number} FROM (SELECT DISTINCT visitor, span, named FROM batch) b"
            f" ANTI JOIN {ties} t ON {_OF_TIE}"
        )
        same = [name for name in columns if name not in ("happened", "visitor", "span", "named")]
        listed = ", ".join(["tie", '"at"', "is_bot", *same, "born"])
        made = ", ".join(
            ["t.tie", "b.happened", "b.is_robot OR o.tie IS NOT NULL", *(f"b.{name}" for name in same)]
        )
        write(
            f"INSERT INTO {self.version.name('e')} ({listed}) SELECT {made}, {self.version.number} FROM batch b JOIN {ties} t ON {_OF_TIE}"
            f" LEFT JOIN {self.left_out()} o ON o.tie = t.tie"
        )
        return len(values[0])

    def left_out(self) -> str:
        """Return a SELECT of the ties that are left out."""
        return f"(SELECT tie FROM {self.version.table('who')} WHERE is_left_out)"

    def stage(self, name: str, columns: Mapping[str, str], lines: bytes) -> None:
        """Make the session's table `name` of {column: type}, with these rows."""
        defined = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.client.write(f"CREATE OR REPLACE TEMPORARY TABLE {name} ({defined}) ENGINE = Memory")
        if lines:
            self.client.insert(name, list(columns), lines)

    def let_go(self, table: str, condition: str, values: Sequence[Any] = ()) -> int:
        """Have this version do without the rows of a table that are like this; return how many there were."""
        source = f"FROM {self.version.table(table)} WHERE {condition}"
        [(count,)] = self.client.rows(f"SELECT count(*) {source}", values)
        if count:
            self.gone.add(table)
            first, second = KEYS[table]
            self.client.write(
                f"INSERT INTO {self.version.name('gone')} (kind, a, b, born, died) SELECT '{table}', {first}, {second}, born, {self.version.number} {source}",
                values,
            )
        return int(count)

    def delete_events(self, event_ids: Iterable[int]) -> int:
        """Delete events by their ids; return how many there were."""
        return self.let_go("e", "id IN (SELECT unnest($1::BIGINT[]))", [list(event_ids)])

    def delete_fields(self, column: str, numbers: Iterable[int]) -> int:
        """Delete the values of these persons (`column` person) or of these fields (`column` field); return how many."""
        return self.let_go("fields", f"{column} IN (SELECT unnest($1::BIGINT[]))", [list(numbers)])

    def load_fields(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert values of custom fields: (person, field, text, number or None)."""
        lines = b"\n".join(orjson.dumps([*row, self.version.number]) for row in rows)
        if lines:
            self.client.insert(
                self.version.name("fields"), ["person", "field", "value", "number", "born"], lines
            )

    def resolve_ties(
        self,
        links: Sequence[tuple[int, int, int]],
        living: Mapping[int, bool],
        spans: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        """Say whose ties are, as `loading.resolve_ties` does; afterwards `owners` has those that are new or moved, `moved` whose they were."""
        self.stage("links", {"visitor": "Int64", "span": "Int32", "subscriber": "Int64"}, _lines(links))
        self.stage("living", {"id": "Int64", "is_left_out": "Bool"}, _lines(living.items()))
        table, write = self.version.table, self.client.write
        scope = ""
        if spans is not None:
            self.stage("spans", {"visitor": "Int64", "span": "Int32"}, _lines(spans))
            scope = " WHERE visitor IN (SELECT visitor FROM spans) AND (visitor, span) IN (SELECT visitor, span FROM spans)"
        owners = (
            "SELECT tie, coalesce(person, visitor) AS actor, person, visitor, is_left_out FROM (SELECT t.tie AS tie, t.visitor AS visitor,"
            " coalesce(a.id, b.id) AS person, coalesce(a.is_left_out, b.is_left_out, false) AS is_left_out"
            f" FROM (SELECT * FROM {table('ties')}{scope}) t LEFT JOIN living a ON a.id = t.named"
            " LEFT JOIN links l ON l.visitor = t.visitor AND l.span = t.span LEFT JOIN living b ON b.id = l.subscriber)"
        )
        if spans is None:
            self._own(owners)
            return
        is_same = (
            "w.actor = o.actor AND w.person IS NOT DISTINCT FROM o.person AND w.is_left_out = o.is_left_out"
        )
        columns = ", ".join(
            f"o.{name} AS {name}" for name in ("tie", "actor", "person", "visitor", "is_left_out")
        )
        known = f"(SELECT * FROM {table('who')} WHERE tie IN (SELECT tie FROM looked_at))"
        write(f"CREATE OR REPLACE TEMP TABLE looked_at AS {owners}")
        write(
            f"CREATE OR REPLACE TEMP TABLE owners AS SELECT {columns} FROM looked_at o LEFT JOIN {known} w ON w.tie = o.tie"
            f" WHERE w.tie IS NULL OR NOT ({is_same})"
        )
        write(
            f"CREATE OR REPLACE TEMP TABLE moved AS SELECT tie, actor, is_left_out FROM {table('who')} WHERE tie IN (SELECT tie FROM owners)"
        )
        self.let_go("who", "tie IN (SELECT tie FROM owners)")
        self._own("SELECT * FROM owners")

    def _own(self, owners: str) -> None:
        names = "tie, actor, person, visitor, is_left_out"
        self.client.write(
            f"INSERT INTO {self.version.name('who')} ({names}, born) SELECT {names}, {self.version.number} FROM ({owners})"
        )

    def mark_left_out(self) -> None:
        """Mark the events of a new copy whose ties are left out: they are inserted anew."""
        self._insert_anew(f"tie IN {self.left_out()}", "true")

    def mark_turned(self) -> bool:
        """Mark or unmark the events of the ties that `resolve_ties` has just turned; return whether there are any."""
        self.client.write(
            "CREATE OR REPLACE TEMP TABLE turned AS SELECT o.tie AS tie, o.is_left_out AS is_left_out FROM owners o LEFT JOIN moved m ON m.tie = o.tie"
            " WHERE o.is_left_out <> coalesce(m.is_left_out, false)"
        )
        is_any = False
        for mark, told in (("true", "is_left_out"), ("is_robot", "NOT is_left_out")):
            is_any |= self._insert_anew(f"tie IN (SELECT tie FROM turned WHERE {told})", mark)
        return is_any

    def _insert_anew(self, condition: str, is_bot: str) -> bool:
        """Replace the events that are like this by ones with another mark; return whether there are any."""
        names = [
            row[0]
            for row in self.client.rows(
                f"SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{self.version.name('e')}'"
            )
        ]
        same = ", ".join(f'"{name}"' for name in names if name not in ("born", "is_bot"))
        self.client.write(
            f"CREATE OR REPLACE TEMP TABLE anew AS SELECT {same} FROM {self.version.table('e')} WHERE {condition} AND is_bot <> {is_bot}"
        )
        if not self.let_go("e", f"{condition} AND is_bot <> {is_bot}"):
            return False
        self.client.write(
            f"INSERT INTO {self.version.name('e')} ({same}, is_bot, born) SELECT {same}, {is_bot}, {self.version.number} FROM anew"
        )
        return True


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    return b"\n".join(orjson.dumps(list(row)) for row in rows)
