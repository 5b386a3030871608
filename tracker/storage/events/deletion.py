"""Event deletion: removes events from every table that refers to them, in the caller's transaction, and anonymises visitors."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence

from tracker.storage import changes
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.events.events import StoredEvent
from tracker.storage.subscribers.identity_rows import LINK
from tracker.storage.timeline import timeline_rows
from tracker.storage.timeline.timeline_rows import TimelineEntry, owners_with_rows, remove_keys

#: {(visitor_id, span): (subscriber it is linked to, subscriber it was unlinked from)}.
LinksBySpan = Mapping[tuple[int, int], tuple[int | None, int | None]]

#: The beginning of the uuid of an anonymised visitor; the rest is random.
ANONYMIZED = bytes(6)


def links_of(
    transaction: Transaction, list_id: int, spans: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int | None, int | None]]:
    """Return the links of these spans, as far as there are any."""
    wanted = [(list_id, *span) for span in sorted(set(spans))]
    sql = "SELECT visitor_id, span, subscriber_id, unlinked_from FROM identity_links"
    rows = transaction.lookup(sql, LINK[:3], wanted)
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def event_keys(transaction: Transaction, list_id: int, event_ids: Collection[int]) -> list[Row]:
    """Return (event_key, digest, event_id) of the events that came with a client's EventID."""
    sql = "SELECT event_key, digest, event_id FROM event_ids"
    wanted = [(list_id, event_id) for event_id in sorted(event_ids)]
    rows = transaction.lookup(sql, ("list_id", "event_id"), wanted)
    return [(bytes(row[0]), bytes(row[1]), row[2]) for row in rows]


def remove_event_ids(transaction: Transaction, list_id: int, keys: Iterable[bytes]) -> int:
    """Delete these EventIDs of a list; return how many there were."""
    return transaction.remove("event_ids", ("list_id", "event_key"), [(list_id, key) for key in sorted(keys)])


def remove_rows(
    transaction: Transaction,
    list_id: int,
    events: Sequence[StoredEvent],
    links: LinksBySpan,
    owner_id: int,
    is_noted: bool = True,
) -> int:
    """Delete events and their rows in every timeline, `owner_id`'s included; return how many events there were.

    Without `is_noted` no change is written: `events_from` of the list says already which events are going.
    """
    keys = sorted({
        (list_id, sign * owner, event.event_at, event.id)
        for event in events
        for owner in _owners(event, links, owner_id)
        for sign in ((1, -1) if event.name == timeline_rows.CONVERSION else (1,))
    })  # fmt: skip
    remove_keys(transaction, keys)
    if is_noted:
        changes.note_events(transaction, list_id, (event.id for event in events))
    return transaction.remove("events", ("list_id", "id"), sorted((list_id, event.id) for event in events))


def _owners(event: StoredEvent, links: LinksBySpan, owner_id: int) -> set[int]:
    """Return the owners whose timelines may have the event: the subscriber it names, else every candidate."""
    if event.subscriber_id is not None:
        return {event.subscriber_id}
    linked = links.get((event.visitor_id, event.span), (None, None))
    return {owner for owner in (owner_id, event.visitor_id, *linked) if owner}


def entries_of(
    transaction: Transaction, list_id: int, owner_id: int, after: Sequence[int], most: int
) -> list[TimelineEntry]:
    """Return the oldest rows of an owner after (event_at, event_id), in their order (a keyset page)."""
    event_at, event_id = after
    where = "list_id = ? AND owner_id = ? AND event_at >= ? AND (event_at > ? OR event_id > ?)"
    values = (list_id, owner_id, event_at, event_at, event_id)
    tail = f"ORDER BY event_at, event_id LIMIT {most}"
    return timeline_rows.read(transaction, where, values, tail)[::-1][:most]


def remove_conversions(transaction: Transaction, list_id: int, rows: Iterable[tuple[bytes, int]]) -> int:
    """Delete counted conversions (digest of conversion-id, event_id); return how many there were."""
    keys = ("list_id", "conversion_key", "event_id")
    return transaction.remove("conversions", keys, sorted((list_id, *row) for row in rows))


def anonymize(transaction: Transaction, list_id: int, visitor_ids: Collection[int]) -> int:
    """Replace the uuid of visitors that have no link and no rows of their own; return how many were anonymised.

    Only events that name another subscriber may be left of such a visitor. Its row stays, for those events to point to.
    """
    if not visitor_ids:
        return 0
    ids = sorted(visitor_ids)
    marks = ", ".join("?" * len(ids))
    sql = (
        f"SELECT v.id FROM visitors v WHERE v.list_id = ? AND v.id IN ({marks}) AND SUBSTR(v.uuid, 1, ?) <> ?"
        " AND NOT EXISTS (SELECT 1 FROM identity_links b WHERE b.list_id = v.list_id AND b.visitor_id = v.id)"
    )
    found = {row[0] for row in transaction.select(sql, (list_id, *ids, len(ANONYMIZED), ANONYMIZED))}
    free = sorted(found - owners_with_rows(transaction, list_id, found))
    rows = [(ANONYMIZED + os.urandom(16 - len(ANONYMIZED)), list_id, visitor_id) for visitor_id in free]
    transaction.update("UPDATE visitors SET uuid = ? WHERE list_id = ? AND id = ?", rows)
    return len(rows)
