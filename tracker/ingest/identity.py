"""Whose is an event? The rules, as pure functions of what is known before it."""

from __future__ import annotations

from collections.abc import Callable

from tracker.ingest import trust
from tracker.ingest.event import IDENTIFY, Event
from tracker.ingest.naming import Names
from tracker.ingest.rules import visitor_uuid_of_hash
from tracker.ingest.who import Binding, Placement, Reason, Subscriber, Visitor
from tracker.storage.tied_by import By


class People(Names):
    """What is known about the persons and visitors of a group of events, and what the events change about it.

    For every event in order, first `person` is called, then `place`.
    """

    def __init__(self, next_id: Callable[[], int]) -> None:
        super().__init__(next_id)
        self._by_uuid: dict[tuple[int, bytes], Visitor] = {}
        self.visitors: list[Visitor] = []
        self.bindings: list[Binding] = []
        #: (visitor, segment, subscriber_id) of ties of anybody that a credential told too.
        self.confirmed: list[tuple[Visitor, int, int]] = []

    def know_visitor(self, visitor: Visitor) -> None:
        self._by_uuid[visitor.list_id, visitor.uuid] = visitor
        self.visitors.append(visitor)

    def has_visitor(self, key: tuple[int, bytes]) -> bool:
        return key in self._by_uuid

    def _visitors_person(self, event: Event) -> Subscriber | None:
        visitor = self._by_uuid.get((event.list_id, event.uuid or b""))
        if visitor is None or not trust.may_give_to_visitors(event, visitor):
            return None
        person = self.subscriber(event.list_id, visitor.subscriber_id)
        return None if person is None or trust.is_sure(person) else person

    def place(self, event: Event, person: Subscriber | None, has_conflict: bool) -> Placement:
        """The visitor and segment of an event, after whatever binding it causes."""
        visitor = self._visitor(event, person)
        is_named_identify = event.name == IDENTIFY
        is_new = False
        if person is None:
            self._offer_to_owner(event, visitor)
        elif visitor.subscriber_id == person.id or self._may_bind(event, visitor):
            is_new = event.email is not None and not (
                visitor.subscriber_id == person.id and person.is_email_told
            )
            person.is_email_told = person.is_email_told or is_new
            self._bind_if_due(event, visitor, person)
        is_sent = not event.is_listless and (is_named_identify or is_new)
        subscriber_id = person.id if person else None
        owner_id = subscriber_id or visitor.subscriber_id
        visitor.has_own_events = visitor.has_own_events or owner_id is None
        at = (visitor, visitor.segment, subscriber_id, owner_id or visitor.id)
        return Placement(*at, is_sent, has_conflict)

    def _may_bind(self, event: Event, visitor: Visitor) -> bool:
        return trust.may_bind(event, visitor, self.subscriber(event.list_id, visitor.subscriber_id))

    def _offer_to_owner(self, event: Event, visitor: Visitor) -> None:
        """The unique identifier of an event that names nobody is for its visitor's person."""
        is_sure = visitor.bound_by == By.CREDENTIAL
        person = self.subscriber(event.list_id, visitor.subscriber_id) if is_sure else None
        self.offer_unique(event, person)

    def uuid_of(self, event: Event, person: Subscriber | None) -> bytes:
        """The uuid of the visitor an event belongs to; made (and kept for later tries) if nothing names one."""
        if event.uuid is not None:
            return event.uuid
        if person is not None:
            return person.own_uuid
        if event.external_id is not None:
            return visitor_uuid_of_hash(event.list_id, event.external_id)
        return event.fresh_uuid()

    def _visitor(self, event: Event, person: Subscriber | None) -> Visitor:
        key = (event.list_id, self.uuid_of(event, person))
        visitor = self._by_uuid.get(key)
        if visitor is None:
            visitor = Visitor(event.list_id, self._next_id(), key[1], is_new=True, has_own_events=False)
            self.know_visitor(visitor)
        return visitor

    def _bind_if_due(self, event: Event, visitor: Visitor, person: Subscriber) -> None:
        reason = _reason(event)
        if reason is None:
            return
        if visitor.subscriber_id != person.id:
            self._bind(event, visitor, person, reason)
        elif visitor.bound_by > trust.by_whom(event):
            visitor.bound_by, visitor.is_changed = By.CREDENTIAL, True
            self.confirmed.append((visitor, visitor.segment, person.id))

    def _bind(self, event: Event, visitor: Visitor, person: Subscriber, reason: Reason) -> None:
        """The first bind takes the open segment with its whole past; a re-bind opens a new one."""
        is_first = visitor.subscriber_id is None
        visitor.segment += 0 if is_first else 1
        visitor.subscriber_id, visitor.is_changed = person.id, True
        visitor.bound_by = by = trust.by_whom(event)
        has_past = is_first and visitor.has_own_events
        at = (visitor, visitor.segment, person.id, reason, event.row_id, event.received_at)
        self.bindings.append(Binding(*at, has_past, by))


def _reason(event: Event) -> Reason | None:
    """Why the visitor of an event that names a person is theirs; None if it does not tell."""
    if event.name == IDENTIFY:
        return Reason.IDENTIFY
    if event.email is not None:
        return Reason.EMAIL
    return Reason.OWN if event.uuid is None else None
