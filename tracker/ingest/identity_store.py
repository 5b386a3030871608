"""What is known about the persons and visitors of a group of events before it?"""

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
Key = tuple[int, bytes]


def load_identities(
    transaction: Transaction, events: list[Event], next_id: Callable[[], int]
) -> IdentityResolver[SpanStore]:
    """The persons whom events may name by Email, by ID or by a hash of their address, and the visitors of events."""
    people = IdentityResolver(next_id, SpanStore(transaction))
    sent = [(event.list_id, event.external_id) for event in events if event.external_id is not None]
    hashes = {(list_id, bytes.fromhex(sent_id)) for list_id, sent_id in sent if is_hash(sent_id)}
    people.expect_hashes(hashes)
    emails = [(e.list_id, e.email[1]) for e in events if e.email is not None]
    ids = [(list_id, sent_id) for list_id, sent_id in sent if not is_hash(sent_id)] + unique_values(events)
    for column, keys in (("email_key", emails), ("external_id", ids)):
        for row in identity_rows.find_subscribers(transaction, column, keys) if keys else ():
            people.add_subscriber(Subscriber(*row))
    if hashes:
        _load_hashed(transaction, people, hashes)
    _load_visitors(transaction, people, events)
    return people


def _load_visitors(
    transaction: Transaction, people: IdentityResolver[SpanStore], events: list[Event]
) -> None:
    """The visitors that events may be of. That of a person who is new has a uuid that is new, too."""
    asking = [event for event in events if trust.needs_visitor_owner(event)]
    told = [event for event in events if event.uuid is not None or not _names_somebody(event)]
    keys = [(event.list_id, people.uuid_of(event, None)) for event in told]
    _load(transaction, people, keys, {(event.list_id, event.uuid) for event in asking})
    if any(event.uuid is None for event in events):
        owns = {(person.list_id, person.own_uuid) for person in people.subscribers}
        _load(transaction, people, owns, owns if any(event.is_public for event in asking) else ())


def _names_somebody(event: Event) -> bool:
    """Whether it is sure to, whatever is known."""
    return event.email is not None or not (event.external_id is None or is_hash(event.external_id))


def _load(
    transaction: Transaction,
    people: IdentityResolver[SpanStore],
    keys: Iterable[Key],
    asked: Collection[tuple[int, bytes | None]],
) -> None:
    """The visitors with these (list_id, uuid), and whose those are that are `asked` for."""
    new = {key for key in keys if not people.has_visitor(key)}
    linked = set()
    for row in identity_rows.find_visitors(transaction, new) if new else ():
        visitor = Visitor(*row)
        people.add_visitor(visitor)
        if visitor.subscriber_id is not None and (visitor.list_id, visitor.uuid) in asked:
            linked.add((visitor.list_id, visitor.subscriber_id))
    unknown = {key for key in linked if people.subscriber(*key) is None}
    for row in identity_rows.find_subscribers_by_id(transaction, unknown) if unknown else ():
        people.add_subscriber(Subscriber(*row))


def _load_hashed(
    transaction: Transaction, people: IdentityResolver[SpanStore], hashes: set[tuple[int, bytes]]
) -> None:
    found = find_hashes(transaction, hashes)
    rows = identity_rows.find_subscribers_by_id(transaction, ((row[0], row[3]) for row in found))
    persons = {row[:2]: people.add_subscriber(Subscriber(*row)) for row in rows}
    for list_id, digest, form, subscriber_id in found:
        if person := persons.get((list_id, subscriber_id)):
            people.add_hash(list_id, digest, Form(form), person)


def save_identities(transaction: Transaction, people: IdentityResolver[SpanStore], now: int) -> None:
    """Raises Conflict, or a lost race for a key, when another process has changed what the plan was made from."""
    _give_up_names(transaction, people)
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
        for p in people.subscribers
        if p.is_new
    ]
    identity_rows.add_subscribers(transaction, new, now)
    visitors = [(v.list_id, v.id, v.uuid, *v.link()) for v in people.visitors if v.is_new]
    identity_rows.add_visitors(transaction, visitors, now)
    people.span_store.write(people.visitors)
    for person in people.subscribers:
        if not person.is_new:
            _change_person(transaction, person)


def _give_up_names(transaction: Transaction, people: IdentityResolver[SpanStore]) -> None:
    """First of all, as an ID or address is in one row only, at any time."""
    for person in people.subscribers:
        if person.has_lost_email:
            identity_rows.give_up_email(transaction, person.list_id, person.id, person.stored.email or "")
        had = person.stored.external_id
        if had is not None and had != person.external_id:
            identity_rows.give_up_external_id(transaction, person.list_id, person.id, had)


def _change_person(transaction: Transaction, person: Subscriber) -> None:
    at, known = (transaction, person.list_id, person.id), person.stored
    if person.email is not None and (known.email is None or person.has_lost_email):
        identity_rows.learn_email(*at, person.email, person.email_key or "")
    elif not person.has_lost_email and person.email_by != known.email_by:
        identity_rows.confirm_email(*at, known.email or "", person.email or "")
    if person.external_id is None:
        return
    if person.external_id != known.external_id:
        identity_rows.learn_external_id(*at, person.external_id, int(person.external_id_by))
    elif person.external_id_by != known.external_id_by:
        identity_rows.confirm_external_id(*at, person.external_id)
