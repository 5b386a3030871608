"""Queries: questions as SQL over a list's copy, and its rows as answers. Names and values go in as parameters only."""

from __future__ import annotations

from tracker.analytics.queries.answering import answer_in, run
from tracker.analytics.queries.clickhouse_dialect import ClickHouseDialect
from tracker.analytics.queries.copy_schema import CopyColumn, CopySchema, Cursor
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.analytics.queries.visit_sql import VisitColumn, kept_columns, parted_sql, slots_sql
from tracker.analytics.queries.workspace import Workspace

__all__ = [
    "ClickHouseDialect",
    "CopyColumn",
    "CopySchema",
    "Cursor",
    "DuckDBDialect",
    "VisitColumn",
    "Workspace",
    "answer_in",
    "kept_columns",
    "parted_sql",
    "run",
    "slots_sql",
]
