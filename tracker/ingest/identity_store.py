"""Identity store: loads the subscribers and visitors of a group of events for identity resolution, and saves the changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tracker.domain import trust
from tracker.domain.event import Event
from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.resolver import IdentityResolver
from tracker.formats.email_hash import Form
from tracker.formats.event_limits import is_hash
from tracker.ingest.span_store import SpanStore
from tracker.ingest.traits import unique_values
from tracker.storage.engine import Transaction
from tracker.storage.subscribers import find_hashes, identity_rows

#: (list_id, uuid) of a visitor.
IdentityKey = tuple[int, bytes]


def load_identities(
    transaction: Transaction, events: list[Event], next_id: Callable[[], int]
) -> IdentityResolver[SpanStore]:
    """Load the subscribers whom events may name by Email, ID or hash, and the visitors of the events."""
    resolver = IdentityResolver(next_id, SpanStore(transaction))
    sent = [(event.list_id, event.external_id) for event in events if event.external_id is not None]
    hashes = {(list_id, bytes.fromhex(sent_id)) for list_id, sent_id in sent if is_hash(sent_id)}
    resolver.expect_hashes(hashes)
    emails = [(e.list_id, e.email[1]) for e in events if e.email is not None]
    ids = [(list_id, sent_id) for list_id, sent_id in sent if not is_hash(sent_id)] + unique_values(events)
    for column, keys in (("email_key", emails), ("external_id", ids)):
        for row in identity_rows.find_subscribers(transaction, column, keys) if keys else ():
            resolver.add_subscriber(Subscriber(*row))
    if hashes:
        _load_hashed(transaction, resolver, hashes)
    _load_visitors(transaction, resolver, events)
    return resolver


def _load_visitors(
    transaction: Transaction, resolver: IdentityResolver[SpanStore], events: list[Event]
) -> None:
    """Load the visitors that the events may belong to. The own visitor of a new subscriber is new too."""
    asking = [event for event in events if trust.needs_visitor_owner(event)]
    identified = [event for event in events if event.uuid is not None or not _names_subscriber(event)]
    keys = [(event.list_id, resolver.uuid_of(event, None)) for event in identified]
    _load(transaction, resolver, keys, {(event.list_id, event.uuid) for event in asking})
    if any(event.uuid is None for event in events):
        owns = {(subscriber.list_id, subscriber.own_uuid) for subscriber in resolver.subscribers}
        _load(transaction, resolver, owns, owns if any(event.is_public for event in asking) else ())


def _names_subscriber(event: Event) -> bool:
    """Return whether the event names a subscriber whatever is stored."""
    return event.email is not None or not (event.external_id is None or is_hash(event.external_id))


def _load(
    transaction: Transaction,
    resolver: IdentityResolver[SpanStore],
    keys: Iterable[IdentityKey],
    with_owner: Collection[tuple[int, bytes | None]],
) -> None:
    """Load the visitors with these keys, and the subscribers linked to those whose keys are in `with_owner`."""
    new = {key for key in keys if not resolver.has_visitor(key)}
    linked = set()
    for row in identity_rows.find_visitors(transaction, new) if new else ():
        visitor = Visitor(*row)
        resolver.add_visitor(visitor)
        if visitor.subscriber_id is not None and (visitor.list_id, visitor.uuid) in with_owner:
            linked.add((visitor.list_id, visitor.subscriber_id))
    unknown = {key for key in linked if resolver.subscriber(*key) is None}
    for row in identity_rows.find_subscribers_by_id(transaction, unknown) if unknown else ():
        resolver.add_subscriber(Subscriber(*row))


def _load_hashed(
    transaction: Transaction, resolver: IdentityResolver[SpanStore], hashes: set[tuple[int, bytes]]
) -> None:
    found = find_hashes(transaction, hashes)
    rows = identity_rows.find_subscribers_by_id(transaction, ((row[0], row[3]) for row in found))
    subscribers = {row[:2]: resolver.add_subscriber(Subscriber(*row)) for row in rows}
    for list_id, digest, form, subscriber_id in found:
        if subscriber := subscribers.get((list_id, subscriber_id)):
            resolver.add_hash(list_id, digest, Form(form), subscriber)


def save_identities(transaction: Transaction, resolver: IdentityResolver[SpanStore], now: int) -> None:
    """Write the changes of a group to subscribers, visitors and links (optimistic concurrency).

    Raises Conflict, or the error of a lost race for a key, if another process changed what was loaded.
    """
    _clear_lost_names(transaction, resolver)
    new = [
        (
            p.list_id,
            p.id,
            p.email,
            p.email_key,
            p.external_id,
            p.own_uuid,
            int(p.email_by),
            int(p.external_id_by),
        )
        for p in resolver.subscribers
        if p.is_new
    ]
    identity_rows.add_subscribers(transaction, new, now)
    visitors = [(v.list_id, v.id, v.uuid, *v.link()) for v in resolver.visitors if v.is_new]
    identity_rows.add_visitors(transaction, visitors, now)
    resolver.span_store.write(resolver.visitors)
    for subscriber in resolver.subscribers:
        if not subscriber.is_new:
            _change_subscriber(transaction, subscriber)


def _clear_lost_names(transaction: Transaction, resolver: IdentityResolver[SpanStore]) -> None:
    """Clear lost addresses and IDs before others are set: an address or ID is in one row only, at any time."""
    for subscriber in resolver.subscribers:
        if subscriber.has_lost_email:
            identity_rows.give_up_email(
                transaction, subscriber.list_id, subscriber.id, subscriber.stored.email or ""
            )
        had = subscriber.stored.external_id
        if had is not None and had != subscriber.external_id:
            identity_rows.give_up_external_id(transaction, subscriber.list_id, subscriber.id, had)


def _change_subscriber(transaction: Transaction, subscriber: Subscriber) -> None:
    at, known = (transaction, subscriber.list_id, subscriber.id), subscriber.stored
    if subscriber.email is not None and (known.email is None or subscriber.has_lost_email):
        identity_rows.learn_email(*at, subscriber.email, subscriber.email_key or "")
    elif not subscriber.has_lost_email and subscriber.email_by != known.email_by:
        identity_rows.confirm_email(*at, known.email or "", subscriber.email or "")
    if subscriber.external_id is None:
        return
    if subscriber.external_id != known.external_id:
        identity_rows.learn_external_id(*at, subscriber.external_id, int(subscriber.external_id_by))
    elif subscriber.external_id_by != known.external_id_by:
        identity_rows.confirm_external_id(*at, subscriber.external_id)
