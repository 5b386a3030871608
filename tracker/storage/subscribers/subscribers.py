"""Subscribers of a list: found, listed, added, changed and removed by a caller rather than by an event."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracker.domain.provenance import By
from tracker.storage import changes
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.engine.ttl_cache import TtlCache
from tracker.storage.subscribers import identity_rows
from tracker.storage.subscribers.field_values import find_values, remove_values, write_values
from tracker.storage.subscribers.hash_rows import add_hashes, remove_hashes
from tracker.storage.subscribers.identity_rows import raw, text
from tracker.storage.subscribers.subscriber_pages import Slice, count, page_sql, with_fitting
from tracker.storage.subscribers.subscriber_search import matching_ids
from tracker.storage.subscribers.write_refusals import After, Refusal, unwrap

#: A subscriber's name: a column of KEYS, and its value.
Who = tuple[str, int | str]
#: Key of a count: list, searched column, search, whether that is a prefix.
CountKey = tuple[int, str, bytes | None, bool]
#: A count from this size on is cached: a million rows take 50 ms, in which a worker answers no other request.
MANY = 10_000
KEYS = ("id", "email_key", "external_id")
COLUMNS = ("id", "email", "external_id", "created_at", "email_by", "external_id_by", "is_left_out")
#: An address given to a subscriber that has an ID confirms both.
_CONFIRMED = "email_by = 0, external_id_by = 0"
SELECT = f"SELECT {', '.join(COLUMNS)} FROM subscribers"


@dataclass(frozen=True, slots=True)
class StoredSubscriber:
    """A subscriber: the address as first given; `values` of custom fields, as stored, by the field's number.

    `email_by` and `external_id_by` say who set them (`domain.provenance.By`). `is_left_out` of reports.
    """

    id: int
    email: str | None
    external_id: str | None
    created_at: int
    email_by: By = By.CREDENTIAL
    external_id_by: By = By.CREDENTIAL
    is_left_out: bool = False
    values: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def has_confirmed_id(self) -> bool:
        return self.external_id is not None and self.external_id_by == By.CREDENTIAL


@dataclass(frozen=True, slots=True)
class Changes:
    """Values to set: `email` is (as shown, key), None leaves it as it is. An empty `external_id` removes it.

    `values` of custom fields by the field's number; None empties the field. `is_left_out` of reports; None leaves it as it is.
    """

    email: tuple[str, str] | None = None
    external_id: str | None = None
    values: Mapping[int, bytes | None] = field(default_factory=dict)
    is_left_out: bool | None = None


class Subscribers:
    """The subscribers of lists. `new_id(deadline)` makes row ids."""

    def __init__(
        self, database: Database, now: Callable[[], int], new_id: Callable[[float | None], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._database, self._now, self._new_id, self._clock = database, now, new_id, clock
        self._counts: TtlCache[CountKey, int] = TtlCache(1000, clock)
        self._matches: TtlCache[tuple[int, str], list[int]] = TtlCache(20, clock)

    def find(self, list_id: int, who: Who, deadline: float | None = None) -> StoredSubscriber | None:
        """Return one subscriber with its values, or None."""

        def work(transaction: Transaction) -> StoredSubscriber | None:
            return next(iter(_with_values(transaction, list_id, _rows(transaction, list_id, who))), None)

        return self._database.read(work, deadline)

    def page(self, list_id: int, wanted: Slice, deadline: float | None = None) -> list[StoredSubscriber]:
        """Return a page of subscribers with their values."""

        def work(transaction: Transaction) -> list[StoredSubscriber]:
            rows = transaction.select(*page_sql(SELECT, list_id, with_fitting(transaction, list_id, wanted)))
            return _with_values(transaction, list_id, rows)

        return self._database.read(work, deadline)

    def count(self, list_id: int, wanted: Slice, deadline: float | None = None) -> int:
        """Return how many subscribers match, on this page or not; may be up to 5 s old where there are many."""
        key = (list_id, wanted.order if wanted.search else "", wanted.search, wanted.is_prefix)
        asked_at = self._clock()
        total = self._counts.get(key)
        if total is None:
            total = self._database.read(lambda transaction: count(transaction, list_id, wanted), deadline)
            if total >= MANY:
                self._counts.put(key, total, asked_at)
        return total

    def containing(
        self,
        list_id: int,
        wanted: str,
        size: int,
        start: int,
        is_descending: bool,
        deadline: float | None = None,
    ) -> tuple[list[StoredSubscriber], int]:
        """Return a page of the subscribers with a text anywhere in address, ID or text fields, and how many there are.

        Which they are may be up to 5 s old, so that the pages of one search fit together.
        """
        key, asked_at = (list_id, wanted), self._clock()
        ids = self._matches.get(key)
        if ids is None:
            ids = matching_ids(self._database, list_id, wanted, deadline)
            self._matches.put(key, ids, asked_at)
        ordered = ids if is_descending else ids[::-1]
        page = [(list_id, each) for each in ordered[start : start + size]]

        def work(transaction: Transaction) -> list[StoredSubscriber]:
            rows = {row[0]: row for row in transaction.lookup(SELECT, ("list_id", "id"), page)}
            return _with_values(transaction, list_id, [rows[each] for _, each in page if each in rows])

        return self._database.read(work, deadline), len(ids)

    def add(self, list_id: int, new: Changes, deadline: float | None = None) -> int:
        """Add a subscriber and return its id. Raises Refused (EMAIL_TAKEN, EXTERNAL_ID_TAKEN).

        A subscriber whom only public events named by this address is that subscriber, and the address is confirmed.
        """
        subscriber_id, own_uuid, now = self._new_id(deadline), uuid.uuid4().bytes, self._now()

        def work(transaction: Transaction) -> int | Refusal:
            claimed = _claimed(transaction, list_id, new)
            number = subscriber_id if claimed is None else claimed.id
            if taken := _taken(transaction, list_id, number, new):
                return taken
            if claimed is None:
                shown, key = new.email or (None, None)
                row = (list_id, number, shown, key, new.external_id or None, own_uuid, 0, 0)
                identity_rows.add_subscribers(transaction, [row], now)
            else:
                _confirm(transaction, list_id, claimed, new)
            _write(transaction, list_id, number, new.values, now)
            return number

        return unwrap(self._database.write(work, deadline, list_id))

    def change(self, list_id: int, who: Who, changes: Changes, deadline: float | None = None) -> int:
        """Change a subscriber and return its id. Raises Refused (GONE, EMAIL_TAKEN, EXTERNAL_ID_TAKEN, IS_NOBODY)."""
        now = self._now()
        work = lambda transaction: _change(transaction, list_id, who, changes, now)  # noqa: E731
        return unwrap(self._database.write(work, deadline, list_id))

    def remove(self, list_id: int, who: Who, deadline: float | None = None, then: After | None = None) -> int:
        """Remove a subscriber with its values, and return its former id. Raises Refused (GONE).

        `then(transaction, id)` runs in the same transaction. Its events stay, without a subscriber: its id is never
        used again, so no link or event that names it can become another subscriber's.
        """
        return unwrap(
            self._database.write(
                lambda transaction: _remove(transaction, list_id, who, then), deadline, list_id
            )
        )


def _rows(transaction: Transaction, list_id: int, who: Who, is_locking: bool = False) -> list[Row]:
    column, value = who
    if column not in KEYS:
        raise ValueError(f"no subscriber is found by {column}")
    key = value.encode() if isinstance(value, str) else value
    return transaction.lookup(SELECT, ("list_id", column), [(list_id, key)], is_locking)


def _with_values(transaction: Transaction, list_id: int, rows: Sequence[Row]) -> list[StoredSubscriber]:
    values = find_values(transaction, list_id, [row[0] for row in rows])
    return [replace(_subscriber(row), values=values.get(row[0], {})) for row in rows]


def _subscriber(row: Row) -> StoredSubscriber:
    return StoredSubscriber(row[0], text(row[1]), text(row[2]), row[3], By(row[4]), By(row[5]), bool(row[6]))


def _taken(transaction: Transaction, list_id: int, subscriber_id: int, wanted: Changes) -> Refusal | None:
    """Return the refusal if another subscriber has the address or external id, else None.

    A race for them is lost at the unique key, and the write is tried again. An ID that a public event gave to another
    subscriber is taken from it.
    """
    if wanted.email and _others(transaction, list_id, subscriber_id, ("email_key", wanted.email[1])):
        return Refusal.EMAIL_TAKEN
    if not wanted.external_id:
        return None
    for row in _others(transaction, list_id, subscriber_id, ("external_id", wanted.external_id)):
        if row[5] != By.PUBLIC:
            return Refusal.EXTERNAL_ID_TAKEN
        identity_rows.give_up_external_id(transaction, list_id, row[0], wanted.external_id)
    return None


def _claimed(transaction: Transaction, list_id: int, new: Changes) -> StoredSubscriber | None:
    """Return the subscriber who has the address by public events alone, and no ID by a credential; None if there is none."""
    rows = _rows(transaction, list_id, ("email_key", new.email[1])) if new.email else []
    found = (_subscriber(row) for row in rows)
    return next((each for each in found if each.email_by == By.PUBLIC and not each.has_confirmed_id), None)


def _confirm(transaction: Transaction, list_id: int, claimed: StoredSubscriber, new: Changes) -> None:
    """Confirm the claimed address, and give the ID. Raises Conflict when another process was first."""
    shown, _ = new.email or ("", "")
    identity_rows.confirm_email(transaction, list_id, claimed.id, claimed.email or "", shown)
    if new.external_id:
        _set_external_id(transaction, list_id, claimed.id, new.external_id)


def _set_external_id(transaction: Transaction, list_id: int, subscriber_id: int, external_id: str) -> None:
    given = (raw(external_id or None),)
    _set(transaction, list_id, subscriber_id, "external_id = ?, external_id_by = 0", given)


def _others(transaction: Transaction, list_id: int, subscriber_id: int, who: Who) -> list[Row]:
    return [row for row in _rows(transaction, list_id, who) if row[0] != subscriber_id]


def _change(transaction: Transaction, list_id: int, who: Who, changes: Changes, now: int) -> int | Refusal:
    rows = _rows(transaction, list_id, who, is_locking=True)
    if not rows:
        return Refusal.GONE
    subscriber = _subscriber(rows[0])
    if taken := _taken(transaction, list_id, subscriber.id, changes):
        return taken
    if changes.external_id == "" and not (changes.email or subscriber.email):
        return Refusal.IS_NOBODY
    if changes.email is not None:
        shown, key = changes.email
        _set(
            transaction,
            list_id,
            subscriber.id,
            f"email = ?, email_key = ?, {_CONFIRMED}",
            (raw(shown), raw(key)),
        )
        remove_hashes(transaction, list_id, subscriber.id, subscriber.email)
        add_hashes(transaction, [(list_id, subscriber.id, shown)])
    if changes.external_id is not None:
        _set_external_id(transaction, list_id, subscriber.id, changes.external_id)
    if changes.is_left_out not in (None, subscriber.is_left_out):
        _leave_out(transaction, list_id, subscriber.id, bool(changes.is_left_out))
    _write(transaction, list_id, subscriber.id, changes.values, now)
    return subscriber.id


def _set(transaction: Transaction, list_id: int, subscriber_id: int, columns: str, values: Row) -> None:
    sql = f"UPDATE subscribers SET {columns} WHERE list_id = ? AND id = ?"
    transaction.execute(sql, (*values, list_id, subscriber_id))


def _leave_out(transaction: Transaction, list_id: int, subscriber_id: int, is_left_out: bool) -> None:
    _set(transaction, list_id, subscriber_id, "is_left_out = ?", (int(is_left_out),))
    changes.note_left_out(transaction, list_id, subscriber_id)


def _write(
    transaction: Transaction, list_id: int, subscriber_id: int, values: Mapping[int, bytes | None], now: int
) -> None:
    write_values(transaction, {(list_id, subscriber_id, number): v for number, v in values.items()}, now)


def _remove(transaction: Transaction, list_id: int, who: Who, then: After | None) -> int | Refusal:
    """Delete the row first: a writer of its values locks that row, and is done before or finds it gone."""
    rows = _rows(transaction, list_id, who, is_locking=True)
    if not rows:
        return Refusal.GONE
    subscriber_id = int(rows[0][0])
    transaction.execute("DELETE FROM subscribers WHERE list_id = ? AND id = ?", (list_id, subscriber_id))
    changes.note_subscriber(transaction, list_id, subscriber_id)
    remove_hashes(transaction, list_id, subscriber_id, text(rows[0][1]))
    remove_values(transaction, list_id, subscriber_id)
    # What was told of them has their addresses.
    for table in ("deliveries", "trigger_members"):
        transaction.remove(table, ("list_id", "subscriber_id"), [(list_id, subscriber_id)])
    if then is not None:
        then(transaction, subscriber_id)
    return subscriber_id
