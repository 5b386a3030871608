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
class Subscriber:
    email: str | None
    external_id: str | None
    is_deleted: bool = False
    #: What nobody but anybody told.
    is_email_public: bool = False
    is_id_public: bool = False


def _is_anybodys(holder: Subscriber) -> bool:
    """Whether only anybody has told the address of one, and no credential an ID."""
    return holder.is_email_public and (holder.external_id is None or holder.is_id_public)


@dataclass
class Model:
    """Persons by number, in the order in which they came; events as (name, visitor, when, whom it names)."""

    subscribers: list[Subscriber] = field(default_factory=list)
    lives: dict[VisitorKey, Life] = field(default_factory=dict)
    events: list[tuple[str, VisitorKey, Moment, int | None]] = field(default_factory=list)
    arrived: int = 0
    fresh: int = 0
    gone: int = 0

    def copy(self) -> Model:
        subscribers = [replace(subscriber) for subscriber in self.subscribers]
        lives = {visitor: life.copy() for visitor, life in self.lives.items()}
        return Model(subscribers, lives, list(self.events), self.arrived, self.fresh, self.gone)

    def apply(self, step: Step) -> Any:
        """What it is answered with."""
        if isinstance(step, Track):
            return self._track(step)
        if isinstance(step, Together):
            return [self._track(each) for each in step.tracks]
        if isinstance(step, Create):
            return self._create(step)
        subscriber = self._by_email(step.email)
        return "nobody" if subscriber is None else self._of(subscriber, step)

    def _of(self, subscriber: int, step: Unmerge | Rename | Delete | Forget) -> str:
        if isinstance(step, Unmerge):
            return self._unmerge(subscriber, step.browser, self._moment(step.at))
        if isinstance(step, Forget):
            return self._forget(subscriber)
        if isinstance(step, Delete):
            self.subscribers[subscriber].is_deleted = True
            return "done"
        if self._by_email(step.new_email) not in (None, subscriber):
            return "taken"
        self.subscribers[subscriber].email = step.new_email
        self.subscribers[subscriber].is_email_public = self.subscribers[subscriber].is_id_public = False
        return "done"

    def _track(self, sent: Track) -> bool:
        moment = self._moment(sent.at)
        subscriber, is_learnt = self._named(sent, moment)
        visitor = self._visitor(sent, subscriber)
        life = self.lives.setdefault(visitor, Life())
        linked = life.whose(moment)
        is_held = sent.is_public and linked != subscriber and self._is_somebody(linked)
        is_new = sent.email is not None and (is_learnt or linked != subscriber) and not is_held
        is_link = sent.email is not None or sent.name == "identify" or sent.browser is None
        if sent.unique is not None and subscriber is None and life.is_sure(moment):
            self._offer(sent, linked, sent.unique, False)
        if (
            subscriber is not None
            and is_link
            and not is_held
            and not (sent.is_public and linked == subscriber)
        ):
            life.mark(moment, subscriber, sent.is_public)
        self.events.append((sent.name, visitor, moment, subscriber))
        if is_new and sent.name != "identify":
            self.events.append(("identify", visitor, moment, subscriber))
        return is_new or sent.name == "identify"

    def _is_somebody(self, subscriber: int | None) -> bool:
        """Who is there, and has a name left to be called by."""
        if subscriber is None or self.subscribers[subscriber].is_deleted:
            return False
        return (
            self.subscribers[subscriber].email is not None
            or self.subscribers[subscriber].external_id is not None
        )

    def _moment(self, at: int | None) -> Moment:
        """What happened at the same time goes by arrival."""
        self.arrived += 1
        return (LATER if at is None else at), self.arrived

    def _visitor(self, sent: Track, subscriber: int | None) -> VisitorKey:
        if sent.browser is not None:
            return sent.browser
        if subscriber is not None:
            return "own", subscriber
        if sent.hash_of is not None:
            return "hash", sent.hash_of
        self.fresh += 1
        return "fresh", self.fresh

    def _named(self, sent: Track, moment: Moment) -> tuple[int | None, bool]:
        """Whom an event names, and whether that person learns their Email by it."""
        before = len(self.subscribers)
        if sent.email is not None:
            subscriber, is_learnt = self._named_by_email(sent, sent.email)
        elif sent.hash_of is not None:
            subscriber, is_learnt = self._by_hash_of(sent.hash_of), False
        elif sent.external_id is not None:
            subscriber, is_learnt = self._named_by_id(sent, sent.external_id, moment), False
        else:
            return None, False
        if sent.unique is not None:
            self._offer(sent, subscriber, sent.unique, len(self.subscribers) > before)
        return subscriber, is_learnt

    def _named_by_id(self, sent: Track, external_id: str, moment: Moment) -> int:
        holder = self._by_id(external_id)
        if holder is not None and (sent.is_public or not self.subscribers[holder].is_id_public):
            return holder
        owner = self._of_identified_browser(sent, moment)
        if owner is None and holder is not None and self.subscribers[holder].email is None:
            owner = holder
        if owner is None:
            owner = self._new(None, None)
        self._link(owner, external_id, sent.is_public)
        return owner

    def _of_identified_browser(self, sent: Track, moment: Moment) -> int | None:
        """Who has no ID that a credential told, and sends one from a browser that a credential told to be theirs."""
        life = self.lives.get(sent.browser, Life())
        linked = life.whose(moment)
        if sent.name != "identify" or sent.is_public or linked is None or self.subscribers[linked].is_deleted:
            return None
        has_id = (
            self.subscribers[linked].external_id is not None and not self.subscribers[linked].is_id_public
        )
        return linked if life.is_sure(moment) and not has_id else None

    def _is_taken(self, sent: Track, subscriber: Subscriber, holder: Subscriber) -> bool:
        """Whether the address that only anybody has told of one goes to the other, whose ID a credential told."""
        is_sure = subscriber.external_id is not None and not subscriber.is_id_public
        return not sent.is_public and is_sure and subscriber.email is None and _is_anybodys(holder)

    def _named_by_email(self, sent: Track, email: str) -> tuple[int, bool]:
        subscriber, by_id, is_learnt = self._by_email(email), self._by_id(sent.external_id), False
        is_made = False
        if (
            subscriber is not None
            and by_id is not None
            and self._is_taken(sent, self.subscribers[by_id], self.subscribers[subscriber])
        ):
            self.subscribers[subscriber].email, self.subscribers[subscriber].is_email_public, subscriber = (
                None,
                False,
                None,
            )
        if (
            subscriber is None
            and by_id is not None
            and self.subscribers[by_id].email is None
            and not sent.is_public
        ):
            subscriber, is_learnt = by_id, True
            self.subscribers[by_id].email = email
        elif subscriber is None:
            subscriber, is_learnt, is_made = self._new(email, None), True, True
            self.subscribers[subscriber].is_email_public = sent.is_public
        if self.subscribers[subscriber].is_email_public and not sent.is_public:
            self.subscribers[subscriber].email, self.subscribers[subscriber].is_email_public = email, False
        if sent.external_id is not None:
            self._offer(sent, subscriber, sent.external_id, is_made)
        return subscriber, is_learnt

    def _offer(self, sent: Track, subscriber: int | None, external_id: str, is_made: bool) -> None:
        """An ID for a person, who gets it where that takes nothing from anybody that may be taken."""
        if subscriber is None or self.subscribers[subscriber].is_deleted:
            return
        holder, own = self._by_id(external_id), self.subscribers[subscriber]
        if sent.is_public:
            if is_made and holder is None and own.external_id is None:
                self._link(subscriber, external_id, True)
            return
        is_free = holder is None or self.subscribers[holder].is_id_public
        if is_free and (own.external_id is None or own.is_id_public):
            self._link(subscriber, external_id, False)

    def _link(self, subscriber: int, external_id: str, is_public: bool) -> None:
        for each in self.subscribers:
            if each.external_id == external_id:
                each.external_id, each.is_id_public = None, False
        self.subscribers[subscriber].external_id, self.subscribers[subscriber].is_id_public = (
            external_id,
            is_public,
        )

    def _create(self, wanted: Create) -> str:
        """Make a subscriber, or confirm the one whose address only anybody has told."""
        holder, known = self._by_id(wanted.external_id), self._by_email(wanted.email)
        if known is not None and not _is_anybodys(self.subscribers[known]):
            return "taken"
        if holder is not None and not self.subscribers[holder].is_id_public:
            return "taken"
        subscriber = self._new(wanted.email, None) if known is None else known
        self.subscribers[subscriber].email, self.subscribers[subscriber].is_email_public = wanted.email, False
        if wanted.external_id is not None:
            self._link(subscriber, wanted.external_id, False)
        return "done"

    def _unmerge(self, subscriber: int, browser: int, moment: Moment) -> str:
        life = self.lives.get(browser)
        if life is None or life.whose(moment) != subscriber:
            return "never"
        life.lose(moment, is_logged=True)
        return "done"

    def _forget(self, subscriber: int) -> str:
        """They, the visitors' pasts that were theirs, what named them, and the visitors of which nothing else is left."""
        self._take_hashed(subscriber)
        self.subscribers[subscriber].is_deleted = True
        theirs = [event for event in self.events if self._owner(event) == subscriber]
        touched = {visitor for _, visitor, _, _ in theirs}
        self.events = [event for event in self.events if event not in theirs]
        for visitor, life in self.lives.items():
            while moment := next((begins for begins, whose in life.spans() if whose == subscriber), None):
                life.lose(moment, is_logged=False)
                touched.add(visitor)
        for visitor in sorted(touched, key=str):
            self._forget_visitor(visitor)
        return "done"

    def _owner(self, event: tuple[str, VisitorKey, Moment, int | None]) -> int | None:
        _, visitor, moment, named = event
        return self.lives[visitor].whose(moment) if named is None else named

    def _take_hashed(self, subscriber: int) -> None:
        """Nobody's visitors that were called by a hash of the address are theirs."""
        email = self.subscribers[subscriber].email
        for form in (lambda held: held, str.lower, _as_gmail):
            life = self.lives.get(("hash", email and form(email)))
            moment = self._moment(None)
            if life is not None and life.whose(moment) is None:
                life.marks[moment] = subscriber

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
        self.subscribers.append(Subscriber(email, external_id))
        return len(self.subscribers) - 1

    def _find(self, is_wanted: Callable[[Subscriber], bool]) -> list[int]:
        return [
            n
            for n, subscriber in enumerate(self.subscribers)
            if not subscriber.is_deleted and is_wanted(subscriber)
        ]

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
                found = [number for number in there if form(self.subscribers[number].email or "") == text]
                if found:
                    return found[0] if len(found) == 1 else None
        return None

    def state(self, label: Callable[[int, Subscriber], Any] = lambda number, _: number) -> dict[str, Any]:
        """All there is, persons called by their `label`."""
        names = [label(number, subscriber) for number, subscriber in enumerate(self.subscribers)]

        def subscriber(number: int | None) -> Any:
            return None if number is None else names[number]

        def visitor(key: VisitorKey) -> Any:
            if isinstance(key, tuple) and key[0] == "gone":
                return "gone"
            return ("own", names[key[1]]) if isinstance(key, tuple) and key[0] == "own" else key

        lives = [
            (visitor(key), [(subscriber(whose), life.is_public(begins)) for begins, whose in life.spans()])
            for key, life in self.lives.items()
        ]
        events = [
            (each[0], visitor(each[1]), subscriber(each[3]), subscriber(self._owner(each)))
            for each in self.events
        ]
        subscribers = [
            (
                names[n],
                self.subscribers[n].external_id,
                self.subscribers[n].is_email_public,
                self.subscribers[n].is_id_public,
            )
            for n in self._find(lambda _: True)
        ]
        return {
            "subscribers": sorted(subscribers, key=str),
            "visitors": sorted(lives, key=str),
            "events": sorted(events, key=str),
        }


def _as_gmail(held: str) -> str:
    name, domain = held.lower().split("@")
    return f"{re.sub(r'[.]|[+].*', '', name)}@{domain}" if domain == "gmail.com" else held.lower()
