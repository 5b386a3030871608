"""Subscriber matching: finds or makes the subscriber that an event names, and updates their address and ID."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from tracker.domain import trust
from tracker.domain.event import Event
from tracker.domain.identity import Subscriber
from tracker.domain.provenance import By
from tracker.formats.email_hash import Form, email_hashes
from tracker.formats.event_limits import is_hash


class SubscriberIndex:
    """An index of the subscribers of a group of events by number, Email, ID and hash. `next_id()` makes row ids."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._by_number: dict[tuple[int, int], Subscriber] = {}
        self._by_email: dict[tuple[int, str], Subscriber] = {}
        self._by_external_id: dict[tuple[int, str], Subscriber] = {}
        self._by_hash: dict[tuple[int, bytes], list[tuple[Form, Subscriber]]] = {}
        #: Row ids of events whose unique identifier was refused to their subscriber.
        self.refused_unique: set[int] = set()
        #: {row id of an event: the form in which its hash matched one subscriber}, and the form in which it matched several.
        self.hash_forms: dict[int, Form] = {}
        self.ambiguous: dict[int, Form] = {}

    @property
    def subscribers(self) -> Iterable[Subscriber]:
        return self._by_number.values()

    def expect_hashes(self, keys: Iterable[tuple[int, bytes]]) -> None:
        """Declare which (list_id, hash) the events will look up, before any subscriber is added."""
        self._by_hash = {key: [] for key in keys}

    def add_hash(self, list_id: int, digest: bytes, form: Form, subscriber: Subscriber) -> None:
        self._by_hash[list_id, digest].append((form, subscriber))

    def add_subscriber(self, subscriber: Subscriber) -> Subscriber:
        """Add a subscriber and return it; a row that was added before, found by another name, returns the first object."""
        known = self._by_number.setdefault((subscriber.list_id, subscriber.id), subscriber)
        if known is subscriber:
            self._index(subscriber)
        return known

    def subscriber(self, list_id: int, subscriber_id: int | None) -> Subscriber | None:
        return None if subscriber_id is None else self._by_number.get((list_id, subscriber_id))

    def match(self, event: Event) -> tuple[Subscriber | None, bool]:
        """Return the subscriber that an event names, made if need be, and whether its ID conflicts with its Email."""
        before = len(self._by_number)
        subscriber, has_conflict = self._named(event)
        if subscriber is not None:
            self.assign_unique_id(event, subscriber, is_made=len(self._by_number) > before)
        return subscriber, has_conflict

    def assign_unique_id(self, event: Event, subscriber: Subscriber | None, is_made: bool = False) -> None:
        """Offer the event's unique identifier to the subscriber, as an ID is offered; None where it is not sure who that is."""
        if event.identified is None or event.identified.unique is None:
            return
        value, has = event.identified.unique[1], (subscriber.external_id if subscriber else None) or ""
        is_theirs = value and subscriber is not None and self._offer_id(event, subscriber, value, is_made)
        if not is_theirs and value != has:
            self.refused_unique.add(event.row_id)

    def _subscriber_of_visitor(self, event: Event) -> Subscriber | None:
        """Return the subscriber who may get the event's ID because their visitor sent it, or None."""
        raise NotImplementedError

    def _named(self, event: Event) -> tuple[Subscriber | None, bool]:
        if event.email is not None:
            return self._with_email(event, event.email)
        if event.external_id is None or is_hash(event.external_id):
            return self._by_id(event), False
        return self._with_id(event, event.external_id), False

    def _with_id(self, event: Event, external_id: str) -> Subscriber:
        """Return the subscriber with the ID. A credential that sends the ID alone moves it off a subscriber with an address
        who has it from public events only.
        """
        holder = self._by_id(event)
        if holder is not None and (event.is_public or trust.has_confirmed_id(holder)):
            return holder
        subscriber = self._subscriber_of_visitor(event)
        if subscriber is None and holder is not None and holder.email_key is None:
            subscriber = holder
        subscriber = subscriber or self._new_subscriber(event)
        self._give_id(event, subscriber, external_id)
        return subscriber

    def _with_email(self, event: Event, email: tuple[str, str]) -> tuple[Subscriber, bool]:
        """Return the subscriber with the Email, and whether the ID conflicts. Email wins: a conflicting ID is ignored."""
        by_id, known = self._by_id(event), self._by_email.get((event.list_id, email[1]))
        if known is not None and by_id is not None and not is_hash(event.external_id):
            known = self._unless_taken(event, by_id, known)
        if known is None and by_id is not None and self._may_set_email(event, by_id):
            self._set_email(by_id, email)
            known = by_id
        subscriber = known or self._new_subscriber(event)
        self._confirm_email(event, subscriber)
        if event.external_id is None or is_hash(event.external_id):
            return subscriber, by_id is not None and by_id is not subscriber
        return subscriber, not self._offer_id(event, subscriber, event.external_id, is_made=known is None)

    def _unless_taken(self, event: Event, subscriber: Subscriber, holder: Subscriber) -> Subscriber | None:
        """Return the holder of the address, or None if the address was taken from them for the subscriber."""
        if not trust.may_take_email(event, subscriber, holder):
            return holder
        del self._by_email[event.list_id, holder.email_key or ""]
        self._remove_hashes(holder)
        holder.email, holder.email_key, holder.email_by = None, None, By.CREDENTIAL
        holder.has_lost_email = not holder.is_new
        return None

    def _may_set_email(self, event: Event, subscriber: Subscriber) -> bool:
        return trust.may_give_email(event, subscriber) and not is_hash(event.external_id)

    def _by_id(self, event: Event) -> Subscriber | None:
        external_id = event.external_id
        if external_id is None:
            return None
        if not is_hash(external_id):
            return self._by_external_id.get((event.list_id, external_id))
        digest = bytes.fromhex(external_id)
        own = email_hashes(event.email[0]).get(digest) if event.email else None
        if own is not None:  # the hash of the Email in the same event adds nothing, and contradicts nothing
            self.hash_forms[event.row_id] = own
            return None
        return self._by_hash_id(event, self._by_hash[event.list_id, digest])

    def _by_hash_id(self, event: Event, found: list[tuple[Form, Subscriber]]) -> Subscriber | None:
        """Return the only subscriber who matches a hash in the first form in which anybody matches it, or None.

        Addresses from credentials come first, so that a public address that looks like another cannot take over its hash.
        """
        first = min(((subscriber.email_by, form) for form, subscriber in found), default=None)
        subscribers = {
            subscriber.id: subscriber for form, subscriber in found if (subscriber.email_by, form) == first
        }
        if first is None:
            return None
        if len(subscribers) > 1:
            self.ambiguous[event.row_id] = first[1]
            return None
        self.hash_forms[event.row_id] = first[1]
        return next(iter(subscribers.values()))

    def _offer_id(self, event: Event, subscriber: Subscriber, external_id: str, is_made: bool) -> bool:
        """Give the ID to the subscriber if trust allows it; return whether the ID is theirs now."""
        holder = self._by_external_id.get((event.list_id, external_id))
        if holder is subscriber and (event.is_public or trust.has_confirmed_id(subscriber)):
            return True
        if may := trust.may_give_id(event, subscriber, holder, is_made):
            self._give_id(event, subscriber, external_id)
        return may

    def _give_id(self, event: Event, subscriber: Subscriber, external_id: str) -> None:
        """Set the ID: its former holder loses it, and the subscriber loses a former ID."""
        for loser in (self._by_external_id.get((event.list_id, external_id)), subscriber):
            if loser is not None and loser.external_id is not None:
                del self._by_external_id[event.list_id, loser.external_id]
                loser.external_id, loser.external_id_by = None, By.CREDENTIAL
        subscriber.external_id, subscriber.external_id_by = external_id, trust.provenance_of(event)
        self._index(subscriber)

    def _new_subscriber(self, event: Event) -> Subscriber:
        shown, key = event.email or (None, None)
        by = By.CREDENTIAL if key is None else trust.provenance_of(event)
        own_uuid = uuid.uuid4().bytes
        subscriber = Subscriber(event.list_id, self._next_id(), shown, key, None, own_uuid, by, is_new=True)
        return self.add_subscriber(subscriber)

    def _set_email(self, subscriber: Subscriber, email: tuple[str, str]) -> None:
        subscriber.email, subscriber.email_key = email
        subscriber.is_email_announced = False
        self._index(subscriber)

    def _confirm_email(self, event: Event, subscriber: Subscriber) -> None:
        """Replace a public spelling of the address by a credential's, since hashes depend on the spelling."""
        if event.email is None or event.is_public or subscriber.email_by == By.CREDENTIAL:
            return
        self._remove_hashes(subscriber)
        subscriber.email, subscriber.email_by = event.email[0], By.CREDENTIAL
        self._index(subscriber)

    def _remove_hashes(self, subscriber: Subscriber) -> None:
        for found in self._by_hash.values():
            found[:] = [each for each in found if each[1] is not subscriber]

    def _index(self, subscriber: Subscriber) -> None:
        if subscriber.email_key is not None:
            self._by_email[subscriber.list_id, subscriber.email_key] = subscriber
        if subscriber.external_id is not None:
            self._by_external_id[subscriber.list_id, subscriber.external_id] = subscriber
        if self._by_hash and subscriber.email is not None:
            for digest, form in email_hashes(subscriber.email).items():
                if (subscriber.list_id, digest) in self._by_hash:
                    self.add_hash(subscriber.list_id, digest, form, subscriber)
