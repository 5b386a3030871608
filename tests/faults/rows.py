"""What is in a database? Read with plain SQL by the bare driver, so that no mistake of the product's hides itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import apsw
import pymysql

TABLES = {
    "events": (
        "list_id", "id", "visitor_id", "subscriber_id", "name", "event_at", "received_at", "claimed_at", "external_id",
        "flags", "properties",
    ),
    "event_ids": ("list_id", "event_key", "event_id"),
    "visitors": ("list_id", "id", "uuid"),
    "subscribers": ("list_id", "id", "email_key"),
    "event_names": ("list_id", "name", "property_count", "events"),
    "event_properties": (
        "list_id", "event_name", "property", "strings", "numbers", "booleans", "nulls", "objects", "arrays",
    ),
    "event_counts": ("list_id", "name", "bucket", "events"),
    "conversions": ("list_id", "conversion_key", "event_id"),
    "conversion_totals": ("list_id", "name", "currency", "conversions", "units", "millionths"),
    "lists": ("id", "user_id", "is_hidden"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row, its columns by name."""

    columns: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.columns[name]


Tables = dict[str, list[Row]]


def read_tables(url: str) -> tuple[Tables, list[str]]:
    """All rows of the tables the checker looks at, and what the database itself says is wrong with it."""
    connection = _connect(url)
    try:
        return {table: _rows(connection, table, columns) for table, columns in TABLES.items()}, _damage(
            connection
        )
    finally:
        connection.close()


def _connect(url: str) -> Any:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        connection = apsw.Connection(url.removeprefix("sqlite:///"))
        connection.set_busy_timeout(5000)
        return connection
    return pymysql.connect(host=parts.hostname, port=parts.port, user=parts.username, database=parts.path[1:])


def _rows(connection: Any, table: str, columns: tuple[str, ...]) -> list[Row]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")
    return [Row(dict(zip(columns, row, strict=True))) for row in cursor.fetchall()]


def _damage(connection: Any) -> list[str]:
    if isinstance(connection, apsw.Connection):
        said = [text for (text,) in connection.execute("PRAGMA integrity_check")]
        return [] if said == ["ok"] else said
    cursor = connection.cursor()
    cursor.execute(f"CHECK TABLE {', '.join(TABLES)}")
    return [str(row) for row in cursor.fetchall() if row[3] != "OK"]
