"""The rules of the design once more, as plainly as can be: whose is an event, and what is answered to it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tracker.domain.event import Event

#: When something happened, and the how-manieth to arrive it was.
Moment = tuple[int, int]
BEGIN: Moment = (-1, 0)
#: A time after all others: what brings no time happens when it is received.
LATER = 10**12


@dataclass
class Life:
    """Whose a visitor was, from all that is known of it: who was named when, and where somebody lost a time.

    Between two losses it is whose the last mark is; before the first one it is whose that one is.
    """

    marks: dict[Moment, Any] = field(default_factory=dict)
    walls: set[Moment] = field(default_factory=set)
    logged: set[Moment] = field(default_factory=set)
    public: set[Moment] = field(default_factory=set)

    def copy(self) -> Life:
        return Life(dict(self.marks), set(self.walls), set(self.logged), set(self.public))

    def spans(self) -> list[tuple[Moment, Any]]:
        """(when it begins, whose it is, None: nobody's)."""
        walls = [BEGIN, *sorted(self.walls)]
        ends: list[Moment | None] = [*walls[1:], None]
        return [each for wall, end in zip(walls, ends, strict=True) for each in self._between(wall, end)]

    def _between(self, wall: Moment, end: Moment | None) -> Iterator[tuple[Moment, Any]]:
        marks = [m for m in sorted(self.marks) if wall <= m and (end is None or m < end)]
        said = [(moment, self.marks[moment], moment in self.public) for moment in marks]
        yield wall, said[0][1] if said else None
        yield from (now[:2] for last, now in pairwise(said) if last[1:] != now[1:])

    def whose(self, moment: Moment) -> Any:
        return self._at(moment)[1]

    def _at(self, moment: Moment) -> tuple[Moment, Any]:
        return [each for each in self.spans() if each[0] <= moment][-1]

    def is_public(self, moment: Moment) -> bool:
        """Whether nobody but anybody says whose it is then."""
        marks = self._marks(moment)
        return bool(marks) and marks <= self.public

    def mark(self, moment: Moment, subscriber: Any, is_public: bool) -> None:
        """What anybody said first is sure when a credential says it later, and nothing when it says it of before."""
        if self.whose(moment) == subscriber:
            for each in self._marks(moment) & self.public:
                self.public.discard(each)
                if each > moment:
                    del self.marks[each]
        self.marks[moment] = subscriber
        self.public |= {moment} if is_public else set()

    def _marks(self, moment: Moment) -> set[Moment]:
        begins, _ = self._at(moment)
        ends = self._end(begins)
        return {m for m in self.marks if begins <= m and (ends is None or m < ends)}

    def is_sure(self, moment: Moment) -> bool:
        """Whether a credential says that it is whose it was then."""
        last, whose = self.spans()[-1]
        return whose == self.whose(moment) and not self.is_public(last)

    def _end(self, begins: Moment) -> Moment | None:
        return next((begin for begin, _ in self.spans() if begin > begins), None)

    def lose(self, moment: Moment, is_logged: bool) -> None:
        """Whoever has it at a moment loses it as long as they have it. With `is_logged` it is kept that somebody had it."""
        begins, _ = self._at(moment)
        ends = self._end(begins)
        self.marks = {m: w for m, w in self.marks.items() if m < begins or (ends is not None and m >= ends)}
        self.walls |= {wall for wall in (begins, ends) if wall not in (None, BEGIN)}
        self.logged = self.logged | {begins} if is_logged else self.logged - {begins}

    def is_logged(self) -> bool:
        """Whether it is somebody's, or was until that was taken back."""
        return any(whose is not None or begins in self.logged for begins, whose in self.spans())


@dataclass(frozen=True)
class Sent:
    """What one call says about who it is."""

    name: str
    email: str | None
    external_id: str | None
    browser: int | None
    is_public: bool

    def event(self, list_id: int) -> Event:
        email = self.email and (self.email, self.email)
        uuid = None if self.browser is None else UUID(int=self.browser).bytes
        event = Event(
            list_id, self.name, received_at=1, email=email or None, external_id=self.external_id, uuid=uuid
        )
        event.is_public = self.is_public
        return event


@dataclass(eq=False)
class Subscriber:
    """`is_sure`: a credential told their ID; `is_email_sure`: their address."""

    email: str | None = None
    external_id: str | None = None
    is_sure: bool = False
    is_email_sure: bool = True


@dataclass
class Rules:
    """The rules of the design once more, as plainly as can be: one event after the other, nothing optimised."""

    subscribers: list[Subscriber] = field(default_factory=list)
    linked: dict[object, Subscriber] = field(default_factory=dict)
    #: Visitors that nobody but anybody linked.
    unsure: set[object] = field(default_factory=set)

    def is_identify_sent(self, sent: Sent) -> bool:
        by_email = self._find(email=sent.email)
        subscriber, is_learnt = self._subscriber(sent, by_email)
        visitor: object = sent.browser if sent.browser is not None else subscriber
        linked = self.linked.get(visitor)
        is_held = sent.is_public and linked is not None and bool(linked.email or linked.external_id)
        is_new = sent.email is not None and (is_learnt or linked is not subscriber)
        if linked is not subscriber and is_held:
            return sent.name == "identify"
        if subscriber is not None and (
            sent.email is not None or sent.name == "identify" or sent.browser is None
        ):
            if not sent.is_public:
                self.unsure.discard(visitor)
            elif linked is not subscriber:
                self.unsure.add(visitor)
            self.linked[visitor] = subscriber
        return is_new or sent.name == "identify"

    def visitor(self, sent: Sent) -> object:
        """Equal for calls that get the same uuid; None for a fresh one."""
        return sent.browser or self._find(email=sent.email) or self._find(external_id=sent.external_id)

    def _subscriber(self, sent: Sent, by_email: Subscriber | None) -> tuple[Subscriber | None, bool]:
        by_id = self._find(external_id=sent.external_id)
        if sent.email is None:
            return (None if sent.external_id is None else self._subscriber_with_id(sent, by_id)), False
        if sent.is_public:
            if by_email is not None:
                return by_email, False
            made = Subscriber(sent.email, None if by_id else sent.external_id, is_email_sure=False)
            return self._new(made), True
        if (
            by_email
            and by_id
            and by_id.is_sure
            and not (by_id.email or by_email.is_email_sure or by_email.is_sure)
        ):
            by_email.email, by_email.is_email_sure, by_email = None, True, None
        is_learnt = by_email is None
        if by_email is None:
            by_email = by_id if by_id is not None and by_id.email is None else self._new(Subscriber())
            by_email.email = sent.email
        by_email.is_email_sure = True
        if (
            sent.external_id
            and not by_email.is_sure
            and not (by_id and by_id.is_sure and by_id is not by_email)
        ):
            self._link(by_email, sent)
        return by_email, is_learnt

    def _subscriber_with_id(self, sent: Sent, by_id: Subscriber | None) -> Subscriber:
        if by_id is not None and (sent.is_public or by_id.is_sure):
            return by_id
        known = self.linked.get(sent.browser) if sent.name == "identify" and not sent.is_public else None
        if known is None or known.is_sure or sent.browser in self.unsure:
            known = by_id if by_id is not None and by_id.email is None else self._new(Subscriber())
        self._link(known, sent)
        return known

    def _link(self, subscriber: Subscriber, sent: Sent) -> None:
        for each in self.subscribers:
            if each.external_id == sent.external_id:
                each.external_id = None
        subscriber.external_id, subscriber.is_sure = sent.external_id, not sent.is_public

    def _new(self, subscriber: Subscriber) -> Subscriber:
        self.subscribers.append(subscriber)
        return subscriber

    def _find(self, **wanted: str | None) -> Subscriber | None:
        [(name, value)] = wanted.items()
        return next((p for p in self.subscribers if value is not None and getattr(p, name) == value), None)


#: Few names, so that they meet often.
CALLS = st.lists(
    st.builds(
        Sent,
        st.sampled_from(["seen", "seen", "identify"]),
        st.sampled_from([None, "a@example.com", "b@example.com"]),
        st.sampled_from([None, "x", "y"]),
        st.sampled_from([None, 1, 2]),
        st.booleans(),
    ),
    min_size=2,
    max_size=16,
)
