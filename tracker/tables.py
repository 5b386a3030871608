"""How does a plugin keep data? Its own tables, the same on SQLite and MySQL; the only way to peewee.

`self.services.storage.read(work, self.deadline)` and `.write(work, self.deadline)` call `work(transaction)`, and
`transaction.rows(query)`, `.row(query)` and `.run(query)` run a query that was built from a model.
"""

from tracker.storage.plugin_columns import (
    BytesColumn,
    FlagColumn,
    LongBytesColumn,
    LongTextColumn,
    NumberColumn,
    TextColumn,
)
from tracker.storage.plugin_tables import CompositeKey, Tables, fn, open_storage
from tracker.storage.transaction import Transaction

__all__ = [
    "BytesColumn",
    "CompositeKey",
    "FlagColumn",
    "LongBytesColumn",
    "LongTextColumn",
    "NumberColumn",
    "Tables",
    "TextColumn",
    "Transaction",
    "fn",
    "open_storage",
]
