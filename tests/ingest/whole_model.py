"""What may events, new subscribers, unmerges and forgetting make of persons and visitors? The rules of the design as plainly as can be.

One thing after the other, nothing optimised, nothing shared with the code that is tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tests.ingest.model import LATER, Life, Moment


class Track(NamedTuple):
    """An event. `hash_of`: its ID is the hash of this text; `unique`: the identifier among its IdentifyProperties; `at`: when it
    happened, None: when it is received.
    """

    name: str
    email: str | None = None
    external_id: str | None = None
    hash_of: str | None = None
    browser: int | None = None
    is_public: bool = False
    unique: str | None = None
    at: int | None = None


class Together(NamedTuple):
    """Events of one transaction."""

    tracks: list[Track]


class Create(NamedTuple):
    email: str | None = None
    external_id: str | None = None


class Unmerge(NamedTuple):
    """Of whoever has the email, if the browser was theirs at that time."""

    email: str
    browser: int
    at: int


class Rename(NamedTuple):
    email: str
    new_email: str


class Delete(NamedTuple):
    email: str


class Forget(NamedTuple):
    email: str


Step = Track | Together | Create | Unmerge | Rename | Delete | Forget
#: A browser's number, ("own", person), ("hash", text), ("fresh", number), or ("gone", number) for one that is forgotten.
VisitorKey = Any


@dataclass
class Person:
    email: str | None
    external_id: str | None
    is_deleted: bool = False
    #: What nobody but anybody told.
    is_email_public: bool = False
    is_id_public: bool = False


@dataclass
class Model:
    """Persons by number, in the order in which they came; events as (name, visitor, when, whom it names)."""

    persons: list[Person] = field(default_factory=list)
    lives: dict[VisitorKey, Life] = field(default_factory=dict)
    events: list[tuple[str, VisitorKey, Moment, int | None]] = field(default_factory=list)
    arrived: int = 0
    fresh: int = 0
    gone: int = 0

    def copy(self) -> Model:
        persons = [replace(person) for person in self.persons]
        lives = {visitor: life.copy() for visitor, life in self.lives.items()}
        return Model(persons, lives, list(self.events), self.arrived, self.fresh, self.gone)

    def apply(self, step: Step) -> Any:
        """What it is answered with."""
        if isinstance(step, Track):
            return self._track(step)
        if isinstance(step, Together):
            return [self._track(each) for each in step.tracks]
        if isinstance(step, Create):
            return self._create(step)
        person = self._by_email(step.email)
        return "nobody" if person is None else self._of(person, step)

    def _of(self, person: int, step: Unmerge | Rename | Delete | Forget) -> str:
        if isinstance(step, Unmerge):
            return self._unmerge(person, step.browser, self._moment(step.at))
        if isinstance(step, Forget):
            return self._forget(person)
        if isinstance(step, Delete):
            self.persons[person].is_deleted = True
            return "done"
        if self._by_email(step.new_email) not in (None, person):
            return "taken"
        self.persons[person].email = step.new_email
        self.persons[person].is_email_public = self.persons[person].is_id_public = False
        return "done"

    def _track(self, sent: Track) -> bool:
        moment = self._moment(sent.at)
        person, is_learnt = self._named(sent, moment)
        visitor = self._visitor(sent, person)
        life = self.lives.setdefault(visitor, Life())
        linked = life.whose(moment)
        is_held = sent.is_public and linked != person and self._is_somebody(linked)
        is_new = sent.email is not None and (is_learnt or linked != person) and not is_held
        is_link = sent.email is not None or sent.name == "identify" or sent.browser is None
        if sent.unique is not None and person is None and life.is_sure(moment):
            self._offer(sent, linked, sent.unique, False)
        if person is not None and is_link and not is_held and not (sent.is_public and linked == person):
            life.mark(moment, person, sent.is_public)
        self.events.append((sent.name, visitor, moment, person))
        if is_new and sent.name != "identify":
            self.events.append(("identify", visitor, moment, person))
        return is_new or sent.name == "identify"

    def _is_somebody(self, person: int | None) -> bool:
        """Who is there, and has a name left to be called by."""
        if person is None or self.persons[person].is_deleted:
            return False
        return self.persons[person].email is not None or self.persons[person].external_id is not None

    def _moment(self, at: int | None) -> Moment:
        """What happened at the same time goes by arrival."""
        self.arrived += 1
        return (LATER if at is None else at), self.arrived

    def _visitor(self, sent: Track, person: int | None) -> VisitorKey:
        if sent.browser is not None:
            return sent.browser
        if person is not None:
            return "own", person
        if sent.hash_of is not None:
            return "hash", sent.hash_of
        self.fresh += 1
        return "fresh", self.fresh

    def _named(self, sent: Track, moment: Moment) -> tuple[int | None, bool]:
        """Whom an event names, and whether that person learns their Email by it."""
        before = len(self.persons)
        if sent.email is not None:
            person, is_learnt = self._named_by_email(sent, sent.email)
        elif sent.hash_of is not None:
            person, is_learnt = self._by_hash_of(sent.hash_of), False
        elif sent.external_id is not None:
            person, is_learnt = self._named_by_id(sent, sent.external_id, moment), False
        else:
            return None, False
        if sent.unique is not None:
            self._offer(sent, person, sent.unique, len(self.persons) > before)
        return person, is_learnt

    def _named_by_id(self, sent: Track, external_id: str, moment: Moment) -> int:
        holder = self._by_id(external_id)
        if holder is not None and (sent.is_public or not self.persons[holder].is_id_public):
            return holder
        owner = self._of_identified_browser(sent, moment)
        if owner is None and holder is not None and self.persons[holder].email is None:
            owner = holder
        if owner is None:
            owner = self._new(None, None)
        self._link(owner, external_id, sent.is_public)
        return owner

    def _of_identified_browser(self, sent: Track, moment: Moment) -> int | None:
        """Who has no ID that a credential told, and sends one from a browser that a credential told to be theirs."""
        life = self.lives.get(sent.browser, Life())
        linked = life.whose(moment)
        if sent.name != "identify" or sent.is_public or linked is None or self.persons[linked].is_deleted:
            return None
        has_id = self.persons[linked].external_id is not None and not self.persons[linked].is_id_public
        return linked if life.is_sure(moment) and not has_id else None

    def _is_taken(self, sent: Track, person: Person, holder: Person) -> bool:
        """Whether the address that only anybody has told of one goes to the other, whose ID a credential told."""
        is_sure = person.external_id is not None and not person.is_id_public
        is_holder_sure = holder.external_id is not None and not holder.is_id_public
        is_anybodys = holder.is_email_public and not is_holder_sure
        return not sent.is_public and is_sure and person.email is None and is_anybodys

    def _named_by_email(self, sent: Track, email: str) -> tuple[int, bool]:
        person, by_id, is_learnt = self._by_email(email), self._by_id(sent.external_id), False
        is_made = False
        if (
            person is not None
            and by_id is not None
            and self._is_taken(sent, self.persons[by_id], self.persons[person])
        ):
            self.persons[person].email, self.persons[person].is_email_public, person = None, False, None
        if person is None and by_id is not None and self.persons[by_id].email is None and not sent.is_public:
            person, is_learnt = by_id, True
            self.persons[by_id].email = email
        elif person is None:
            person, is_learnt, is_made = self._new(email, None), True, True
            self.persons[person].is_email_public = sent.is_public
        if self.persons[person].is_email_public and not sent.is_public:
            self.persons[person].email, self.persons[person].is_email_public = email, False
        if sent.external_id is not None:
            self._offer(sent, person, sent.external_id, is_made)
        return person, is_learnt

    def _offer(self, sent: Track, person: int | None, external_id: str, is_made: bool) -> None:
        """An ID for a person, who gets it where that takes nothing from anybody that may be taken."""
        if person is None or self.persons[person].is_deleted:
            return
        holder, own = self._by_id(external_id), self.persons[person]
        if sent.is_public:
            if is_made and holder is None and own.external_id is None:
                self._link(person, external_id, True)
            return
        is_free = holder is None or self.persons[holder].is_id_public
        if is_free and (own.external_id is None or own.is_id_public):
            self._link(person, external_id, False)

    def _link(self, person: int, external_id: str, is_public: bool) -> None:
        for each in self.persons:
            if each.external_id == external_id:
                each.external_id, each.is_id_public = None, False
        self.persons[person].external_id, self.persons[person].is_id_public = external_id, is_public

    def _create(self, wanted: Create) -> str:
        holder = self._by_id(wanted.external_id)
        if self._by_email(wanted.email) is not None:
            return "taken"
        if holder is not None and not self.persons[holder].is_id_public:
            return "taken"
        person = self._new(wanted.email, None)
        if wanted.external_id is not None:
            self._link(person, wanted.external_id, False)
        return "done"

    def _unmerge(self, person: int, browser: int, moment: Moment) -> str:
        life = self.lives.get(browser)
        if life is None or life.whose(moment) != person:
            return "never"
        life.lose(moment, is_logged=True)
        return "done"

    def _forget(self, person: int) -> str:
        """They, the visitors' pasts that were theirs, what named them, and the visitors of which nothing else is left."""
        self._take_hashed(person)
        self.persons[person].is_deleted = True
        theirs = [event for event in self.events if self._owner(event) == person]
        touched = {visitor for _, visitor, _, _ in theirs}
        self.events = [event for event in self.events if event not in theirs]
        for visitor, life in self.lives.items():
            while moment := next((begins for begins, whose in life.spans() if whose == person), None):
                life.lose(moment, is_logged=False)
                touched.add(visitor)
        for visitor in sorted(touched, key=str):
            self._forget_visitor(visitor)
        return "done"

    def _owner(self, event: tuple[str, VisitorKey, Moment, int | None]) -> int | None:
        _, visitor, moment, named = event
        return self.lives[visitor].whose(moment) if named is None else named

    def _take_hashed(self, person: int) -> None:
        """Nobody's visitors that were called by a hash of the address are theirs."""
        email = self.persons[person].email
        for form in (lambda held: held, str.lower, _as_gmail):
            life = self.lives.get(("hash", email and form(email)))
            moment = self._moment(None)
            if life is not None and life.whose(moment) is None:
                life.marks[moment] = person

    def _forget_visitor(self, visitor: VisitorKey) -> None:
        if self.lives[visitor].is_logged() or any(
            at == visitor and named is None for _, at, _, named in self.events
        ):
            return
        self.gone += 1
        gone = ("gone", self.gone)
        self.lives[gone] = self.lives.pop(visitor)
        self.events = [(n, gone if at == visitor else at, m, p) for n, at, m, p in self.events]

    def _new(self, email: str | None, external_id: str | None) -> int:
        self.persons.append(Person(email, external_id))
        return len(self.persons) - 1

    def _find(self, is_wanted: Callable[[Person], bool]) -> list[int]:
        return [n for n, person in enumerate(self.persons) if not person.is_deleted and is_wanted(person)]

    def _by_email(self, email: str | None) -> int | None:
        found = self._find(lambda p: email is not None and (p.email or "").lower() == email.lower())
        return found[0] if found else None

    def _by_id(self, external_id: str | None) -> int | None:
        found = self._find(lambda p: external_id is not None and p.external_id == external_id)
        return found[0] if found else None

    def _by_hash_of(self, text: str) -> int | None:
        """Who has this text as their address in the first form in which anybody has it, if only one has."""
        for is_public in (False, True):  # what credentials told decides first
            there = self._find(lambda p, by=is_public: p.email is not None and p.is_email_public == by)
            for form in (lambda held: held, str.lower, _as_gmail):
                found = [number for number in there if form(self.persons[number].email or "") == text]
                if found:
                    return found[0] if len(found) == 1 else None
        return None

    def state(self, label: Callable[[int, Person], Any] = lambda number, _: number) -> dict[str, Any]:
        """All there is, persons called by their `label`."""
        names = [label(number, person) for number, person in enumerate(self.persons)]

        def person(number: int | None) -> Any:
            return None if number is None else names[number]

        def visitor(key: VisitorKey) -> Any:
            if isinstance(key, tuple) and key[0] == "gone":
                return "gone"
            return ("own", names[key[1]]) if isinstance(key, tuple) and key[0] == "own" else key

        lives = [
            (visitor(key), [(person(whose), life.is_public(begins)) for begins, whose in life.spans()])
            for key, life in self.lives.items()
        ]
        events = [
            (each[0], visitor(each[1]), person(each[3]), person(self._owner(each))) for each in self.events
        ]
        persons = [
            (
                names[n],
                self.persons[n].external_id,
                self.persons[n].is_email_public,
                self.persons[n].is_id_public,
            )
            for n in self._find(lambda _: True)
        ]
        return {
            "persons": sorted(persons, key=str),
            "visitors": sorted(lives, key=str),
            "events": sorted(events, key=str),
        }


def _as_gmail(held: str) -> str:
    name, domain = held.lower().split("@")
    return f"{re.sub(r'[.]|[+].*', '', name)}@{domain}" if domain == "gmail.com" else held.lower()
