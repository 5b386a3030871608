"""Spans: to which subscriber a visitor is linked at each event time, however late the linking event arrives.

The stretch of a visitor's events is cut into spans. A span is linked to a subscriber from the first event in it that named
them, or open. An event is in the span in which it happened; at the same millisecond the row id decides, that is the order
of arrival.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tracker.domain.provenance import By

#: (event time in UTC milliseconds, row id): the position of an event.
Position = tuple[int, int]

#: Positions before every event, and after all of them.
BEGIN = (-(2**63), 0)

END = (2**63 - 1, 2**63 - 1)
_LAST = (2**63 - 1, 2**63 - 2)


class Evidence(NamedTuple):
    """The evidence of a link: why the event made it (`identity.Reason`), when it was received, and its provenance."""

    reason: int
    received_at: int
    by: int = By.CREDENTIAL


class RecheckWindow(NamedTuple):
    """A stretch of event time in which stored events of a subscriber may belong to another span by now."""

    subscriber_id: int
    begins: Position
    ends: Position


class LinkEvent(NamedTuple):
    """The statement of an event that its visitor is a subscriber's."""

    position: Position
    subscriber_id: int
    evidence: Evidence

    def is_in(self, window: RecheckWindow) -> bool:
        """Return whether it links the visitor to the window's subscriber again, inside the window."""
        return self.subscriber_id == window.subscriber_id and window.begins <= self.position < window.ends


class StoredSpan(NamedTuple):
    """A span in the database. `begins` is None if the span has no row, or its row was not read."""

    begins: Position | None
    subscriber_id: int | None
    named: Position


@dataclass(slots=True)
class Span:
    """A span from `begins` until before `ends`, linked to `subscriber_id` or open.

    `named` is the position of the first event that named the subscriber, and `evidence` what that event says, if it is of
    this group. `is_taken` says that the subscriber took an open span. `stored` is None for a new span. `is_part` says that
    the beginning was not read, and `begins` is later than it. `has_wall` says that the span is never joined with the one
    before it. `is_confirmed` says that a credential in this group confirmed a link with provenance PUBLIC.
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

    def confirm(self, link: LinkEvent) -> None:
        """Add a link to the same subscriber: the evidence of the earliest event and the best provenance stay."""
        self.by, had_by = min(self.by, link.evidence.by), self.by
        if link.position < self.named:
            self.named, self.evidence = link.position, link.evidence
        self.is_confirmed = self.is_confirmed or self.by != had_by


class VisitorSpans:
    """The spans of one visitor that are `loaded`; `load(position)` reads a span that is not.

    `version` counts the changes, and numbers the next span. `windows` are the windows whose stored events must be rechecked.
    In those that are `unchecked`, other events may still link the visitor to the window's subscriber again.
    """

    def __init__(self, version: int, loaded: list[Span], load: Callable[[Position], Span]) -> None:
        self.version, self.loaded, self._load = version, loaded, load
        self.windows: list[RecheckWindow] = []
        self.unchecked: list[RecheckWindow] = []

    def at(self, position: Position) -> Span:
        """Return the span at a position, read if need be."""
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
        """Return the last span: that of the visitor's next event."""
        return self.at(_LAST)

    def link(self, link: LinkEvent) -> bool:
        """Link the visitor to a subscriber from an event on. Returns whether that changes anything."""
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
        """Give the part of a span before the first event that named its subscriber to the subscriber named earlier."""
        self._recheck(own, new.begins, new.ends)
        self.loaded.insert(self.loaded.index(own), new)
        own.begins, own.has_wall = own.named, False

    def _take_rest(self, own: Span, new: Span) -> None:
        """Give the rest of a span to another subscriber, until its end: events that name the former one are found later."""
        self._recheck(own, new.begins, new.ends)
        after = self._after(own)
        is_next = after is not None and after.subscriber_id == new.subscriber_id and new.by == after.by
        if after is not None and is_next and after.named == after.begins and not after.has_wall:
            after.begins = new.begins
            after.confirm(LinkEvent(new.named, after.subscriber_id or 0, new.evidence or Evidence(0, 0)))
        else:
            self.loaded.insert(self.loaded.index(own) + 1, new)
        own.ends = new.begins

    def _recheck(self, own: Span, begins: Position, ends: Position) -> None:
        if own.subscriber_id is not None:
            self.windows.append(RecheckWindow(own.subscriber_id, begins, ends))
            self.unchecked.append(self.windows[-1])

    def _after(self, own: Span) -> Span | None:
        if own.ends == END:
            return None
        after = self.at(own.ends)
        return self._read(own.ends, 0) if after.is_part else after
