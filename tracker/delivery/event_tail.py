"""Event tail of triggers: looks at the committed events of one list, and begins deliveries for those that start a trigger.

Ids are made before their transaction, so they are not in the order of commits. A look therefore goes back behind the last one,
and leaves out what it has seen; an event under an older id is told by a change, as to the copies for reports
(`analytics/copy/copy_tail.py`). One delivery for each trigger and event is held by the database: to look twice begins nothing twice.

Looks share the event loop with tracking. So most go back a little only, ids are read in slices, and the database leaves out events
that no trigger names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

import gevent

from tracker.delivery.trigger_parts import RenderedEvent, TriggerParts
from tracker.domain.event import IS_BOT, IS_SILENT
from tracker.domain.row_ids import first_id_at, received_ms
from tracker.storage.accounts import read_names
from tracker.storage.changes import Kind, changes_from
from tracker.storage.engine import Transaction
from tracker.storage.events import StoredEvent, ids_named, read_events
from tracker.storage.triggers import (
    ListTrigger,
    NewDelivery,
    PausedBy,
    delivery_queue,
    trigger_progress,
    trigger_store,
)

#: Milliseconds that a look goes back: a write is usually seen at once.
NEAR_OVERLAP_MS = 2_000
#: The same of every OVERLAP_EVERY-th look, the first among them: a write takes 5 s, and a server may need 15 s to make it seen. Every
#: WIDE_EVERY looks further, as clocks of several machines differ.
OVERLAP_MS, OVERLAP_EVERY, WIDE_OVERLAP_MS, WIDE_EVERY = 20_000, 4, 180_000, 150
#: Milliseconds of ids that one statement reads, and statements of one look.
SLICE_MS, MAX_SLICES = 5_000, 40
#: An id beyond all others, and a number of events that is never reached.
_NO_END, _ALL = 2**63 - 1, 2**62
#: Events that one look judges: with more the next one goes on.
MAX_EVENTS = 500
#: Milliseconds between two notes of how far a tail has come, while nothing begins.
KEEP_MS = 10_000
#: Milliseconds by which an event may be older than its arrival: imports of history start nothing.
MAX_AGE_MS = 3 * 24 * 3_600_000
#: Milliseconds between the arrival of an event and the change that tells that it was stored late.
LATE_MS = 60_000

T = TypeVar("T")

_log = logging.getLogger("tracker.triggers")


class EventTail:
    """The tail of one list for triggers of one kind: with or without conditions. One greenlet uses it at a time."""

    def __init__(self, parts: TriggerParts, list_id: int, is_judged: bool) -> None:
        self._parts, self._list_id, self._is_judged = parts, list_id, is_judged
        self._as_of: int | None = None
        self._kept_at = 0
        self._looks = 0
        self._names: dict[int, set[bytes]] = {}
        self._seen: set[int] = set()
        self._applied: set[int] = set()
        self._known: dict[int, int] = {}
        #: The numbers of the triggers of which the last look began deliveries.
        self.begun: set[int] = set()

    def look(self, triggers: Sequence[ListTrigger]) -> bool:
        """Begin the deliveries of what came since the last look; return whether more has come already.

        Raises StorageUnavailable, OutcomeUnknown.
        """
        began_at = self._parts.now()
        as_of = self._begin(triggers)
        self._note_names(triggers, as_of)
        first_at = as_of - self._overlap()
        late, applied = self._late(first_id_at(first_at))
        names = set().union(*self._names.values())
        new = self._unseen(names, first_at, began_at, _NO_END, MAX_EVENTS + 1)
        is_all = len(new) <= MAX_EVENTS
        new = new[:MAX_EVENTS]
        wanted = {*new, *late}
        events = self._read(partial(read_events, list_id=self._list_id, event_ids=wanted)) if wanted else {}
        matched = self._matched(triggers, [events[each] for each in sorted(events)])
        if matched is None:
            return False
        reached = began_at if is_all else min(began_at, received_ms(new[-1]))
        self._write(matched, max(as_of, reached))
        self._seen.update(new)
        self._applied |= applied
        self._forget_old()
        return not is_all

    def _begin(self, triggers: Sequence[ListTrigger]) -> int:
        """Return the time from which to look: where the last look ended, or where a trigger begins that is new here."""
        if self._as_of is None:
            kind = int(self._is_judged)
            reached = partial(trigger_progress.tail_reached, list_id=self._list_id, kind=kind)
            begins = min(trigger.active_from for trigger in triggers)
            self._as_of = max(self._read(reached), begins)
        else:
            new = [t.active_from for t in triggers if self._known.get(t.id) != t.active_from]
            if new:
                self._seen.clear()
                self._as_of = min(self._as_of, *new)
        self._known = {trigger.id: trigger.active_from for trigger in triggers}
        return self._as_of

    def _overlap(self) -> int:
        """Return the milliseconds that this look goes back."""
        looks, self._looks = self._looks, self._looks + 1
        if self._looks % WIDE_EVERY == 0:
            return WIDE_OVERLAP_MS
        return OVERLAP_MS if looks % OVERLAP_EVERY == 0 else NEAR_OVERLAP_MS

    def _note_names(self, triggers: Sequence[ListTrigger], as_of: int) -> None:
        """Note all spellings of the events of triggers. Another one for an event counts from now on: what came before is not told."""
        spellings = self._read(partial(read_names, list_id=self._list_id)).spellings
        names = {trigger.id: set(map(str.encode, spellings.of_event(trigger.event))) for trigger in triggers}
        added = set().union(*names.values()) - set().union(*self._names.values())
        if added and self._names:
            end = as_of - NEAR_OVERLAP_MS
            self._seen.update(self._unseen(added, as_of - WIDE_OVERLAP_MS, end, first_id_at(end), _ALL))
        self._names = names

    def _unseen(self, names: Iterable[bytes], first_at: int, until: int, end: int, most: int) -> list[int]:
        """Return ids of events of these names that no look has seen, oldest first: those from a time on to before the id `end`.

        Once there are `most`, the rest is left for the next look. Other requests get their turn between slices, which are of the time
        until `until`; the last one goes on to the end.
        """
        found: list[int] = []
        step = max(SLICE_MS, (until - first_at) // MAX_SLICES + 1)
        starts = map(first_id_at, range(first_at, max(until, first_at + 1), step))
        read = partial(ids_named, list_id=self._list_id, names=sorted(names), most=most + len(self._seen))
        for first, before in pairwise([*starts, end]):
            ids = self._read(partial(read, first_id=first, before_id=before))
            found += [each for each in ids if each not in self._seen]
            if len(found) >= most:
                break
            gevent.sleep(0)
        return found

    def _late(self, first: int) -> tuple[set[int], set[int]]:
        """Return the ids of events that were stored under old ids just now, as changes tell, and those of the changes."""
        found = self._read(partial(changes_from, list_id=self._list_id, first_id=first))
        new = [change for change in found if change.id not in self._applied]
        told = {each for change in new if change.kind is Kind.EVENTS for each in change.ids}
        if not told:
            return set(), {change.id for change in new}
        stored = self._read(partial(read_events, list_id=self._list_id, event_ids=told))
        late = {
            each
            for change in new
            for each in change.ids
            if each in stored and abs(received_ms(change.id) - stored[each].received_at) < LATE_MS
        }
        return late, {change.id for change in new}

    def _matched(
        self, triggers: Sequence[ListTrigger], events: Sequence[StoredEvent]
    ) -> list[tuple[int, ListTrigger]] | None:
        """Return (event id, trigger) of what starts, in the order of ids; None while conditions cannot be judged."""
        named = [
            (event.id, trigger)
            for event in events
            if not event.flags & (IS_BOT | IS_SILENT) and event.received_at - event.event_at <= MAX_AGE_MS
            for trigger in triggers
            if event.name in self._names[trigger.id] and event.received_at >= trigger.active_from
        ]
        if not self._is_judged or not named:
            return named
        ids = sorted({event_id for event_id, _ in named})
        asked = list({trigger.id: trigger for _, trigger in named}.values())
        holds = self._parts.judge(self._list_id, ids, asked)
        if holds is None:
            return None
        for trigger in [each for each in asked if holds[each.id] is None]:
            pause = partial(
                trigger_store.pause, trigger=trigger, reason=PausedBy.CONDITIONS, now=self._parts.now()
            )
            self._parts.database.write(pause, list_id=self._list_id)
            _log.warning("trigger %d has conditions that cannot be judged, and is paused", trigger.id)
        return [(event_id, trigger) for event_id, trigger in named if event_id in (holds[trigger.id] or ())]

    def _write(self, matched: Sequence[tuple[int, ListTrigger]], as_of: int) -> None:
        """Store the deliveries with how far the tail has come."""
        parts, list_id, now = self._parts, self._list_id, self._parts.now()
        found: list[NewDelivery] = []
        if matched:
            ids = sorted({event_id for event_id, _ in matched})
            rendered = {each.id: each for each in self._read(lambda t: parts.render(t, list_id, ids))}
            found = [self._delivery(t, rendered[e]) for e, t in matched if e in rendered]
        if found or now - self._kept_at >= KEEP_MS:

            def write(transaction: Transaction) -> None:
                since = trigger_store.active_since(transaction, list_id, [each.trigger_id for each in found])
                # One that was changed just now looks anew at what came since; one that was paused tells nothing.
                kept = [each for each in found if since.get(each.trigger_id) == self._known[each.trigger_id]]
                delivery_queue.add_deliveries(transaction, list_id, kept, now)
                trigger_progress.keep_tail(transaction, list_id, int(self._is_judged), as_of)

            parts.database.write(write, list_id=list_id)
            self._kept_at = now
        self.begun = {each.trigger_id for each in found}
        self._as_of = as_of

    def _delivery(self, trigger: ListTrigger, event: RenderedEvent) -> NewDelivery:
        number = self._parts.new_id()
        body = self._parts.compose(trigger, number, event.json)
        return NewDelivery(number, trigger.id, event.id, event.subscriber_id, event.visitor_id, body)

    def _forget_old(self) -> None:
        """Forget what no later look reads again."""
        oldest = first_id_at((self._as_of or 0) - WIDE_OVERLAP_MS)
        if self._looks % WIDE_EVERY == 0:
            self._seen = {each for each in self._seen if each >= oldest}
            self._applied = {each for each in self._applied if each >= oldest}

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return self._parts.database.read(work)
