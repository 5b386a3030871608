"""Event time: whose was a visitor when an event happened, however late the event or what tells of it arrives?

A visitor's life is cut into spans. Each is somebody's from the first event in it that named them, or open. An event is
in the span in which it happened; what happened at the same millisecond goes by row id, that is by arrival.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tracker.domain.provenance import By

#: (UTC milliseconds, row id): when something happened.
Position = tuple[int, int]

#: Before every event, and after all of them.
BEGIN = (-(2**63), 0)

END = (2**63 - 1, 2**63 - 1)
_LAST = (2**63 - 1, 2**63 - 2)


class Evidence(NamedTuple):
    """Why an event linked its visitor to a person (`who.Reason`), when it was received, and who told it."""

    reason: int
    received_at: int
    by: int = By.CREDENTIAL


class Window(NamedTuple):
    """A time in which events that are stored under a person, or under nobody, may be in another span by now."""

    subscriber_id: int
    begins: Position
    ends: Position


class Link(NamedTuple):
    """An event that named somebody as whose its visitor is."""

    position: Position
    subscriber_id: int
    evidence: Evidence

    def is_in(self, window: Window) -> bool:
        """Whether it says that the person of a window comes back in it."""
        return self.subscriber_id == window.subscriber_id and window.begins <= self.position < window.ends


class StoredSpan(NamedTuple):
    """What the database has of a span. `begins` is None where it has no row, or none that was read."""

    begins: Position | None
    subscriber_id: int | None
    named: Position


@dataclass(slots=True)
class Span:
    """From `begins` until before `ends` the visitor is whose `named` is the first event that named them, or open.

    `told` is what named them, if that came with this group, and `is_taken` says that they took an open one. `known` is None
    of a span that is new. Of one that `is_part` the beginning was not read: `begins` is later. One that `has_wall` is never
    joined with what comes before it. `is_confirmed`: a credential told in this group what only anybody had told.
    """

    number: int
    begins: Position
    ends: Position = END
    subscriber_id: int | None = None
    named: Position = END
    evidence: Evidence | None = None
    by: int = By.CREDENTIAL
    is_taken: bool = False
    stored: StoredSpan | None = None
    is_part: bool = False
    has_wall: bool = False
    is_confirmed: bool = False

    def confirm(self, link: Link) -> None:
        """It is the person's for one more reason: the one of the event that happened first is told, and the best of who told."""
        self.by, had_by = min(self.by, link.evidence.by), self.by
        if link.position < self.named:
            self.named, self.evidence = link.position, link.evidence
        self.is_confirmed = self.is_confirmed or self.by != had_by


class VisitorSpans:
    """The spans of one visitor, as far as somebody asked for them; `load(position)` reads one that is not here.

    `version` counts the changes, and numbers the next span. `windows` are where events are to be looked at again; of those
    that are `unchecked` it is not known yet whether their persons come back in them.
    """

    def __init__(self, version: int, loaded: list[Span], load: Callable[[Position], Span]) -> None:
        self.version, self.loaded, self._load = version, loaded, load
        self.windows: list[Window] = []
        self.unchecked: list[Window] = []

    def at(self, position: Position) -> Span:
        index = bisect_right(self.loaded, position, key=lambda span: span.begins) - 1
        if index >= 0 and position < self.loaded[index].ends:
            return self.loaded[index]
        return self._read(position, index + 1)

    def _read(self, position: Position, index: int) -> Span:
        found = self._load(position)
        for span in self.loaded:
            if span.number == found.number:
                span.begins, span.stored, span.is_part = found.begins, found.stored, False
                span.has_wall = found.has_wall
                return span
        self.loaded.insert(index, found)
        return found

    def last(self) -> Span:
        """The span in which the visitor's next event is, as far as is known today."""
        return self.at(_LAST)

    def link(self, link: Link) -> bool:
        """Have the visitor be somebody's from an event on that named them; whether that changes anything."""
        position, subscriber_id, evidence = link
        own = self.at(position)
        if own.subscriber_id == subscriber_id and position >= own.named and own.by <= evidence.by:
            return False
        if own.subscriber_id is None:
            own.subscriber_id, own.named, own.evidence = subscriber_id, position, evidence
            own.by, own.is_taken = evidence.by, True
        elif own.subscriber_id == subscriber_id:
            own.confirm(link)
        elif position < own.named:
            self._take_past(
                own, Span(self.version, own.begins, own.named, subscriber_id, position, evidence, evidence.by)
            )
        else:
            self._take_rest(
                own, Span(self.version, position, own.ends, subscriber_id, position, evidence, evidence.by)
            )
        self.version += 1
        return True

    def _take_past(self, own: Span, new: Span) -> None:
        """Who was named before the first event that named its owner has what a span had from before that."""
        self._recheck(own, new.begins, new.ends)
        self.loaded.insert(self.loaded.index(own), new)
        own.begins, own.has_wall = own.named, False

    def _take_rest(self, own: Span, new: Span) -> None:
        """Until its end, as far as is known: who comes back in it is found by the events that named them."""
        self._recheck(own, new.begins, new.ends)
        after = self._after(own)
        is_next = after is not None and after.subscriber_id == new.subscriber_id and new.by == after.by
        if after is not None and is_next and after.named == after.begins and not after.has_wall:
            after.begins = new.begins
            after.confirm(Link(new.named, after.subscriber_id or 0, new.evidence or Evidence(0, 0)))
        else:
            self.loaded.insert(self.loaded.index(own) + 1, new)
        own.ends = new.begins

    def _recheck(self, own: Span, begins: Position, ends: Position) -> None:
        if own.subscriber_id is not None:
            self.windows.append(Window(own.subscriber_id, begins, ends))
            self.unchecked.append(self.windows[-1])

    def _after(self, own: Span) -> Span | None:
        if own.ends == END:
            return None
        after = self.at(own.ends)
        return self._read(own.ends, 0) if after.is_part else after
