"""Whose is an event? The rules, as pure functions of what is known before it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from tracker.email_hashes import Form, email_hashes
from tracker.ingest.event import IDENTIFY, Event
from tracker.ingest.rules import is_hash, visitor_uuid_of_hash
from tracker.ingest.who import Binding, Placement, Reason, Subscriber, Visitor


class People:
    """What is known about the persons and visitors of a group of events, and what the events change about it.

    `next_id()` makes row ids. First `person` is called for every event in order, then `place`.
    """

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._by_email: dict[tuple[int, str], Subscriber] = {}
        self._by_external_id: dict[tuple[int, str], Subscriber] = {}
        self._by_hash: dict[tuple[int, bytes], list[tuple[Form, Subscriber]]] = {}
        self._by_uuid: dict[tuple[int, bytes], Visitor] = {}
        self.subscribers: list[Subscriber] = []
        self.visitors: list[Visitor] = []
        self.bindings: list[Binding] = []
        #: Row ids of events whose value of the unique identifier their person did not get.
        self.refused_unique: set[int] = set()
        #: {row id of an event: the form in which its hash matched one person}, and those in which it matched several.
        self.hash_forms: dict[int, Form] = {}
        self.ambiguous: dict[int, Form] = {}

    def await_hashes(self, keys: Iterable[tuple[int, bytes]]) -> None:
        """Say which (list_id, hash) will be asked for; before any person is known."""
        self._by_hash = {key: [] for key in keys}

    def know_hash(self, list_id: int, digest: bytes, form: Form, person: Subscriber) -> None:
        self._by_hash[list_id, digest].append((form, person))

    def know_subscriber(self, person: Subscriber) -> Subscriber:
        """A row found by Email, by ID and by hash is one person: gives the one that is known."""
        known = self._by_email.get((person.list_id, person.email_key or ""))
        if known is not None and known.id == person.id:
            return known
        self._index(person)
        self.subscribers.append(person)
        return person

    def know_visitor(self, visitor: Visitor) -> None:
        self._by_uuid[visitor.list_id, visitor.uuid] = visitor
        self.visitors.append(visitor)

    def person(self, event: Event) -> tuple[Subscriber | None, bool]:
        """The person an event names (made if need be), and whether Email and ID name two different ones."""
        person, has_conflict = self._named(event)
        if person is not None:
            self.offer_unique(event, person)
        return person, has_conflict

    def offer_unique(self, event: Event, person: Subscriber) -> None:
        """The unique identifier fills an empty external id. It changes none, and takes none from another person."""
        if event.identified is None or event.identified.unique is None:
            return
        value = event.identified.unique[1]
        if value and person.external_id is None and (event.list_id, value) not in self._by_external_id:
            self._learn_external_id(person, value)
        elif value != (person.external_id or ""):
            self.refused_unique.add(event.row_id)

    def _named(self, event: Event) -> tuple[Subscriber | None, bool]:
        by_id = self._by_id(event, event.external_id) if event.external_id else None
        if event.email is None:
            if event.external_id is None or is_hash(event.external_id):
                return by_id, False
            return by_id or self._new_subscriber(event, event.external_id), False
        return self._person_with_email(event, event.email, by_id)

    def place(self, event: Event, person: Subscriber | None, has_conflict: bool) -> Placement:
        """The visitor and segment of an event, after whatever binding it causes."""
        visitor = self._visitor(event, person)
        is_named_identify = event.name == IDENTIFY
        is_new = False
        if person is not None:
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

    def _by_id(self, event: Event, external_id: str) -> Subscriber | None:
        if not is_hash(external_id):
            return self._by_external_id.get((event.list_id, external_id))
        digest = bytes.fromhex(external_id)
        own = email_hashes(event.email[0]).get(digest) if event.email else None
        if own is not None:  # the hash of the very Email it came with says nothing more, nor anything else
            self.hash_forms[event.row_id] = own
            return None
        return self._by_hash_id(event, self._by_hash[event.list_id, digest])

    def _by_hash_id(self, event: Event, found: list[tuple[Form, Subscriber]]) -> Subscriber | None:
        """Whom a hash means: the only one who has it in the first form in which anybody has it."""
        first = min((form for form, _ in found), default=None)
        persons = {person.id: person for form, person in found if form == first}
        if first is not None and len(persons) > 1:
            self.ambiguous[event.row_id] = first
        if first is None or len(persons) > 1:
            return None
        self.hash_forms[event.row_id] = first
        return next(iter(persons.values()))

    def _person_with_email(
        self, event: Event, email: tuple[str, str], by_id: Subscriber | None
    ) -> tuple[Subscriber, bool]:
        by_email = self._by_email.get((event.list_id, email[1]))
        if by_id is not None and is_hash(event.external_id):
            return by_email or self._new_subscriber(event, None), by_id is not by_email
        external_id = None if is_hash(event.external_id) else event.external_id
        if by_email is None and by_id is not None and by_id.email_key is None:
            self._learn_email(by_id, email)
            return by_id, False
        if by_email is None:
            return self._new_subscriber(event, None if by_id else external_id), by_id is not None
        if external_id and by_id is None and by_email.external_id is None:
            self._learn_external_id(by_email, external_id)
        is_other = external_id is not None and by_email.external_id != external_id
        return by_email, is_other

    def _new_subscriber(self, event: Event, external_id: str | None) -> Subscriber:
        shown, key = event.email or (None, None)
        own_uuid = uuid.uuid4().bytes
        person = Subscriber(event.list_id, self._next_id(), shown, key, external_id, own_uuid, is_new=True)
        self._index(person)
        self.subscribers.append(person)
        return person

    def _learn_email(self, person: Subscriber, email: tuple[str, str]) -> None:
        person.email, person.email_key = email
        person.has_learnt_email, person.is_email_told = True, False
        self._index(person)

    def _learn_external_id(self, person: Subscriber, external_id: str) -> None:
        person.external_id, person.has_learnt_external_id = external_id, True
        self._index(person)

    def _index(self, person: Subscriber) -> None:
        if person.email_key is not None:
            self._by_email[person.list_id, person.email_key] = person
        if person.external_id is not None:
            self._by_external_id[person.list_id, person.external_id] = person
        if self._by_hash and person.email is not None:
            for digest, form in email_hashes(person.email).items():
                if (person.list_id, digest) in self._by_hash:
                    self.know_hash(person.list_id, digest, form, person)

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
        if visitor.subscriber_id == person.id:
            return
        if event.name == IDENTIFY:
            self._bind(event, visitor, person, Reason.IDENTIFY)
        elif event.email is not None:
            self._bind(event, visitor, person, Reason.EMAIL)
        elif event.uuid is None:
            self._bind(event, visitor, person, Reason.OWN)

    def _bind(self, event: Event, visitor: Visitor, person: Subscriber, reason: Reason) -> None:
        """The first bind takes the open segment with its whole past; a re-bind opens a new one."""
        is_first = visitor.subscriber_id is None
        visitor.segment += 0 if is_first else 1
        visitor.subscriber_id, visitor.is_changed = person.id, True
        has_past = is_first and visitor.has_own_events
        at = (visitor, visitor.segment, person.id, reason, event.row_id, event.received_at)
        self.bindings.append(Binding(*at, has_past))
