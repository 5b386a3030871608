"""What may events, new subscribers, unmerges and forgetting make of persons and visitors? The rules of the design as plainly as can be.

One thing after the other, nothing optimised, nothing shared with the code that is tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Track(NamedTuple):
    """An event. `hash_of`: its ID is the hash of this text."""

    name: str
    email: str | None = None
    external_id: str | None = None
    hash_of: str | None = None
    browser: int | None = None


class Create(NamedTuple):
    email: str | None = None
    external_id: str | None = None


class Unmerge(NamedTuple):
    """Of whoever has the email."""

    email: str
    browser: int
    segment: int


class Rename(NamedTuple):
    email: str
    new_email: str


class Delete(NamedTuple):
    email: str


class Forget(NamedTuple):
    email: str


Step = Track | Create | Unmerge | Rename | Delete | Forget
#: A browser's number, ("own", person), ("hash", text), ("fresh", number), or ("gone", number) for one that is forgotten.
VisitorKey = Any
Segment = tuple[VisitorKey, int]


@dataclass
class Person:
    email: str | None
    external_id: str | None
    is_deleted: bool = False


@dataclass
class Model:
    """Persons by number, in the order in which they came."""

    persons: list[Person] = field(default_factory=list)
    visitors: dict[VisitorKey, tuple[int, int | None]] = field(default_factory=dict)
    bindings: dict[Segment, int | None] = field(default_factory=dict)
    taken_back: set[tuple[Segment, int]] = field(default_factory=set)
    events: list[tuple[str, VisitorKey, int, int | None]] = field(default_factory=list)
    fresh: int = 0
    gone: int = 0

    def copy(self) -> Model:
        persons = [Person(p.email, p.external_id, p.is_deleted) for p in self.persons]
        return Model(
            persons,
            dict(self.visitors),
            dict(self.bindings),
            set(self.taken_back),
            list(self.events),
            self.fresh,
            self.gone,
        )

    def apply(self, step: Step) -> Any:
        """What it is answered with."""
        if isinstance(step, Track):
            return self._track(step)
        if isinstance(step, Create):
            return self._create(step)
        person = self._by_email(step.email)
        if person is None:
            return "nobody"
        if isinstance(step, Unmerge):
            return self._unmerge(person, (step.browser, step.segment))
        if isinstance(step, Forget):
            return self._forget(person)
        if isinstance(step, Delete):
            self.persons[person].is_deleted = True
            return "done"
        if self._by_email(step.new_email) not in (None, person):
            return "taken"
        self.persons[person].email = step.new_email
        return "done"

    def _track(self, sent: Track) -> bool:
        person, is_learnt = self._named(sent)
        visitor = self._visitor(sent, person)
        segment, bound = self.visitors.setdefault(visitor, (0, None))
        is_new = sent.email is not None and (is_learnt or bound != person)
        is_binding = sent.email is not None or sent.name == "identify" or sent.browser is None
        if person is not None and is_binding and bound != person:
            segment += bound is not None
            self.visitors[visitor] = segment, person
            self.bindings[visitor, segment] = person
        self.events.append((sent.name, visitor, segment, person))
        if is_new and sent.name != "identify":
            self.events.append(("identify", visitor, segment, person))
        return is_new or sent.name == "identify"

    def _visitor(self, sent: Track, person: int | None) -> VisitorKey:
        if sent.browser is not None:
            return sent.browser
        if person is not None:
            return "own", person
        if sent.hash_of is not None:
            return "hash", sent.hash_of
        self.fresh += 1
        return "fresh", self.fresh

    def _named(self, sent: Track) -> tuple[int | None, bool]:
        """Whom an event names, and whether that person learns their Email by it."""
        if sent.email is None:
            if sent.hash_of is not None:
                return self._by_hash_of(sent.hash_of), False
            by_id = self._by_id(sent.external_id)
            return (self._new(None, sent.external_id) if sent.external_id and by_id is None else by_id), False
        by_email, by_id = self._by_email(sent.email), self._by_id(sent.external_id)
        if by_email is not None:
            if by_id is None:
                self.persons[by_email].external_id = self.persons[by_email].external_id or sent.external_id
            return by_email, False
        if by_id is not None and self.persons[by_id].email is None:
            self.persons[by_id].email = sent.email
            return by_id, True
        return self._new(sent.email, None if by_id is not None else sent.external_id), True

    def _create(self, wanted: Create) -> str:
        if self._by_email(wanted.email) is not None or self._by_id(wanted.external_id) is not None:
            return "taken"
        self._new(wanted.email, wanted.external_id)
        return "done"

    def _unmerge(self, person: int, segment: Segment) -> str:
        if self.bindings.get(segment) == person:
            self.bindings[segment] = None
            self.taken_back.add((segment, person))
            if self.visitors[segment[0]][0] == segment[1]:
                self.visitors[segment[0]] = segment[1], None
        return "done" if (segment, person) in self.taken_back else "never"

    def _forget(self, person: int) -> str:
        """They, the visitors' pasts that were theirs, what named them, and the visitors of which nothing else is left."""
        self._take_hashed(person)
        self.persons[person].is_deleted = True
        segments = {segment for segment, bound in self.bindings.items() if bound == person}
        self.bindings = {s: bound for s, bound in self.bindings.items() if s not in segments}
        for visitor, (segment, bound) in self.visitors.items():
            if bound == person:
                self.visitors[visitor] = segment + 1, None
        self.taken_back = {(segment, whose) for segment, whose in self.taken_back if whose != person}
        touched = {visitor for visitor, _ in segments}
        kept = []
        for event in self.events:
            _, visitor, segment, named = event
            if named == person or (named is None and (visitor, segment) in segments):
                touched.add(visitor)
            else:
                kept.append(event)
        self.events = kept
        for visitor in sorted(touched, key=str):
            self._forget_visitor(visitor)
        return "done"

    def _take_hashed(self, person: int) -> None:
        """Nobody's visitors that were called by a hash of the address are theirs."""
        email = self.persons[person].email
        for form in (lambda held: held, str.lower, _as_gmail):
            visitor = ("hash", email and form(email))
            segment, bound = self.visitors.get(visitor, (0, person))
            if bound is None:
                self.visitors[visitor] = segment, person
                self.bindings[visitor, segment] = person

    def _forget_visitor(self, visitor: VisitorKey) -> None:
        is_bound = any(bound == visitor for bound, _ in self.bindings)
        if is_bound or any(at == visitor and named is None for _, at, _, named in self.events):
            return
        self.gone += 1
        gone = ("gone", self.gone)
        self.visitors[gone] = self.visitors.pop(visitor)
        self.events = [(n, gone if at == visitor else at, s, p) for n, at, s, p in self.events]

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
        for form in (lambda held: held, str.lower, _as_gmail):
            found = self._find(lambda p, form=form: p.email is not None and form(p.email) == text)
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

        visitors = [(visitor(key), segment, person(bound)) for key, (segment, bound) in self.visitors.items()]
        return {
            "persons": sorted((names[n] for n in self._find(lambda _: True)), key=str),
            "visitors": sorted(visitors, key=str),
            "bindings": {(visitor(key), s): person(p) for (key, s), p in self.bindings.items()},
            "events": sorted(((n, visitor(k), s, person(p)) for n, k, s, p in self.events), key=str),
        }


def _as_gmail(held: str) -> str:
    name, domain = held.lower().split("@")
    return f"{re.sub(r'[.]|[+].*', '', name)}@{domain}" if domain == "gmail.com" else held.lower()
