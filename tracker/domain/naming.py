"""Naming: which person does an event name, and what does it make of their address and ID?"""

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
    """The persons of a group of events by what names them. `next_id()` makes row ids."""

    def __init__(self, next_id: Callable[[], int]) -> None:
        self._next_id = next_id
        self._by_number: dict[tuple[int, int], Subscriber] = {}
        self._by_email: dict[tuple[int, str], Subscriber] = {}
        self._by_external_id: dict[tuple[int, str], Subscriber] = {}
        self._by_hash: dict[tuple[int, bytes], list[tuple[Form, Subscriber]]] = {}
        #: Row ids of events whose value of the unique identifier their person did not get.
        self.refused_unique: set[int] = set()
        #: {row id of an event: the form in which its hash matched one person}, and those in which it matched several.
        self.hash_forms: dict[int, Form] = {}
        self.ambiguous: dict[int, Form] = {}

    @property
    def subscribers(self) -> Iterable[Subscriber]:
        return self._by_number.values()

    def expect_hashes(self, keys: Iterable[tuple[int, bytes]]) -> None:
        """Say which (list_id, hash) will be asked for; before any person is known."""
        self._by_hash = {key: [] for key in keys}

    def add_hash(self, list_id: int, digest: bytes, form: Form, person: Subscriber) -> None:
        self._by_hash[list_id, digest].append((form, person))

    def add_subscriber(self, person: Subscriber) -> Subscriber:
        """A row found by Email, by ID and by hash is one person: gives the one that is known."""
        known = self._by_number.setdefault((person.list_id, person.id), person)
        if known is person:
            self._index(person)
        return known

    def subscriber(self, list_id: int, subscriber_id: int | None) -> Subscriber | None:
        return None if subscriber_id is None else self._by_number.get((list_id, subscriber_id))

    def match(self, event: Event) -> tuple[Subscriber | None, bool]:
        """The person an event names (made if need be), and whether its ID is not that of the person with its Email."""
        before = len(self._by_number)
        person, has_conflict = self._named(event)
        if person is not None:
            self.assign_unique_id(event, person, is_made=len(self._by_number) > before)
        return person, has_conflict

    def assign_unique_id(self, event: Event, person: Subscriber | None, is_made: bool = False) -> None:
        """The unique identifier is offered as an ID is; None if nobody is sure to be whom it is for."""
        if event.identified is None or event.identified.unique is None:
            return
        value, has = event.identified.unique[1], (person.external_id if person else None) or ""
        is_theirs = value and person is not None and self._offer_id(event, person, value, is_made)
        if not is_theirs and value != has:
            self.refused_unique.add(event.row_id)

    def _subscriber_of_visitor(self, event: Event) -> Subscriber | None:
        """The person to whom the ID of the event may be given because it came from their visitor."""
        raise NotImplementedError

    def _named(self, event: Event) -> tuple[Subscriber | None, bool]:
        if event.email is not None:
            return self._with_email(event, event.email)
        if event.external_id is None or is_hash(event.external_id):
            return self._by_id(event), False
        return self._with_id(event, event.external_id), False

    def _with_id(self, event: Event, external_id: str) -> Subscriber:
        """An ID that only anybody gave to somebody with an address is nobody's yet, where a credential sends it alone."""
        holder = self._by_id(event)
        if holder is not None and (event.is_public or trust.has_confirmed_id(holder)):
            return holder
        person = self._subscriber_of_visitor(event)
        if person is None and holder is not None and holder.email_key is None:
            person = holder
        person = person or self._new_subscriber(event)
        self._give_id(event, person, external_id)
        return person

    def _with_email(self, event: Event, email: tuple[str, str]) -> tuple[Subscriber, bool]:
        """Email wins: an ID that is not the person's and cannot become theirs names nobody."""
        by_id, known = self._by_id(event), self._by_email.get((event.list_id, email[1]))
        if known is not None and by_id is not None and not is_hash(event.external_id):
            known = self._unless_taken(event, by_id, known)
        if known is None and by_id is not None and self._may_learn_email(event, by_id):
            self._set_email(by_id, email)
            known = by_id
        person = known or self._new_subscriber(event)
        self._confirm_email(event, person)
        if event.external_id is None or is_hash(event.external_id):
            return person, by_id is not None and by_id is not person
        return person, not self._offer_id(event, person, event.external_id, is_made=known is None)

    def _unless_taken(self, event: Event, person: Subscriber, holder: Subscriber) -> Subscriber | None:
        """Who has the address, unless it leaves them for the person."""
        if not trust.may_take_email(event, person, holder):
            return holder
        del self._by_email[event.list_id, holder.email_key or ""]
        self._forget_hashes(holder)
        holder.email, holder.email_key, holder.email_by = None, None, By.CREDENTIAL
        holder.has_lost_email = not holder.is_new
        return None

    def _may_learn_email(self, event: Event, person: Subscriber) -> bool:
        return trust.may_give_email(event, person) and not is_hash(event.external_id)

    def _by_id(self, event: Event) -> Subscriber | None:
        external_id = event.external_id
        if external_id is None:
            return None
        if not is_hash(external_id):
            return self._by_external_id.get((event.list_id, external_id))
        digest = bytes.fromhex(external_id)
        own = email_hashes(event.email[0]).get(digest) if event.email else None
        if own is not None:  # the hash of the very Email it came with says nothing more, nor anything else
            self.hash_forms[event.row_id] = own
            return None
        return self._by_hash_id(event, self._by_hash[event.list_id, digest])

    def _by_hash_id(self, event: Event, found: list[tuple[Form, Subscriber]]) -> Subscriber | None:
        """Whom a hash means: the only one who has it in the first form in which anybody has it.

        Addresses that credentials told are looked at first, so that nobody can take a hash by an address that looks like another.
        """
        first = min(((person.email_by, form) for form, person in found), default=None)
        persons = {person.id: person for form, person in found if (person.email_by, form) == first}
        if first is None:
            return None
        if len(persons) > 1:
            self.ambiguous[event.row_id] = first[1]
            return None
        self.hash_forms[event.row_id] = first[1]
        return next(iter(persons.values()))

    def _offer_id(self, event: Event, person: Subscriber, external_id: str, is_made: bool) -> bool:
        """Whether the ID is the person's now."""
        holder = self._by_external_id.get((event.list_id, external_id))
        if holder is person and (event.is_public or trust.has_confirmed_id(person)):
            return True
        if may := trust.may_give_id(event, person, holder, is_made):
            self._give_id(event, person, external_id)
        return may

    def _give_id(self, event: Event, person: Subscriber, external_id: str) -> None:
        """It leaves whoever has it, and the person loses another one."""
        for loser in (self._by_external_id.get((event.list_id, external_id)), person):
            if loser is not None and loser.external_id is not None:
                del self._by_external_id[event.list_id, loser.external_id]
                loser.external_id, loser.external_id_by = None, By.CREDENTIAL
        person.external_id, person.external_id_by = external_id, trust.provenance_of(event)
        self._index(person)

    def _new_subscriber(self, event: Event) -> Subscriber:
        shown, key = event.email or (None, None)
        by = By.CREDENTIAL if key is None else trust.provenance_of(event)
        own_uuid = uuid.uuid4().bytes
        person = Subscriber(event.list_id, self._next_id(), shown, key, None, own_uuid, by, is_new=True)
        return self.add_subscriber(person)

    def _set_email(self, person: Subscriber, email: tuple[str, str]) -> None:
        person.email, person.email_key = email
        person.is_email_announced = False
        self._index(person)

    def _confirm_email(self, event: Event, person: Subscriber) -> None:
        """A credential's spelling is kept, since hashes are of spellings."""
        if event.email is None or event.is_public or person.email_by == By.CREDENTIAL:
            return
        self._forget_hashes(person)
        person.email, person.email_by = event.email[0], By.CREDENTIAL
        self._index(person)

    def _forget_hashes(self, person: Subscriber) -> None:
        for found in self._by_hash.values():
            found[:] = [each for each in found if each[1] is not person]

    def _index(self, person: Subscriber) -> None:
        if person.email_key is not None:
            self._by_email[person.list_id, person.email_key] = person
        if person.external_id is not None:
            self._by_external_id[person.list_id, person.external_id] = person
        if self._by_hash and person.email is not None:
            for digest, form in email_hashes(person.email).items():
                if (person.list_id, digest) in self._by_hash:
                    self.add_hash(person.list_id, digest, form, person)
