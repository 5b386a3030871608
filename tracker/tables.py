"""How does a plugin keep data? Its own tables, the same on SQLite and MySQL; the only way to peewee.

`self.services.storage.read(work, self.deadline)` and `.write(work, self.deadline)` call `work(transaction)`, and
`transaction.rows(query)`, `.row(query)` and `.run(query)` run a query that was built from a model.
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
