"""A small copy in ClickHouse: the same made-up events as in `copied_world`, in the tables of a shared copy."""

from __future__ import annotations

import itertools
import os
from typing import Any

import orjson

from tests.analytics.copied_world import Event, number_of
from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_tables import SharedSchema, Version, creations
from tracker.analytics.clickhouse.shared_visits import fill_visits
from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.analytics.queries import ClickHouseDialect, CopyColumn
from tracker.questions import canonical_text, plain_number

_numbers = itertools.count(1)


class World(ClickHouseCursor):
    """A cursor that drops the copy at its end."""

    prefix = ""
    client: ClickHouseClient

    def close(self) -> None:
        super().close()
        for name in ("e", "visits", "ties", "who", "fields", "columns", "gone", "state"):
            self.client.rows(f"DROP TABLE IF EXISTS {self.prefix}_{name}")
        self.client.close()


def copy_in_clickhouse(
    url: ClickHouseURL, events: list[Event], fields: dict[tuple[int, int], str], as_of: int, columns: dict[str, CopyColumn],
    gap_ms: int = 0,
) -> tuple[World, SharedSchema]:  # fmt: skip
    """Return what `copied_world.copy_of` returns, of ClickHouse."""
    cursor, client = World(url), ClickHouseClient(url)
    cursor.prefix, cursor.client = f"world_{os.getpid()}_{next(_numbers)}", client
    kept = [PropertyColumn(name, each.index, each.has_numbers) for name, each in columns.items()]
    for statement in creations(cursor.prefix, kept):
        client.rows(statement)
    ties = {tie: n for n, tie in enumerate(sorted({(e["visitor"], e["person"]) for e in events}, key=repr))}
    own = [f"p{each.index}" for each in kept] + [f"n{each.index}" for each in kept if each.has_numbers]
    names = [
        "id",
        '"at"',
        "name",
        "tie",
        "is_robot",
        "is_bot",
        "is_counted",
        "worth",
        "currency",
        "rest",
        "numbers",
        *own,
        "born",
    ]
    _fill(client, f"{cursor.prefix}_e", names, [_row(event, ties, columns) for event in events])
    who = [[n, person or visitor, person, visitor, False, 1] for (visitor, person), n in ties.items()]
    _fill(client, f"{cursor.prefix}_who", ["tie", "actor", "person", "visitor", "is_left_out", "born"], who)
    rows = [[person, field, value, plain_number(value), 1] for (person, field), value in fields.items()]
    _fill(client, f"{cursor.prefix}_fields", ["person", "field", "value", "number", "born"], rows)
    _fill(client, f"{cursor.prefix}_state", ["version", "as_of"], [[1, as_of]])
    version = Version(cursor.prefix, 1, gone=frozenset({"e", "visits"}))
    schema = SharedSchema(cursor.prefix, columns, gap_ms, dialect=ClickHouseDialect(), version=version)
    if gap_ms:
        fill_visits(
            client, version, [each for each in kept if not columns[each.property].is_partial], gap_ms, 2
        )
    return cursor, schema


def _row(event: Event, ties: dict[Any, int], columns: dict[str, CopyColumn]) -> list[Any]:
    sent = {name: value for name, value in event["properties"].items() if value is not None}
    texts: list[Any] = []
    numbers: list[Any] = []
    for name, column in columns.items():
        is_old = column.is_partial and event["id"] % 2 == 0
        value = None if is_old else sent.pop(name, None)
        texts.append(canonical_text(value))
        numbers += [number_of(value)] if column.has_numbers else []
    counts = event["is_counted"]
    return [
        event["id"], event["at"], event["name"], ties[(event["visitor"], event["person"])], event["is_bot"], event["is_bot"], counts,
        None if event["worth"] is None or not counts else str(event["worth"]), event["currency"] if counts else None,
        {name: canonical_text(value) for name, value in sent.items()},
        {name: number for name, value in sent.items() if (number := number_of(value)) is not None},
        *texts, *numbers, 1,
    ]  # fmt: skip


def _fill(client: ClickHouseClient, table: str, names: list[str], rows: list[list[Any]]) -> None:
    if rows:
        client.insert(table, names, b"\n".join(map(orjson.dumps, rows)))
