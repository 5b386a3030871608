"""How is what a group of events changed about people written?"""

from __future__ import annotations

from tracker.ingest.identity import People
from tracker.storage import people as people_rows
from tracker.storage.transaction import Transaction


def write_people(transaction: Transaction, people: People, now: int) -> None:
    """New persons and visitors, their bindings, and what known ones have learnt."""
    new = [
        (p.list_id, p.id, p.email, p.email_key, p.external_id, p.own_uuid)
        for p in people.subscribers
        if p.is_new
    ]
    people_rows.add_subscribers(transaction, new, now)
    visitors = [(v.list_id, v.id, v.uuid, v.segment, v.subscriber_id) for v in people.visitors if v.is_new]
    people_rows.add_visitors(transaction, visitors, now)
    rows = [
        (
            b.visitor.list_id,
            b.visitor.id,
            b.segment,
            b.subscriber_id,
            b.bound_at,
            b.event_id,
            int(b.reason),
            b.has_past,
        )
        for b in people.bindings
    ]
    people_rows.add_bindings(transaction, rows)
    _change_known_people(transaction, people)


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
            people_rows.rebind_visitor(
                transaction, visitor.list_id, visitor.id, visitor.segment, visitor.subscriber_id
            )
