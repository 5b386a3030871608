"""SQL dialect of SQLite: types, placeholders and upserts, which servers spell otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: The name of `lower_text` in statements: SQLite's own `lower` knows ASCII alone.
LOWER = "tracker_lower"


def lower_text(*values: Any) -> str:
    """Return a value of UTF-8 as text in lower case; empty for NULL. SQLite calls it with one value."""
    [stored] = values
    return "" if stored is None else bytes(stored).decode().lower()


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

    def contains(self, column: str) -> str:
        """Return the condition that a column of UTF-8, in lower case, contains the text of a placeholder."""
        return f"instr({LOWER}({column}), ?) > 0"

    def bytes_type(self, length: int) -> str:
        return "BLOB"

    def table_options(self, is_clustered: bool) -> str:
        return "WITHOUT ROWID" if is_clustered else ""
