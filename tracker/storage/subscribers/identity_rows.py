"""Identity rows: subscribers, visitors and their links, read and written as plain rows in the event's transaction.

Changes name the version or value that they were planned from; if another process was first, they raise Conflict
(optimistic locking).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.domain.provenance import By
from tracker.storage import changes
from tracker.storage.engine.error_kinds import Conflict
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.subscribers.hash_rows import add_hashes, remove_hashes

SUBSCRIBER = ("list_id", "id", "email", "email_key", "external_id", "own_uuid", "email_by", "external_id_by")
VISITOR = ("list_id", "id", "uuid", "span", "subscriber_id", "linked_by", "version", "named_at", "named_id")
LINK = (
    "list_id", "visitor_id", "span", "subscriber_id", "linked_at", "event_id", "reason", "has_uncopied_history", "linked_by",
    "named_at",
)  # fmt: skip
_SUBSCRIBER = "list_id = ? AND id = ?"
_BY_CREDENTIAL, _BY_PUBLIC = int(By.CREDENTIAL), int(By.PUBLIC)
_PUBLIC_ID = f"external_id = ? AND external_id_by = {_BY_PUBLIC}"
_SUBSCRIBERS = f"SELECT {', '.join(SUBSCRIBER)} FROM subscribers"
_VISITORS = f"SELECT {', '.join(VISITOR)} FROM visitors"
_LINKS = f"SELECT {', '.join(LINK[:3])} FROM identity_links"
_SPAN = "list_id = ? AND visitor_id = ? AND span = ?"
_TAKE_OVER = f"UPDATE identity_links SET {', '.join(f'{column} = ?' for column in LINK[3:])} WHERE {_SPAN} AND subscriber_id IS NULL"
_DATE_BACK = f"UPDATE identity_links SET linked_at = ?, event_id = ?, reason = ?, linked_by = ?, named_at = ? WHERE {_SPAN} AND subscriber_id = ?"
_CHANGED = VISITOR[3:]
_CHANGE = f"UPDATE visitors SET {', '.join(f'{column} = ?' for column in _CHANGED)} WHERE list_id = ? AND id = ? AND version = ?"


def text(value: bytes | None) -> str | None:
    """Return stored UTF-8 bytes as text; None stays None."""
    return None if value is None else bytes(value).decode()


def raw(value: str | None) -> bytes | None:
    """Return text as the UTF-8 bytes to store; None stays None."""
    return None if value is None else value.encode()


def find_subscribers(transaction: Transaction, column: str, keys: Iterable[tuple[int, str]]) -> list[Row]:
    """Return rows in the order of SUBSCRIBER by (list_id, `column`)."""
    wanted = sorted((list_id, value.encode()) for list_id, value in set(keys))
    rows = transaction.lookup(_SUBSCRIBERS, ("list_id", column), wanted)
    return [_subscriber(row) for row in rows]


def find_subscribers_by_id(transaction: Transaction, keys: Iterable[tuple[int, int]]) -> list[Row]:
    """Return rows as `find_subscribers` does, by (list_id, id)."""
    rows = transaction.lookup(_SUBSCRIBERS, ("list_id", "id"), sorted(set(keys)))
    return [_subscriber(row) for row in rows]


def lock_subscribers(transaction: Transaction, keys: Iterable[tuple[int, int]]) -> list[Row]:
    """Return rows as `find_subscribers` does, by (list_id, id), locked against deletion until the transaction ends."""
    rows = transaction.lookup(_SUBSCRIBERS, ("list_id", "id"), sorted(set(keys)), is_locking=True)
    return [_subscriber(row) for row in rows]


def find_visitors(transaction: Transaction, keys: Iterable[tuple[int, bytes]]) -> list[Row]:
    """Return rows in the order of VISITOR by (list_id, uuid)."""
    rows = transaction.lookup(_VISITORS, ("list_id", "uuid"), sorted(set(keys)))
    return [(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows]


def lock_visitor(transaction: Transaction, list_id: int, visitor_id: int) -> Row | None:
    """Return a row in the order of VISITOR, locked: no other transaction changes its links until this one ends."""
    rows = transaction.lookup(_VISITORS, ("list_id", "id"), [(list_id, visitor_id)], is_locking=True)
    return (*rows[0][:2], bytes(rows[0][2]), *rows[0][3:]) if rows else None


def find_visitor(transaction: Transaction, list_id: int, uuid: bytes) -> Row | None:
    """Return (id, id of the subscriber it is linked to), or None."""
    rows = find_visitors(transaction, [(list_id, uuid)])
    return (rows[0][1], rows[0][4]) if rows else None


def uuids_of(transaction: Transaction, list_id: int, visitor_ids: Iterable[int]) -> dict[int, bytes]:
    """Return {visitor_id: uuid}."""
    wanted = [(list_id, visitor_id) for visitor_id in sorted(set(visitor_ids))]
    rows = transaction.lookup("SELECT id, uuid FROM visitors", ("list_id", "id"), wanted)
    return {row[0]: bytes(row[1]) for row in rows}


def linked_to(
    transaction: Transaction, list_id: int, spans: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int | None, bool]]:
    """Return {(visitor_id, span): (subscriber_id, has_uncopied_history)} of the spans that have a link."""
    wanted = [(list_id, *span) for span in sorted(set(spans))]
    sql, keys = "SELECT visitor_id, span, subscriber_id, has_uncopied_history FROM identity_links", LINK[:3]
    return {(row[0], row[1]): (row[2], bool(row[3])) for row in transaction.lookup(sql, keys, wanted)}


def add_subscribers(transaction: Transaction, rows: Sequence[Row], now: int) -> None:
    """Insert rows in the order of SUBSCRIBER, with the hashes of their addresses."""
    encoded = [(r[0], r[1], raw(r[2]), raw(r[3]), raw(r[4]), *r[5:], now) for r in rows]
    transaction.insert("subscribers", (*SUBSCRIBER, "created_at"), encoded)
    for by in By:
        add_hashes(transaction, ((r[0], r[1], r[2]) for r in rows if r[6] == by), by)


def learn_email(transaction: Transaction, list_id: int, subscriber_id: int, shown: str, key: str) -> None:
    """Fill the empty Email of a subscriber from a credential's event. Raises Conflict when another process was first."""
    sql = f"UPDATE subscribers SET email = ?, email_key = ?, email_by = {_BY_CREDENTIAL} WHERE {_SUBSCRIBER} AND email_key IS NULL"
    _change_one(transaction, sql, (raw(shown), raw(key), list_id, subscriber_id))
    add_hashes(transaction, [(list_id, subscriber_id, shown)])


