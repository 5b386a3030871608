"""Erasure of a subscriber: the profile at once, then all rows in steps of a job, until a check finds nothing left."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tracker.formats.email_hash import email_hashes
from tracker.formats.event_limits import visitor_uuid_of_hash
from tracker.privacy import erasure_check
from tracker.privacy.event_deletion import EventDeleter
from tracker.privacy.retention import schedule_retention
from tracker.storage import job_queue, rejections
from tracker.storage.aggregates import unmark_owner
from tracker.storage.engine import IN_FLIGHT_SECONDS, SCRUBBED_PAGES, Transaction
from tracker.storage.events import StoredEvent, deletion, read_events
from tracker.storage.job_queue import CLEAN_FROM, Job, Step
from tracker.storage.shards import has_told
from tracker.storage.subscribers import FORGET, Who, erasure_rows
from tracker.storage.timeline import TimelineEntry, timeline_rows

#: The kind of the job that repeats the erasure for writes that were in flight in other processes.
ERASE_RECHECK = "erase_recheck"
#: Links handled in one step.
LINKS = 100
#: Times that new rows may appear during an erasure; after that the job waits so many milliseconds, and others go first.
MAX_ROUNDS, REST_MS = 3, 60_000
#: Milliseconds until it is looked again whether the addresses at the head are gone.
TOLD_AGAIN_MS = 1_000
#: The first position in a timeline.
START = (-(2**63), 0)

State = dict[str, Any]


class LateMoves(Protocol):
    """Pending moves of a visitor's events to the spans in which they happened."""

    def pending(self, transaction: Transaction, list_id: int, visitor_ids: Collection[int]) -> Job | None: ...

    def go_on(self, transaction: Transaction, job: Job, now: int, most: int) -> int: ...


_log = logging.getLogger("tracker.privacy")


def begin(transaction: Transaction, list_id: int, who: Who, now: int) -> State | None:
    """Delete the profile; return the state to delete the rest from, or None if there is no such subscriber.

    Visitors that were named by the hash of the address, before a subscriber had it, are erased too.
    """
    deleted = erasure_rows.delete_profile(transaction, list_id, who)
    if deleted is None:
        return None
    hashes = {digest.hex() for email in deleted.emails for digest in email_hashes(email)}
    uuids = [visitor_uuid_of_hash(list_id, each) for each in sorted(hashes)]
    erasure_rows.claim_hash_visitors(transaction, list_id, deleted.subscriber_id, uuids, now)
    bodies = rejections.forget(transaction, list_id)
    return _state("identity_links", {**deleted.removed, "rejected_bodies": bodies})


