"""Identity resolution: decides, without a database, to which subscriber and visitor each event of a group belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from tracker.domain import trust
from tracker.domain.event import HASH_FORM, IDENTIFY, IS_LINK, NAMED_BY_EMAIL, NAMED_BY_ID, Event
from tracker.domain.identity import Placement, Reason, Subscriber, Visitor
from tracker.domain.naming import SubscriberIndex
from tracker.domain.provenance import By
from tracker.domain.spans import Evidence, LinkEvent, Position
from tracker.formats.event_limits import is_hash, visitor_uuid_of_hash


class SpanReader(Protocol):
    """Spans of visitors: reads the spans that an event needs, and records the links that events make."""

    def catch_up(self, visitor: Visitor) -> None:
        """Apply the links that stored events and events of this group make in rechecked windows."""

    def at(self, visitor: Visitor, position: Position) -> tuple[int, int | None]:
        """Return the number of the span at a position, and the subscriber it is linked to."""

    def link(self, visitor: Visitor, link: LinkEvent) -> None:
        """Link the visitor to the subscriber that an event names, from that event on."""

    def find_subscriber(self, list_id: int, subscriber_id: int) -> Subscriber | None:
        """Return a subscriber whom the group has not loaded."""


SpansT = TypeVar("SpansT", bound=SpanReader)


class IdentityResolver(SubscriberIndex, Generic[SpansT]):
    """The subscribers and visitors of a group of events, as loaded and as the events change them.

    For every event in order call `match`, then `place`.
    """

    def __init__(self, next_id: Callable[[], int], span_store: SpansT) -> None:
        super().__init__(next_id)
        self.span_store = span_store
        self._by_uuid: dict[tuple[int, bytes], Visitor] = {}
        self.visitors: list[Visitor] = []

    def add_visitor(self, visitor: Visitor) -> None:
        self._by_uuid[visitor.list_id, visitor.uuid] = visitor
        self.visitors.append(visitor)

    def has_visitor(self, key: tuple[int, bytes]) -> bool:
        return key in self._by_uuid

    def _subscriber_of_visitor(self, event: Event) -> Subscriber | None:
        visitor = self._by_uuid.get((event.list_id, event.uuid or b""))
        if visitor is None or not trust.may_give_to_visitors(event, visitor):
            return None
        self.span_store.catch_up(visitor)
        _, linked = self.span_store.at(visitor, _position(event))
        subscriber = self.subscriber(event.list_id, linked) if linked == visitor.subscriber_id else None
        return None if subscriber is None or trust.has_confirmed_id(subscriber) else subscriber

    def place(self, event: Event, subscriber: Subscriber | None, has_conflict: bool) -> Placement:
        """Return the visitor, span and owner of an event, after any link that the event makes."""
        visitor, position = self._visitor(event, subscriber), _position(event)
        self.span_store.catch_up(visitor)
        is_named_identify = event.name == IDENTIFY
        span, linked = self.span_store.at(visitor, position)
        is_new = is_link = False
        if subscriber is None:
            self._offer_to_owner(event, visitor, linked)
        elif linked == subscriber.id or self._may_link(event, visitor, linked):
            is_new = event.email is not None and not (
                linked == subscriber.id and subscriber.is_email_announced
            )
            subscriber.is_email_announced = subscriber.is_email_announced or is_new
            is_link = self._link_if_due(event, visitor, subscriber, linked)
        is_sent = not event.is_listless and (is_named_identify or is_new)
        subscriber_id = subscriber.id if subscriber else None
        span, linked = self.span_store.at(visitor, position)
        link_flag = IS_LINK if is_link and not event.is_public else 0
        owner_id = subscriber_id or linked
        visitor.has_own_events = visitor.has_own_events or owner_id is None
        return Placement(
            visitor, span, subscriber_id, owner_id or visitor.id, link_flag, is_sent, has_conflict
        )

    def named_by(self, event: Event, placement: Placement) -> int:
        """Return the bits of `events.flags` for everything in the event that named its subscriber."""
        if placement.subscriber_id is None:
            return 0
        flags = NAMED_BY_EMAIL if event.email else 0
        if event.external_id is None or placement.has_id_conflict:
            return flags
        form = self.hash_forms.get(event.row_id)
        return flags | (form * HASH_FORM if form else 0 if is_hash(event.external_id) else NAMED_BY_ID)

    def _may_link(self, event: Event, visitor: Visitor, linked: int | None) -> bool:
        if not event.is_public:
            return True
        holder = self.subscriber(event.list_id, linked)
        if holder is None and linked is not None:  # the owner at that time is not the current one
            found = self.span_store.find_subscriber(event.list_id, linked)
            holder = None if found is None else self.add_subscriber(found)
        return trust.may_link(event, visitor, holder)

    def _offer_to_owner(self, event: Event, visitor: Visitor, linked: int | None) -> None:
        """Offer the unique identifier of an event without Email and ID to its visitor's subscriber."""
        is_sure = visitor.linked_by == By.CREDENTIAL and linked == visitor.subscriber_id
        subscriber = self.subscriber(event.list_id, linked) if is_sure else None
        self.assign_unique_id(event, subscriber)

    def uuid_of(self, event: Event, subscriber: Subscriber | None) -> bytes:
        """Return the uuid of the event's visitor: a random one, the same in later retries, if nothing names one."""
        if event.uuid is not None:
            return event.uuid
        if subscriber is not None:
            return subscriber.own_uuid
        if event.external_id is not None:
            return visitor_uuid_of_hash(event.list_id, event.external_id)
        return event.fresh_uuid()

    def _visitor(self, event: Event, subscriber: Subscriber | None) -> Visitor:
        key = (event.list_id, self.uuid_of(event, subscriber))
        visitor = self._by_uuid.get(key)
        if visitor is None:
            visitor = Visitor(event.list_id, self._next_id(), key[1], is_new=True, has_own_events=False)
            self.add_visitor(visitor)
        return visitor

    def _link_if_due(
        self, event: Event, visitor: Visitor, subscriber: Subscriber, linked: int | None
    ) -> bool:
        """Link the visitor to the subscriber the event names, if it states that; return whether it does.

        A public event that repeats an existing link adds nothing.
        """
        reason = _reason(event)
        if reason is None or (event.is_public and linked == subscriber.id):
            return False
        evidence = Evidence(int(reason), event.received_at, trust.provenance_of(event))
        self.span_store.link(visitor, LinkEvent(_position(event), subscriber.id, evidence))
        return True


def _position(event: Event) -> Position:
    return event.event_at, event.row_id


def _reason(event: Event) -> Reason | None:
    """Return why an event that names a subscriber links its visitor to them, or None if it does not."""
    if event.name == IDENTIFY:
        return Reason.IDENTIFY
    if event.email is not None:
        return Reason.EMAIL
    return Reason.OWN if event.uuid is None else None