def confirm_email(transaction: Transaction, list_id: int, subscriber_id: int, was: str, shown: str) -> None:
    """Confirm by a credential, in its spelling, an Email that a public event had set.

    Raises Conflict when another process was first.
    """
    sql = f"UPDATE subscribers SET email = ?, email_by = {_BY_CREDENTIAL} WHERE {_SUBSCRIBER} AND email = ? AND email_by = {_BY_PUBLIC}"
    _change_one(transaction, sql, (raw(shown), list_id, subscriber_id, raw(was)))
    remove_hashes(transaction, list_id, subscriber_id, was)
    add_hashes(transaction, [(list_id, subscriber_id, shown)])


def give_up_email(transaction: Transaction, list_id: int, subscriber_id: int, shown: str) -> None:
    """Take a publicly set Email from a subscriber.

    Raises Conflict when a credential has confirmed it, or it is another's now.
    """
    sql = f"UPDATE subscribers SET email = NULL, email_key = NULL, email_by = {_BY_CREDENTIAL} WHERE {_SUBSCRIBER} AND email = ? AND email_by = {_BY_PUBLIC}"
    _change_one(transaction, sql, (list_id, subscriber_id, raw(shown)))
    remove_hashes(transaction, list_id, subscriber_id, shown)


def learn_external_id(
    transaction: Transaction, list_id: int, subscriber_id: int, external_id: str, by: int
) -> None:
    """Fill the empty ID of a subscriber. Raises Conflict when another process was first."""
    sql = f"UPDATE subscribers SET external_id = ?, external_id_by = ? WHERE {_SUBSCRIBER} AND external_id IS NULL"
    _change_one(transaction, sql, (raw(external_id), by, list_id, subscriber_id))


