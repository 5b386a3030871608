"""Trust: which links an event may make. Credentials are believed; public events take nothing from an existing subscriber.

A link that a public event made holds until a credential says otherwise: to a credential it is as good as none.
"""

from __future__ import annotations

from tracker.domain.event import IDENTIFY, Event
from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.provenance import By
from tracker.formats.event_limits import is_visitor_of_hash


def provenance_of(event: Event) -> By:
    """Return whether a credential or the public id of a list sent the event."""
    return By.PUBLIC if event.is_public else By.CREDENTIAL


def has_confirmed_id(subscriber: Subscriber) -> bool:
    """Return whether the subscriber has an ID that a credential gave them."""
    return subscriber.external_id is not None and subscriber.external_id_by == By.CREDENTIAL


def may_give_id(event: Event, subscriber: Subscriber, holder: Subscriber | None, is_made: bool) -> bool:
    """Return whether the event may give the subscriber an ID that `holder` has. `is_made`: the event made the subscriber."""
    if event.is_public:
        return is_made and holder is None and subscriber.external_id is None
    return not has_confirmed_id(subscriber) and (holder is None or not has_confirmed_id(holder))


def may_give_email(event: Event, subscriber: Subscriber) -> bool:
    """Return whether the event may give an address to the subscriber, who must have none."""
    return subscriber.email_key is None and not event.is_public


def may_take_email(event: Event, subscriber: Subscriber, holder: Subscriber) -> bool:
    """Return whether the event moves an address from `holder` to the subscriber.

    A credential that sends ID and address together does, if a credential gave the subscriber the ID, only public events gave
    `holder` the address, and no credential gave `holder` an ID.
    """
    is_public_only = (
        holder is not subscriber and holder.email_by == By.PUBLIC and not has_confirmed_id(holder)
    )
    return is_public_only and has_confirmed_id(subscriber) and may_give_email(event, subscriber)


def may_link(event: Event, visitor: Visitor, linked: Subscriber | None) -> bool:
    """Return whether the event may link the visitor to another subscriber than `linked`, who is None if deleted or never there.

    A subscriber who was deleted, or has neither address nor ID any more, loses nothing. The visitor that stands for a hash
    is never linked by a public event, since anybody can compute its uuid.
    """
    if not event.is_public:
        return True
    is_owned = linked is not None and (linked.email_key, linked.external_id) != (None, None)
    return not is_owned and not is_visitor_of_hash(visitor.uuid)


def may_give_to_visitors(event: Event, visitor: Visitor | None) -> bool:
    """Return whether an ID that the visitor sends may become its subscriber's: only if credentials made both statements."""
    is_confirmed = visitor is not None and visitor.linked_by == By.CREDENTIAL
    return is_confirmed and event.name == IDENTIFY and not event.is_public


def needs_visitor_owner(event: Event) -> bool:
    """Return whether the links that the event may make depend on its visitor's subscriber."""
    return event.name == IDENTIFY or (event.is_public and (event.email or event.external_id) is not None)
