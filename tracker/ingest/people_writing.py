"""How is what a group of events changed about people written?"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.ingest.identity import People
from tracker.ingest.who import Binding, Subscriber, Visitor
from tracker.storage import people as people_rows
from tracker.storage.transaction import Row, Transaction


def write_people(transaction: Transaction, people: People, now: int) -> None:
    """Raises Conflict, or a lost race for a key, when another process has changed what the plan was made from."""
    _give_up_ids(transaction, people)
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
    people_rows.add_subscribers(transaction, new, now)
    visitors = [
        (v.list_id, v.id, v.uuid, v.segment, v.subscriber_id, int(v.bound_by))
        for v in people.visitors
        if v.is_new
    ]
    people_rows.add_visitors(transaction, visitors, now)
    _write_bindings(transaction, people.bindings)
    confirmed = [(v.list_id, v.id, segment, person) for v, segment, person in people.confirmed]
    people_rows.confirm_bindings(transaction, confirmed)
    for person in people.subscribers:
        if not person.is_new:
            _change_person(transaction, person)
    _change_visitors(transaction, people.visitors)


def _give_up_ids(transaction: Transaction, people: People) -> None:
    """First of all, as an ID is in one row only, at any time."""
    for person in people.subscribers:
        had = person.known.external_id
        if had is not None and had != person.external_id:
            people_rows.give_up_external_id(transaction, person.list_id, person.id, had)


def _write_bindings(transaction: Transaction, bindings: list[Binding]) -> None:
    """A known visitor's open segment may have been somebody's before, whose binding was taken back."""
    reopened = [_row(each) for each in bindings if each.has_past and not each.visitor.is_new]
    opened = [_row(each) for each in bindings if not each.has_past or each.visitor.is_new]
    people_rows.add_bindings(transaction, opened, reopened)


def _row(each: Binding) -> Row:
    at = (each.visitor.list_id, each.visitor.id, each.segment)
    return (
        *at,
        each.subscriber_id,
        each.bound_at,
        each.event_id,
        int(each.reason),
        each.has_past,
        int(each.by),
    )


def _change_person(transaction: Transaction, person: Subscriber) -> None:
    at, known = (transaction, person.list_id, person.id), person.known
    if known.email is None and person.email is not None:
        people_rows.learn_email(*at, person.email, person.email_key or "")
    elif person.email_by != known.email_by:
        people_rows.confirm_email(*at, known.email or "", person.email or "")
    if person.external_id is None:
        return
    if person.external_id != known.external_id:
        people_rows.learn_external_id(*at, person.external_id, int(person.external_id_by))
    elif person.external_id_by != known.external_id_by:
        people_rows.confirm_external_id(*at, person.external_id)


def _change_visitors(transaction: Transaction, visitors: Iterable[Visitor]) -> None:
    for visitor in visitors:
        if visitor.is_changed and not visitor.is_new and visitor.subscriber_id is not None:
            binding = (visitor.segment, visitor.subscriber_id, int(visitor.bound_by))
            people_rows.rebind_visitor(transaction, visitor.list_id, visitor.id, visitor.known, binding)
