"""Placement of tables: which are at the head, one for all lists, and which lie in the shard of each list.

The head has accounts, what processes coordinate by, and what people keep with a list: few rows, looked for over all lists. What
visitors and subscribers make is a list's: its rows are written in transactions of their own, and no statement joins both.
"""

from __future__ import annotations

from tracker.storage.schema import list_tables, tables
from tracker.storage.schema.ddl import Table

_HEAD = (
    tables.USERS, tables.API_KEYS, tables.SESSIONS, tables.WRITER_LEASES, tables.WRITE_PROBE, tables.SECRETS, tables.AUDIT_LOG,
    tables.KNOWN_NETWORKS, tables.LISTS, tables.TRUSTED_TIME, tables.HEAD_OUTBOX_DONE, list_tables.WORK_LEASES, list_tables.GOALS,
    list_tables.SAVED_REPORTS, list_tables.ANNOTATIONS, list_tables.SHARES, list_tables.SEGMENTS, list_tables.SCHEDULES,
    list_tables.SCHEDULE_RECIPIENTS, list_tables.ALERTS, list_tables.ALERT_RECIPIENTS, list_tables.ALERT_FIRINGS,
    list_tables.ALERT_NOTICES, list_tables.LIST_NAMES,
)  # fmt: skip
#: Tables at the head, with rows of all lists.
AT_HEAD = frozenset(table.name for table in _HEAD)
#: Those among them whose rows name a list.
AT_HEAD_BY_LIST = tuple(
    table.name for table in _HEAD if any(column.name == "list_id" for column in table.columns)
)


def is_of_list(table: Table) -> bool:
    """Return whether the rows of a table lie in the shard of their list."""
    return table.name not in AT_HEAD
