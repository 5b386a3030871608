"""Late links: stored events of a visitor are reassigned when a late event says to whom the visitor belonged at their time.

Few events are moved in the transaction of the late event, many by a job in steps; until it is done the rest stay where they
are. On a server the job checks a second time, once no write that did not see the link can still be running.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from tracker.domain.identity import Visitor
from tracker.domain.resolver import IdentityResolver
from tracker.domain.spans import Position, RecheckWindow, VisitorSpans
from tracker.ingest.span_store import SpanStore
from tracker.ingest.stored_links import MAX_AT_ONCE, link_of
from tracker.storage import job_queue
from tracker.storage.engine import IN_FLIGHT_SECONDS, Transaction
from tracker.storage.events import Move, StoredEvent, deletion, late_moves, read_events
from tracker.storage.job_queue import Job, Step
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import SpanKey, timeline_reading

#: The kind of job that rechecks more events than the transaction of the late event may.
LATE = "late"
#: Rows of one owner that one step examines: bounds how long it delays events.
LOOKED_AT = 2_000

#: Rows of one owner that a job has to examine: [owner_id, begins, ends]; `begins` is how far it is.
RecheckPart = list[Any]


def recheck_stored(
    transaction: Transaction, group: IdentityResolver[SpanStore], next_id: Callable[[], int], now: int
) -> list[SpanKey]:
    """Recheck stored events of the group's visitors in all windows, after the group's events are stored.

    Returns `SpanStore.uncopied_histories`.
    """
    for visitor in group.visitors:
        spans = visitor.spans
        if spans is None or not spans.windows:
            continue
        seen: list[RecheckWindow] = []
        left = _look_at_few(transaction, group.span_store, visitor, spans, seen)
        if left or transaction.engine.is_remote:
            _leave_to_job(transaction, visitor, left, seen, next_id(), now)
    return group.span_store.uncopied_histories


def _look_at_few(
    transaction: Transaction,
    span_store: SpanStore,
    visitor: Visitor,
    spans: VisitorSpans,
    seen: list[RecheckWindow],
) -> list[RecheckWindow]:
    """Recheck all windows, and those that result from it. Returns the windows with too many rows."""
    while windows := spans.windows:
        spans.windows = []
        seen += windows
        owner_ids = _owners(visitor, windows)
        first, last = min(w.begins for w in windows), max(w.ends for w in windows)
        window = timeline_reading.Window(first[0], last)
        parts = timeline_reading.newest(transaction, visitor.list_id, owner_ids, window, MAX_AT_ONCE)
        if any(part.reached is not None for part in parts):
            return windows
        rows = [row for part in parts for row in part.entries]
        _place(
            transaction,
            span_store,
            visitor,
            [r.event_id for r in rows if r.visitor_id == visitor.id],
            owner_ids,
        )
    return []


def _leave_to_job(
    transaction: Transaction, visitor: Visitor, left: Sequence[RecheckWindow], seen: Sequence[RecheckWindow], job_id: int, now: int
) -> None:  # fmt: skip
    late_at = now + int(IN_FLIGHT_SECONDS * 1000)
    again = _parts(visitor.id, seen) if transaction.engine.is_remote else []
    state = {"visitor": visitor.id, "parts": _parts(visitor.id, left), "again": again, "late_at": late_at}
    job = Job(visitor.list_id, job_id, LATE, job_id, state, 0, now, now)
    job_queue.add(transaction, job, None, now if left else late_at)


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Recheck some more rows. A finished job deletes its own row: nobody asks for its result."""
    parts, again = [list(part) for part in job.state["parts"]], job.state["again"]
    row = identity_rows.lock_visitor(transaction, job.list_id, job.state["visitor"])
    if parts and row is not None:
        handled = _look_at_part(transaction, Visitor(*row), parts, most)
        return Step({**job.state, "parts": parts}, handled)
    if again and row is not None:
        state = {**job.state, "parts": again, "again": []}
        return Step(state, again_at=max(now, job.state["late_at"]))
    job_queue.remove(transaction, job)
    return Step(job.state, is_finished=True)


def pending(transaction: Transaction, list_id: int, visitor_ids: Collection[int]) -> Job | None:
    """Return a job that has not yet rechecked all events of one of these visitors, or None."""
    jobs = job_queue.unfinished(transaction, list_id, LATE)
    return next((job for job in jobs if job.state["visitor"] in visitor_ids and job.state["parts"]), None)


def go_on(transaction: Transaction, job: Job, now: int, most: int) -> int:
    """Run a step of a job that an erasure waits for: the subscriber's events are erased once all are theirs.

    Returns the number of rows handled, at least 1.
    """
    done = step(transaction, job, now, most)
    if not done.is_finished:
        after = replace(job, state=done.state, rows=job.rows + done.rows, updated_at=now)
        job_queue.keep(transaction, after, done.again_at or now, is_claimed=False)
    return max(1, done.rows)


def _look_at_part(transaction: Transaction, visitor: Visitor, parts: list[RecheckPart], most: int) -> int:
    """Recheck more of the first part; windows that result are appended. Returns how many events of the visitor it held."""
    owner_id, begins, ends = parts[0]
    rows = deletion.entries_of(transaction, visitor.list_id, owner_id, begins, LOOKED_AT)
    reached: Position | None = (rows[-1].event_at, rows[-1].event_id) if rows else None
    own = [r for r in rows if r.visitor_id == visitor.id and (r.event_at, r.event_id) < tuple(ends)]
    if len(own) > most:
        own = own[:most]
        reached = own[-1].event_at, own[-1].event_id
    span_store = SpanStore(transaction)
    owner_ids = {owner_id, visitor.id}
    _place(transaction, span_store, visitor, [row.event_id for row in own], owner_ids)
    if reached is None or reached >= tuple(ends):
        parts.pop(0)
    else:
        parts[0] = [owner_id, list(reached), ends]
    parts += _parts(visitor.id, visitor.spans.windows if visitor.spans else [])
    return len(own)


def _place(
    transaction: Transaction, span_store: SpanStore, visitor: Visitor, event_ids: Sequence[int], owner_ids: Collection[int]
) -> None:  # fmt: skip
    """Move events that are not in the span of their event time, after applying the links that they make."""
    if not event_ids:
        return
    found = read_events(transaction, visitor.list_id, event_ids, is_locking=True)
    moves = []
    for event in sorted(found.values(), key=_position):
        if link := link_of(event):
            span_store.link(visitor, link)
        span, subscriber_id = span_store.at(visitor, _position(event))
        if span != event.span and event.subscriber_id in (None, subscriber_id):
            moves.append(Move(event, span, subscriber_id))
    span_store.write([visitor])
    late_moves.move(transaction, visitor.list_id, visitor.id, moves, owner_ids)


def _position(event: StoredEvent) -> Position:
    return event.event_at, event.id


def _owners(visitor: Visitor, windows: Sequence[RecheckWindow]) -> list[int]:
    """Return the owners whose timelines may hold events of these windows."""
    return [*sorted({window.subscriber_id for window in windows}), visitor.id]


def _parts(visitor_id: int, windows: Sequence[RecheckWindow]) -> list[RecheckPart]:
    """Return the parts of the subscribers first: rows may move from them to the visitor meanwhile, never the other way."""
    return [
        [owner_id, list(window.begins), list(window.ends)]
        for is_visitors in (False, True)
        for window in windows
        for owner_id in ([visitor_id] if is_visitors else [window.subscriber_id])
    ]
