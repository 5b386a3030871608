"""How is what a group of events changed about people written?"""

from __future__ import annotations

from tracker.ingest.identity import People
from tracker.ingest.who import Binding
from tracker.storage import people as people_rows
from tracker.storage.transaction import Row, Transaction


def write_people(transaction: Transaction, people: People, now: int) -> None:
    """Raises Conflict, or a lost race for a key, when another process has changed what the plan was made from."""
    new = [
        (p.list_id, p.id, p.email, p.email_key, p.external_id, p.own_uuid)
        for p in people.subscribers
        if p.is_new
    ]
    people_rows.add_subscribers(transaction, new, now)
    visitors = [(v.list_id, v.id, v.uuid, v.segment, v.subscriber_id) for v in people.visitors if v.is_new]
    people_rows.add_visitors(transaction, visitors, now)
    _write_bindings(transaction, people.bindings)
    _change_known_people(transaction, people)


def _write_bindings(transaction: Transaction, bindings: list[Binding]) -> None:
    """A known visitor's open segment may have been somebody's before, whose binding was taken back."""
    reopened = [_row(each) for each in bindings if each.has_past and not each.visitor.is_new]
    opened = [_row(each) for each in bindings if not each.has_past or each.visitor.is_new]
    people_rows.add_bindings(transaction, opened, reopened)


def _row(each: Binding) -> Row:
    at = (each.visitor.list_id, each.visitor.id, each.segment)
    return (*at, each.subscriber_id, each.bound_at, each.event_id, int(each.reason), each.has_past)


def _change_known_people(transaction: Transaction, people: People) -> None:
    for person in people.subscribers:
        if person.is_new:
            continue
        if person.has_learnt_email:
            people_rows.learn_email(
                transaction, person.list_id, person.id, person.email or "", person.email_key or ""
            )
        if person.has_learnt_external_id:
            people_rows.learn_external_id(transaction, person.list_id, person.id, person.external_id or "")
    for visitor in people.visitors:
        if visitor.is_changed and not visitor.is_new and visitor.subscriber_id is not None:
            binding = (visitor.segment, visitor.subscriber_id)
            people_rows.rebind_visitor(transaction, visitor.list_id, visitor.id, visitor.known, binding)
