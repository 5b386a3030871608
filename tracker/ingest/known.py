"""What is known about the persons and visitors of a group of events before it?"""

from __future__ import annotations

from collections.abc import Callable

from tracker.email_hashes import Form
from tracker.ingest.event import Event
from tracker.ingest.identified import unique_values
from tracker.ingest.identity import People
from tracker.ingest.rules import is_hash
from tracker.ingest.who import Subscriber, Visitor
from tracker.storage import people as people_rows
from tracker.storage.subscriber_hashes import find_hashes
from tracker.storage.transaction import Transaction


def known_people(transaction: Transaction, events: list[Event], next_id: Callable[[], int]) -> People:
    """The persons whom events may name by Email, by ID or by a hash of their address."""
    people = People(next_id)
    sent = [(event.list_id, event.external_id) for event in events if event.external_id is not None]
    hashes = {(list_id, bytes.fromhex(sent_id)) for list_id, sent_id in sent if is_hash(sent_id)}
    people.await_hashes(hashes)
    emails = [(e.list_id, e.email[1]) for e in events if e.email is not None]
    ids = [(list_id, sent_id) for list_id, sent_id in sent if not is_hash(sent_id)] + unique_values(events)
    for column, keys in (("email_key", emails), ("external_id", ids)):
        for row in people_rows.find_subscribers(transaction, column, keys) if keys else ():
            people.know_subscriber(Subscriber(*row))
    if hashes:
        _know_hashed(transaction, people, hashes)
    return people


def know_visitors(
    transaction: Transaction, people: People, events: list[Event], persons: list[Subscriber | None]
) -> None:
    """The visitors of events, given the persons these name."""
    keys = [(e.list_id, people.uuid_of(e, person)) for e, person in zip(events, persons, strict=True)]
    for row in people_rows.find_visitors(transaction, keys):
        people.know_visitor(Visitor(*row))


def _know_hashed(transaction: Transaction, people: People, hashes: set[tuple[int, bytes]]) -> None:
    found = find_hashes(transaction, hashes)
    rows = people_rows.find_subscribers_by_id(transaction, ((row[0], row[3]) for row in found))
    persons = {row[:2]: people.know_subscriber(Subscriber(*row)) for row in rows}
    for list_id, digest, form, subscriber_id in found:
        if person := persons.get((list_id, subscriber_id)):
            people.know_hash(list_id, digest, Form(form), person)
