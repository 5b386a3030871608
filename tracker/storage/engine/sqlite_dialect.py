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

    def on_existing(self, keys: Sequence[str]) -> str:
        """Return what stands between an INSERT and the changes of an existing row (an upsert)."""
        return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET"

    def inserted(self, column: str) -> str:
        """Return the name of the value that the INSERT has for a column, in those changes."""
        return f"excluded.{column}"

    def bytes_type(self, length: int) -> str:
        return "BLOB"

    def table_options(self, is_clustered: bool) -> str:
        return "WITHOUT ROWID" if is_clustered else ""
