"""SQL dialect of SQLite: types, placeholders and upserts, which servers spell otherwise."""

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
        """Return the statement as it is: statements are written with `?` placeholders."""
        return text

    def keep_existing(self, key_column: str) -> str:
        """Return the end of an INSERT that leaves an existing row."""
        return "ON CONFLICT DO NOTHING"

    def add_to_existing(self, keys: Sequence[str], sums: Sequence[str]) -> str:
        """Return the end of an INSERT that adds to an existing row (an upsert)."""
        added = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"

    def replace_existing(self, keys: Sequence[str], values: Sequence[str]) -> str:
        """Return the end of an INSERT that gives its values to an existing row (an upsert)."""
        given = ", ".join(f"{name} = excluded.{name}" for name in values)
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {given}"

    def bytes_type(self, length: int) -> str:
        return "BLOB"

    def table_options(self, is_clustered: bool) -> str:
        return "WITHOUT ROWID" if is_clustered else ""
