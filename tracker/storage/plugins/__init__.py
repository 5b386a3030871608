"""Plugin tables: tables, models and migrations that a plugin brings."""

from __future__ import annotations

from tracker.storage.plugins.plugin_columns import (
    BytesColumn,
    FlagColumn,
    LongBytesColumn,
    LongTextColumn,
    NumberColumn,
    TextColumn,
)
from tracker.storage.plugins.plugin_tables import CompositeKey, Model, Tables, fn, open_storage

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
    "fn",
    "open_storage",
]
