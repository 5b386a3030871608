"""Peewee models of the account, list and custom-field tables, derived from `tables.py`: the columns stand there alone.

The models belong to no database; a Transaction runs their queries. The write path has prepared statements instead, for
the query builder costs 14 times an insert (docs/decisions/0001-storage-layout.md).
"""

from __future__ import annotations

from typing import Any

import peewee

from tracker.storage.schema import list_tables, tables
from tracker.storage.schema.ddl import Column, Table


class Bytes(peewee.Field):
    """Bytes, compared byte by byte on every engine."""

    field_type = "BLOB"

    def python_value(self, value: Any) -> bytes | None:
        return None if value is None else bytes(value)


class Utf8(Bytes):
    """Text stored as UTF-8 bytes: a collation would merge texts that differ."""

    def db_value(self, value: str | None) -> bytes | None:
        return None if value is None else value.encode()

    def python_value(self, value: Any) -> str | None:  # type: ignore[override]
        return None if value is None else bytes(value).decode()


#: The peewee field of a column by its `kind`. A "text" is stored as "bytes" and read as str, a "flag" is stored as "int"
#: and read as bool.
FIELDS: dict[str, Any] = {
    "counter": peewee.AutoField,
    "id": peewee.BigIntegerField,
    "int": peewee.BigIntegerField,
    "flag": peewee.BooleanField,
    "bytes": Bytes,
    "text": Utf8,
    "big_bytes": Bytes,
}


def model_of(table: Table) -> Any:
    """Return the peewee model of a table: a field for each column under the column's name, and its primary key."""
    fields = {column.name: _field(column, table.primary) for column in table.columns}
    meta: dict[str, Any] = {"table_name": table.name}
    if len(table.primary) > 1:
        meta["primary_key"] = peewee.CompositeKey(*table.primary)
    name = table.name.title().replace("_", "")
    return type(name, (peewee.Model,), {"__module__": __name__, **fields, "Meta": type("Meta", (), meta)})


def _field(column: Column, primary: tuple[str, ...]) -> Any:
    if column.kind == "counter":
        return FIELDS["counter"]()
    return FIELDS[column.kind](null=column.is_optional, primary_key=primary == (column.name,))


UserRow = model_of(tables.USERS)
KeyRow = model_of(tables.API_KEYS)
SessionRow = model_of(tables.SESSIONS)
AuditRow = model_of(tables.AUDIT_LOG)
KnownNetworkRow = model_of(tables.KNOWN_NETWORKS)
ListRow = model_of(tables.LISTS)
SubscriberRow = model_of(tables.SUBSCRIBERS)
CustomFieldRow = model_of(tables.CUSTOM_FIELDS)
GoalRow = model_of(list_tables.GOALS)
SavedReportRow = model_of(list_tables.SAVED_REPORTS)
AnnotationRow = model_of(list_tables.ANNOTATIONS)
ShareRow = model_of(list_tables.SHARES)
SegmentRow = model_of(list_tables.SEGMENTS)
TriggerRow = model_of(list_tables.TRIGGERS)
ScheduleRow = model_of(list_tables.SCHEDULES)
AlertRow = model_of(list_tables.ALERTS)
