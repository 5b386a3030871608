"""Where in a database do some bytes stand? Every table and every column is looked through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.client import InProcess


def tables(client: InProcess) -> list[str]:
    """All tables, whosoever made them."""
    names: list[str] = client.services.storage.read(lambda transaction: transaction.database.get_tables())
    return names


def places_of(client: InProcess, needles: Iterable[str | bytes]) -> dict[str, set[bytes]]:
    """{table: those of the texts and bytes that stand in it, in any letter case}."""
    wanted = {(each.encode() if isinstance(each, str) else each).lower() for each in needles}
    found = {table: _in_rows(client.rows(f"SELECT * FROM {table}"), wanted) for table in tables(client)}
    return {table: there for table, there in found.items() if there}


def _in_rows(rows: list[tuple[Any, ...]], wanted: set[bytes]) -> set[bytes]:
    values = [_as_bytes(value).lower() for row in rows for value in row if value is not None]
    return {needle for needle in wanted if any(needle in value for value in values)}


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
