"""How is what a group of events changed about people written?"""

from __future__ import annotations

from tracker.domain.identity import Subscriber
from tracker.domain.resolver import IdentityResolver
from tracker.ingest.span_store import SpanStore
from tracker.storage.engine import Transaction
from tracker.storage.subscribers import identity_rows as people_rows


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
    people_rows.add_subscribers(transaction, new, now)
    visitors = [(v.list_id, v.id, v.uuid, *v.link()) for v in people.visitors if v.is_new]
    people_rows.add_visitors(transaction, visitors, now)
    people.lives.write(people.visitors)
    for person in people.subscribers:
        if not person.is_new:
            _change_person(transaction, person)


def _give_up_names(transaction: Transaction, people: IdentityResolver[SpanStore]) -> None:
    """First of all, as an ID or address is in one row only, at any time."""
    for person in people.subscribers:
        if person.has_lost_email:
            people_rows.give_up_email(transaction, person.list_id, person.id, person.known.email or "")
        had = person.known.external_id
        if had is not None and had != person.external_id:
            people_rows.give_up_external_id(transaction, person.list_id, person.id, had)


def _change_person(transaction: Transaction, person: Subscriber) -> None:
    at, known = (transaction, person.list_id, person.id), person.known
    if person.email is not None and (known.email is None or person.has_lost_email):
        people_rows.learn_email(*at, person.email, person.email_key or "")
    elif not person.has_lost_email and person.email_by != known.email_by:
        people_rows.confirm_email(*at, known.email or "", person.email or "")
    if person.external_id is None:
        return
    if person.external_id != known.external_id:
        people_rows.learn_external_id(*at, person.external_id, int(person.external_id_by))
    elif person.external_id_by != known.external_id_by:
        people_rows.confirm_external_id(*at, person.external_id)
