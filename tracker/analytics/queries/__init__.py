"""Queries: questions as SQL over a list's copy, and its rows as answers. Names and values go in as parameters only."""

from __future__ import annotations

from tracker.analytics.queries.answering import run
from tracker.analytics.queries.copy_schema import CopyColumn, CopySchema

__all__ = ["CopyColumn", "CopySchema", "run"]