def step(late_moves: LateMoves, transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Do one step of the erasure of the subscriber `job.subject_id`, after pending moves of its visitors' events."""
    removed = Counter(job.state["removed"])
    part = _PARTS[job.state["part"]]
    return part(_Erasure(late_moves, transaction, job, removed, now, most))


class _Erasure:
    """One step: its transaction, and the rows removed so far, this step's included."""

    def __init__(
        self,
        late_moves: LateMoves,
        transaction: Transaction,
        job: Job,
        removed: Counter[str],
        now: int,
        most: int,
    ) -> None:
        self.late_moves = late_moves
        self.transaction, self.job, self.removed = transaction, job, removed
        self.now, self.most = now, most
        self.list_id, self.subscriber_id = job.list_id, job.subject_id

    def remove(self, events: Sequence[StoredEvent], links: deletion.LinksBySpan) -> None:
        """Delete events of the subscriber, and anonymise visitors that have nothing left."""
        removal = EventDeleter(self.transaction, self.list_id, links, self.now, is_counted=False)
        removal.remove(events, self.subscriber_id)
        self.removed.update(removal.removed)
        self.release({event.visitor_id for event in events})

    def take_out(self, rows: Sequence[TimelineEntry]) -> None:
        """Remove rows of the subscriber's timeline."""
        timeline_rows.remove(self.transaction, rows)
        self.removed["timeline"] += len(rows)

    def release(self, visitor_ids: Iterable[int]) -> None:
        """Anonymise those of the visitors that have nothing left."""
        self.removed["visitors"] += deletion.anonymize(self.transaction, self.list_id, set(visitor_ids))

    def next(self, part: str, handled: int = 0, **state: Any) -> Step:
        """Return the result of a step, to continue with `part`."""
        rounds = self.job.state.get("rounds", 0)
        return Step(_state(part, self.removed, **{"rounds": rounds, **state}), handled)


def _state(part: str, removed: Mapping[str, int], **more: Any) -> State:
    return {"part": part, "removed": {name: count for name, count in removed.items() if count}, **more}


def _links(erasure: _Erasure) -> Step:
    """Unlink the subscriber's visitors, so that later events have no subscriber; then delete the visitors' own rows."""
    transaction, list_id = erasure.transaction, erasure.list_id
    spans = erasure_rows.linked_spans(transaction, list_id, erasure.subscriber_id, LINKS)
    if not spans:
        return erasure.next("events")
    visitor_ids = {visitor_id for visitor_id, _ in spans}
    if pending := erasure.late_moves.pending(transaction, list_id, visitor_ids):
        handled = erasure.late_moves.go_on(transaction, pending, erasure.now, erasure.most)
        return erasure.next("identity_links", handled, stopped=erasure.job.state.get("stopped"))
    erasure_rows.unlink_visitors(transaction, list_id, spans)
    stopped = erasure.job.state.get("stopped")
    remaining, done = erasure.most, []
    for span in spans:
        after = tuple(stopped[2:]) if stopped and tuple(stopped[:2]) == span else START
        rows = deletion.entries_of(transaction, list_id, span[0], after, remaining)
        _remove_history(erasure, [row for row in rows if row.span == span[1]])
        remaining -= len(rows)
        if remaining == 0:  # the span may have more rows
            stopped = (*span, rows[-1].event_at, rows[-1].event_id)
            break
        done.append(span)
    erasure.removed["identity_links"] += erasure_rows.remove_links(transaction, list_id, done)
    erasure.release(visitor_id for visitor_id, _ in done)
    return erasure.next("identity_links", erasure.most - remaining, stopped=stopped)


def _remove_history(erasure: _Erasure, rows: Sequence[TimelineEntry]) -> None:
    """Delete the visitor's own rows of a span of the subscriber, and their events unless they name another subscriber."""
    found = read_events(erasure.transaction, erasure.list_id, (row.event_id for row in rows), is_locking=True)
    erasure.remove([event for event in found.values() if event.subscriber_id is None], {})
    erasure.take_out(rows)


def _events(erasure: _Erasure) -> Step:
    """Delete the rows under the subscriber: of events that name it, and of anonymous ones from its linked visitors."""
    transaction, list_id, subscriber_id = erasure.transaction, erasure.list_id, erasure.subscriber_id
    rows = deletion.entries_of(transaction, list_id, subscriber_id, START, erasure.most)
    if not rows:
        return erasure.next("left")
    found = read_events(transaction, list_id, (row.event_id for row in rows), is_locking=True)
    links = deletion.links_of(transaction, list_id, ((e.visitor_id, e.span) for e in found.values()))
    theirs = [event for event in found.values() if _is_theirs(event, subscriber_id, links)]
    others = found.keys() - {event.id for event in theirs}
    _return_rows(transaction, [r for r in rows if r.event_id in others and r.span == found[r.event_id].span])
    erasure.remove(theirs, links)
    # The rows that are left have no event any more, or their events are the visitor's by now.
    erasure.take_out(rows)
    return erasure.next("events", len(rows))


def _is_theirs(event: StoredEvent, subscriber_id: int, links: deletion.LinksBySpan) -> bool:
    """Return whether the event is the subscriber's.

    An anonymous event in a span that has a link belongs to an unlinked span: the subscriber's own links are deleted.
    """
    if event.subscriber_id is not None:
        return event.subscriber_id == subscriber_id
    return (event.visitor_id, event.span) not in links


def _return_rows(transaction: Transaction, rows: Sequence[TimelineEntry]) -> None:
    """Add the events of unlinked spans to their visitors' own rows."""
    timeline_rows.add(transaction, [row._replace(owner_id=row.visitor_id) for row in rows])
    conversions = [row for row in rows if row.name_key == timeline_rows.name_key(timeline_rows.CONVERSION)]
    timeline_rows.add(transaction, [row._replace(owner_id=-row.visitor_id) for row in conversions])


def _left(erasure: _Erasure) -> Step:
    """Delete second rows of conversions, notes of unlinking and the rows under the number; then nothing is left."""
    transaction, list_id, subscriber_id = erasure.transaction, erasure.list_id, erasure.subscriber_id
    rows = deletion.entries_of(transaction, list_id, -subscriber_id, START, erasure.most)
    if rows:
        erasure.take_out(rows)
        return erasure.next("left", len(rows))
    erasure.removed["expired_owners"] += unmark_owner(transaction, list_id, subscriber_id)
    if changed := erasure_rows.clear_unlinked(transaction, list_id, subscriber_id, erasure.most):
        return erasure.next("left", changed)
    erasure.removed.update(erasure_rows.remove_known(transaction, list_id, subscriber_id))
    if has_told(transaction, list_id):  # addresses at the head
        return Step(erasure.job.state, again_at=erasure.now + TOLD_AGAIN_MS)
    if transaction.engine.is_remote:
        return _proven(erasure)
    return erasure.next("file", 1, **{CLEAN_FROM: 1})


def _file(erasure: _Erasure) -> Step:
    """Continue scrubbing after some pages of the file are clean, to the end of the file."""
    following = erasure.job.state[CLEAN_FROM] + SCRUBBED_PAGES
    [(pages,)] = erasure.transaction.select("PRAGMA page_count")
    return _proven(erasure) if following > pages else erasure.next("file", 1, **{CLEAN_FROM: following})


def _proven(erasure: _Erasure) -> Step:
    """Verify that nothing is left; rows that appeared meanwhile begin another round."""
    found = erasure_check.verify_erased(erasure.transaction, erasure.list_id, erasure.subscriber_id)
    if any(found.values()):
        return _once_more(erasure, found)
    transaction, job = erasure.transaction, erasure.job
    if transaction.engine.is_remote and job.kind == FORGET:
        due_at = erasure.now + int(IN_FLIGHT_SECONDS * 1000)
        again = replace(job, id=-job.id, kind=ERASE_RECHECK, state=_state("identity_links", {}), rows=0)
        job_queue.add(transaction, again, None, due_at)
    schedule_retention(transaction, job.list_id, erasure.now)
    return Step(_state("done", erasure.removed, checks=found), is_finished=True)


def _once_more(erasure: _Erasure, found: Mapping[str, int]) -> Step:
    """Begin another round. Rows that appear each time are a fault to be found: until then the job delays no other."""
    rounds = erasure.job.state.get("rounds", 0) + 1
    again = erasure.next("identity_links", 1, rounds=rounds)
    if rounds < MAX_ROUNDS:
        return again
    names = ", ".join(name for name, count in found.items() if count)
    about = (erasure.subscriber_id, erasure.list_id, names, rounds)
    _log.warning("subscriber %d of list %d is to be forgotten, and %s came %d times", *about)
    return again._replace(again_at=erasure.now + REST_MS)


_PARTS: Mapping[str, Callable[[_Erasure], Step]] = {
    "identity_links": _links,
    "events": _events,
    "left": _left,
    "file": _file,
}
