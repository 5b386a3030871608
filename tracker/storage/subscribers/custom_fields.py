"""Custom fields of lists: listed, added and removed, with a TTL cache for the write path."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import gevent

from tracker.domain.field_types import MAX_FIELDS, CustomField, alias_key
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage import changes
from tracker.storage.engine import REQUEST_SECONDS, Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.ttl_cache import TtlCache
from tracker.storage.schema.models import CustomFieldRow
from tracker.storage.shards import lock_list
from tracker.storage.subscribers.field_values import remove_stale_values
from tracker.storage.subscribers.write_refusals import After, Refusal, unwrap

_log = logging.getLogger("tracker.storage")

#: Seconds reserved of a request's time, so that its answer is in time.
_RESERVE_SECONDS = 0.5


class CustomFields:
    """The custom fields of lists. The number of a field is never used again."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now, self._clock = database, now, clock
        self._recent: TtlCache[int, list[CustomField]] = TtlCache(1000, clock)

    def of_list(self, list_id: int, deadline: float | None = None) -> list[CustomField]:
        """Return the fields of a list as they are now, oldest first."""
        asked_at = self._clock()
        found = self._database.read(lambda transaction: _of_list(transaction, list_id), deadline)
        if found:
            self._recent.put(list_id, found, asked_at)
        return found

    def remembered(self, list_id: int) -> list[CustomField]:
        """Return the cached fields of a list, at most 5 s old, or none: a new field may be missing, a removed one present."""
        return self._recent.get(list_id) or []

    def add(
        self, list_id: int, name: str, alias: str | None, data_type: str, is_unique: bool,
        deadline: float | None = None,
    ) -> int:  # fmt: skip
        """Add a field and return its number. Raises Refused (ALIAS_TAKEN, HAS_UNIQUE, TOO_MANY)."""
        new = CustomField(0, list_id, name, alias, data_type, is_unique, self._now())
        return unwrap(self._database.write(lambda transaction: _add(transaction, new), deadline, list_id))

    def remove(
        self, list_id: int, field_id: int, deadline: float | None = None, then: After | None = None
    ) -> None:
        """Remove a field with its values. Raises Refused (GONE). `then(transaction, id)` runs in the same transaction.

        The field is gone when this returns. Of a list so large that its values cannot be removed in time, the rest is
        removed afterwards; if this process ends before, then with the next removed field of the list. No answer shows
        them.
        """
        unwrap(
            self._database.write(
                lambda transaction: _remove(transaction, list_id, field_id, then), deadline, list_id
            )
        )
        self._recent.forget(list_id)
        seconds = (deadline or time.monotonic() + REQUEST_SECONDS) - time.monotonic() - _RESERVE_SECONDS
        gevent.spawn(self._remove_stale_values, list_id).join(max(0.0, seconds))

    def _remove_stale_values(self, list_id: int) -> None:
        try:
            remove_stale_values(self._database, list_id)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("values of a deleted field of list %d are left: %s", list_id, failure)


def _of_list(transaction: Transaction, list_id: int) -> list[CustomField]:
    columns = [getattr(CustomFieldRow, name) for name in CustomField.__slots__]
    query = CustomFieldRow.select(*columns).where(CustomFieldRow.list_id == list_id)
    return [CustomField(*row) for row in transaction.rows(query.order_by(CustomFieldRow.id))]


def _add(transaction: Transaction, new: CustomField) -> int | Refusal:
    """Add a field; the list is locked, so that fields of one list are added one after the other."""
    lock_list(transaction, new.list_id)
    existing = _of_list(transaction, new.list_id)
    key = None if new.alias is None else alias_key(new.alias)
    if key is not None and key in {alias_key(field.alias) for field in existing if field.alias is not None}:
        return Refusal.ALIAS_TAKEN
    if new.is_unique and any(field.is_unique for field in existing):
        return Refusal.HAS_UNIQUE
    if len(existing) >= MAX_FIELDS:
        return Refusal.TOO_MANY
    query = CustomFieldRow.insert(
        list_id=new.list_id,
        name=new.name,
        alias=new.alias,
        alias_key=key,
        data_type=new.data_type,
        is_unique=new.is_unique,
        created_at=new.created_at,
    )
    return transaction.run(query)


def _remove(transaction: Transaction, list_id: int, field_id: int, then: After | None) -> Refusal | None:
    sql = "DELETE FROM custom_fields WHERE list_id = ? AND id = ?"
    if not transaction.change(sql, (list_id, field_id)):
        return Refusal.GONE
    changes.note_field(transaction, list_id, field_id)
    if then is not None:
        then(transaction, field_id)
    return None
