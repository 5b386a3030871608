"""Plugin tables: tables of a plugin's own, the same on SQLite and MySQL. Plugins reach peewee through this module only.

`self.services.storage.read(work, self.deadline)` and `.write(work, self.deadline)` call `work(transaction)`, and
`transaction.rows(query)`, `.row(query)` and `.run(query)` run a query built from a model.
"""

from tracker.storage.engine import Transaction
from tracker.storage.plugins import (
    BytesColumn,
    CompositeKey,
    FlagColumn,
    LongBytesColumn,
    LongTextColumn,
    Model,
    NumberColumn,
    Tables,
    TextColumn,
    fn,
    open_storage,
)

__all__ = [
    "BytesColumn",
    "CompositeKey",
    "FlagColumn",
    "LongBytesColumn",
    "LongTextColumn",
    "Model",
    "NumberColumn",
    "Tables",
    "TextColumn",
    "Transaction",
    "fn",
    "open_storage",
]
