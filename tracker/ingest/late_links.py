"""Late arrivals: what is stored of a visitor is looked at again when an event arrives that says whose it was by then.

Few events are moved in the transaction of that event, many by a job in steps; until it is done the others stay where they were.
On a server the job looks once more when no write can be under way any more that did not know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from tracker.domain.identity import Visitor
from tracker.domain.resolver import IdentityResolver
from tracker.domain.spans import Life, Position, Window
from tracker.ingest.span_store import SpanStore
from tracker.ingest.stored_links import MAX_AT_ONCE, link_of
from tracker.storage import job_queue
from tracker.storage.engine import IN_FLIGHT_SECONDS, Transaction
from tracker.storage.events import Move, StoredEvent, deletion, late_moves, read_events
from tracker.storage.job_queue import Job, Step
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import SpanKey, timeline_reading

#: The kind of job that looks at more events than the transaction of the one that came late.
LATE = "late"
#: Rows of one owner that are looked at in one step: bounds how long it holds up events.
LOOKED_AT = 2_000

#: Rows of one owner that a job has to look at: [owner_id, begins, ends]; `begins` is what has been looked at already.
Part = list[Any]


def look_again(
    transaction: Transaction, group: IdentityResolver[SpanStore], next_id: Callable[[], int], now: int
) -> list[SpanKey]:
    """After the events of a group are stored: those of its visitors, and of others that came before. Gives `SpanStore.pasts`."""
    for visitor in group.visitors:
        life = visitor.life
        if life is None or not life.windows:
            continue
        seen: list[Window] = []
        left = _look_at_few(transaction, group.lives, visitor, life, seen)
        if left or transaction.engine.is_remote:
            _leave_to_job(transaction, visitor, left, seen, next_id(), now)
    return group.lives.pasts


def _look_at_few(
    transaction: Transaction, lives: SpanStore, visitor: Visitor, life: Life, seen: list[Window]
) -> list[Window]:
    """Look through all windows, and those that come of that; gives those with too many rows."""
    while windows := life.windows:
        life.windows = []
        seen += windows
        owner_ids = _owners(visitor, windows)
        first, last = min(w.begins for w in windows), max(w.ends for w in windows)
        window = timeline_reading.Window(first[0], last)
        parts = timeline_reading.newest(transaction, visitor.list_id, owner_ids, window, MAX_AT_ONCE)
        if any(part.reached is not None for part in parts):
            return windows
        rows = [row for part in parts for row in part.entries]
        _place(
            transaction, lives, visitor, [r.event_id for r in rows if r.visitor_id == visitor.id], owner_ids
        )
    return []


def _leave_to_job(
    transaction: Transaction, visitor: Visitor, left: Sequence[Window], seen: Sequence[Window], job_id: int, now: int
) -> None:  # fmt: skip
    late_at = now + int(IN_FLIGHT_SECONDS * 1000)
    again = _parts(visitor.id, seen) if transaction.engine.is_remote else []
    state = {"visitor": visitor.id, "parts": _parts(visitor.id, left), "again": again, "late_at": late_at}
    job = Job(visitor.list_id, job_id, LATE, job_id, state, 0, now, now)
    job_queue.add(transaction, job, None, now if left else late_at)


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Look at some more rows. The row of a job that is done goes: nobody asks for it."""
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
    """A job that has not yet looked at all that is stored of one of these visitors."""
    jobs = job_queue.unfinished(transaction, list_id, LATE)
    return next((job for job in jobs if job.state["visitor"] in visitor_ids and job.state["parts"]), None)


def go_on(transaction: Transaction, job: Job, now: int, most: int) -> int:
    """Do a step of a job for somebody who has to wait for it: a person's events go with them once all have arrived."""
    done = step(transaction, job, now, most)
    if not done.is_finished:
        after = replace(job, state=done.state, rows=job.rows + done.rows, updated_at=now)
        job_queue.keep(transaction, after, done.again_at or now, is_claimed=False)
    return max(1, done.rows)


def _look_at_part(transaction: Transaction, visitor: Visitor, parts: list[Part], most: int) -> int:
    """Go on with the first part; what comes of it is put behind the others. Gives how many events of the visitor there were."""
    owner_id, begins, ends = parts[0]
    rows = deletion.entries_of(transaction, visitor.list_id, owner_id, begins, LOOKED_AT)
    reached: Position | None = (rows[-1].event_at, rows[-1].event_id) if rows else None
    own = [r for r in rows if r.visitor_id == visitor.id and (r.event_at, r.event_id) < tuple(ends)]
    if len(own) > most:
        own = own[:most]
        reached = own[-1].event_at, own[-1].event_id
    lives = SpanStore(transaction)
    owner_ids = {owner_id, visitor.id}
    _place(transaction, lives, visitor, [row.event_id for row in own], owner_ids)
    if reached is None or reached >= tuple(ends):
        parts.pop(0)
    else:
        parts[0] = [owner_id, list(reached), ends]
    parts += _parts(visitor.id, visitor.life.windows if visitor.life else [])
    return len(own)


def _place(
    transaction: Transaction, lives: SpanStore, visitor: Visitor, event_ids: Sequence[int], owner_ids: Collection[int]
) -> None:  # fmt: skip
    """Move what is not where it happened. Whoever is named in another's time comes back in it."""
    if not event_ids:
        return
    found = read_events(transaction, visitor.list_id, event_ids, is_locking=True)
    moves = []
    for event in sorted(found.values(), key=_position):
        if link := link_of(event):
            lives.link(visitor, link)
        span, subscriber_id = lives.at(visitor, _position(event))
        if span != event.span and event.subscriber_id in (None, subscriber_id):
            moves.append(Move(event, span, subscriber_id))
    lives.write([visitor])
    late_moves.move(transaction, visitor.list_id, visitor.id, moves, owner_ids)


def _position(event: StoredEvent) -> Position:
    return event.event_at, event.id


def _owners(visitor: Visitor, windows: Sequence[Window]) -> list[int]:
    """Whose rows may tell of events in these windows."""
    return [*sorted({window.subscriber_id for window in windows}), visitor.id]


def _parts(visitor_id: int, windows: Sequence[Window]) -> list[Part]:
    """First of the persons: their rows may come to the visitor meanwhile, and never the other way."""
    return [
        [owner_id, list(window.begins), list(window.ends)]
        for is_visitors in (False, True)
        for window in windows
        for owner_id in ([visitor_id] if is_visitors else [window.subscriber_id])
    ]
