"""Database with Tracker's own tables, and those of plugins that bring some.

A module of its own: the history stays data, and only this module joins it with an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracker.storage.engine.database import Database
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.migrations import Migration, Migrations


def own_migrations(plugins: Mapping[str, Sequence[Migration]] | None = None) -> Migrations:
    """Return Tracker's migrations and those of plugins: `{owner: [Migration, …]}`."""
    return Migrations({"tracker": MIGRATIONS, **(plugins or {})})


def own_database(
    url: str,
    plugins: Mapping[str, Sequence[Migration]] | None = None,
    is_weak_accepted: bool = False,
    shards: int = 1,
) -> Database:
    """Return the database at a URL; opens nothing. Raises ValueError for a scheme that has no engine."""
    return Database(url, own_migrations(plugins), is_weak_accepted, shards)
