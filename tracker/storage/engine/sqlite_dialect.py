"""SQL dialect: how SQLite spells what servers spell otherwise."""

from __future__ import annotations

from collections.abc import Sequence


class SqliteDialect:
    types = {
        "id": "INTEGER",
        "counter": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "int": "INTEGER",
        "big_bytes": "BLOB",
    }

    def sql(self, text: str) -> str:
        """Statements are written with `?` placeholders."""
        return text

    def keep_existing(self, key_column: str) -> str:
        """The end of an INSERT that leaves a row that is there already."""
        return "ON CONFLICT DO NOTHING"

    def add_to_existing(self, keys: Sequence[str], sums: Sequence[str]) -> str:
        """The end of an INSERT that adds to the row that is there already."""
        added = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"

    def replace_existing(self, keys: Sequence[str], values: Sequence[str]) -> str:
        """The end of an INSERT that gives its values to the row that is there already."""
        given = ", ".join(f"{name} = excluded.{name}" for name in values)
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {given}"

    def bytes_type(self, length: int) -> str:
        return "BLOB"

    def table_options(self, is_clustered: bool) -> str:
        return "WITHOUT ROWID" if is_clustered else ""
