"""Trust: what may an event link? A credential's is believed; anybody's takes nothing from somebody who exists.

What anybody linked holds until a credential says otherwise: for a credential, such a link is as good as none.
"""

from __future__ import annotations

from tracker.domain.event import IDENTIFY, Event
from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.provenance import By
from tracker.formats.event_limits import is_visitor_of_hash


def provenance_of(event: Event) -> By:
    return By.PUBLIC if event.is_public else By.CREDENTIAL


def has_confirmed_id(person: Subscriber) -> bool:
    """Whether they have an ID that a credential told."""
    return person.external_id is not None and person.external_id_by == By.CREDENTIAL


def may_give_id(event: Event, person: Subscriber, holder: Subscriber | None, is_made: bool) -> bool:
    """Whether the event may make an ID the person's that `holder` has. `is_made`: the event made the person."""
    if event.is_public:
        return is_made and holder is None and person.external_id is None
    return not has_confirmed_id(person) and (holder is None or not has_confirmed_id(holder))


def may_give_email(event: Event, person: Subscriber) -> bool:
    return person.email_key is None and not event.is_public


def may_take_email(event: Event, person: Subscriber, holder: Subscriber) -> bool:
    """Whether a credential that names them together gives the person, whose ID a credential told, an address that only anybody has told of
    `holder`."""
    is_anybodys = holder is not person and holder.email_by == By.PUBLIC and not has_confirmed_id(holder)
    return is_anybodys and has_confirmed_id(person) and may_give_email(event, person)


def may_link(event: Event, visitor: Visitor, linked: Subscriber | None) -> bool:
    """Whether the event may make the visitor somebody else's than `linked`, who is None if there is no such person.

    Nobody is left to lose a visitor whose person is gone, or has nothing any more by which to be named. The visitor that stands for
    a hash has a uuid that anybody can work out.
    """
    if not event.is_public:
        return True
    is_held = linked is not None and (linked.email_key, linked.external_id) != (None, None)
    return not is_held and not is_visitor_of_hash(visitor.uuid)


def may_give_to_visitors(event: Event, visitor: Visitor | None) -> bool:
    """Whether an ID that comes with the visitor may become its person's: both by what credentials told."""
    is_told = visitor is not None and visitor.linked_by == By.CREDENTIAL
    return is_told and event.name == IDENTIFY and not event.is_public


def needs_visitor_owner(event: Event) -> bool:
    """Whether what the event may link depends on who its visitor's person is."""
    return event.name == IDENTIFY or (event.is_public and (event.email or event.external_id) is not None)
