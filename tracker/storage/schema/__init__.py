"""Schema: the tables, written down once, and the migrations that make them."""

from __future__ import annotations

from tracker.storage.schema.own_database import own_database
from tracker.storage.schema.tables import TYPES

__all__ = [
    "TYPES",
    "own_database",
]
