"""The rules of the design once more, as plainly as can be: whose is an event, and what is answered to it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import strategies as st

from tracker.ingest.event import Event


@dataclass(frozen=True)
class Sent:
    """What one call says about who it is."""

    name: str
    email: str | None
    external_id: str | None
    browser: int | None

    def event(self, list_id: int) -> Event:
        email = self.email and (self.email, self.email)
        uuid = None if self.browser is None else UUID(int=self.browser).bytes
        return Event(
            list_id, self.name, received_at=1, email=email or None, external_id=self.external_id, uuid=uuid
        )


@dataclass(eq=False)
class Person:
    email: str | None
    external_id: str | None


@dataclass
class Rules:
    """The rules of the design once more, as plainly as can be: one event after the other, nothing optimised."""

    persons: list[Person] = field(default_factory=list)
    bound: dict[object, Person] = field(default_factory=dict)

    def is_identify_sent(self, sent: Sent) -> bool:
        by_email = self._find(email=sent.email)
        person, is_learnt = self._person(sent, by_email)
        visitor: object = sent.browser if sent.browser is not None else person
        is_new = sent.email is not None and (is_learnt or self.bound.get(visitor) is not person)
        if person is not None and (sent.email is not None or sent.name == "identify" or sent.browser is None):
            self.bound[visitor] = person
        return is_new or sent.name == "identify"

    def visitor(self, sent: Sent) -> object:
        """Equal for calls that get the same uuid; None for a fresh one."""
        return sent.browser or self._find(email=sent.email) or self._find(external_id=sent.external_id)

    def _person(self, sent: Sent, by_email: Person | None) -> tuple[Person | None, bool]:
        by_id = self._find(external_id=sent.external_id)
        if sent.email is None:
            return by_id or (self._new(None, sent.external_id) if sent.external_id else None), False
        if by_email is not None:
            if by_id is None:
                by_email.external_id = by_email.external_id or sent.external_id
            return by_email, False
        if by_id is not None and by_id.email is None:
            by_id.email = sent.email
            return by_id, True
        return self._new(sent.email, None if by_id else sent.external_id), True

    def _new(self, email: str | None, external_id: str | None) -> Person:
        self.persons.append(Person(email, external_id))
        return self.persons[-1]

    def _find(self, **wanted: str | None) -> Person | None:
        [(name, value)] = wanted.items()
        return next((p for p in self.persons if value is not None and getattr(p, name) == value), None)


#: Few names, so that they meet often.
CALLS = st.lists(
    st.builds(
        Sent,
        st.sampled_from(["seen", "seen", "identify"]),
        st.sampled_from([None, "a@example.com", "b@example.com"]),
        st.sampled_from([None, "x", "y"]),
        st.sampled_from([None, 1, 2]),
    ),
    min_size=2,
    max_size=16,
)