def confirm_external_id(transaction: Transaction, list_id: int, subscriber_id: int, external_id: str) -> None:
    """Confirm by a credential an ID that a public event had set. Raises Conflict when another process was first."""
    sql = f"UPDATE subscribers SET external_id_by = {_BY_CREDENTIAL} WHERE {_SUBSCRIBER} AND {_PUBLIC_ID}"
    _change_one(transaction, sql, (list_id, subscriber_id, raw(external_id)))


def give_up_external_id(transaction: Transaction, list_id: int, subscriber_id: int, external_id: str) -> None:
    """Take a publicly set ID from a subscriber. Raises Conflict when a credential has confirmed it, or it is another's now."""
    sql = f"UPDATE subscribers SET external_id = NULL, external_id_by = {_BY_CREDENTIAL} WHERE {_SUBSCRIBER} AND {_PUBLIC_ID}"
    _change_one(transaction, sql, (list_id, subscriber_id, raw(external_id)))


def add_visitors(transaction: Transaction, rows: Sequence[Row], now: int) -> None:
    """Insert rows in the order of VISITOR."""
    transaction.insert("visitors", (*VISITOR, "created_at"), [(*row, now) for row in rows])


def change_visitor(
    transaction: Transaction, list_id: int, visitor_id: int, changed: Row, known_version: int
) -> None:
    """Give a visitor its span, subscriber_id, linked_by, version, named_at and named_id (optimistic locking).

    Raises Conflict when another process has changed its links since `known_version`.
    """
    _change_one(transaction, _CHANGE, (*changed, list_id, visitor_id, known_version))


def add_links(transaction: Transaction, rows: Sequence[Row], reopened: Sequence[Row] = ()) -> None:
    """Insert rows in the order of LINK. A row of `reopened` may exist unlinked: then it is taken over.

    Raises Conflict when another process was first.
    """
    existing = {row[:3] for row in transaction.lookup(_LINKS, LINK[:3], sorted(row[:3] for row in reopened))}
    for row in reopened:
        if row[:3] in existing:
            _change_one(transaction, _TAKE_OVER, (*row[3:], *row[:3]))
    transaction.insert("identity_links", LINK, [*rows, *(row for row in reopened if row[:3] not in existing)])
    changes.note_late_links(transaction, ((*row[:3], row[5]) for row in (*rows, *reopened)))


def confirm_links(transaction: Transaction, spans: Sequence[Row]) -> None:
    """Confirm by a credential the links (list_id, visitor_id, span, subscriber_id) that public events had made."""
    transaction.update(
        f"UPDATE identity_links SET linked_by = {_BY_CREDENTIAL} WHERE {_SPAN} AND subscriber_id = ?", spans
    )


def date_back_links(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Update existing links, rows in the order of LINK: an earlier event made them, or a credential confirmed them."""
    transaction.update(_DATE_BACK, [(*row[4:7], *row[8:10], *row[:4]) for row in rows])


def _change_one(transaction: Transaction, sql: str, values: Row) -> None:
    if transaction.change(sql, values) != 1:
        raise Conflict("the row was changed by another process")


def _subscriber(row: Row) -> Row:
    return (row[0], row[1], text(row[2]), text(row[3]), text(row[4]), bytes(row[5]), *row[6:])
