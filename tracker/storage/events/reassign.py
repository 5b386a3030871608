"""How is the tie of a visitor's segment to a person taken back, and what came with it brought home?

The row of the binding is cleared, so that readers are right at once: an event that names nobody is a person's only while
its binding says so. Its rows of the timeline follow in steps, from the person to whoever has them now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker.domain.spans import Position
from tracker.storage import job_queue
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events import late_moves
from tracker.storage.events.events import StoredEvent, read_events, untie
from tracker.storage.job_queue import Job, Step
from tracker.storage.subscribers import identity_rows, span_rows
from tracker.storage.timeline.timeline_reading import MAX_POSITION, Window, newest
from tracker.storage.timeline.visitor_history import SERVER_SECONDS

#: The kind of job that brings events home.
UNMERGE = "unmerge"
#: Rows of the person looked through in one step: bounds how long it holds up events.
LOOKED_THROUGH = 2_000

_SEGMENT = "list_id = ? AND visitor_id = ? AND segment = ?"
_COLUMNS = (
    "list_id",
    "subscriber_id",
    "visitor_id",
    "segment",
    "id",
    "unbound_at",
    "bound_at",
    "event_id",
    "reason",
    "bound_by",
    "named_at",
)
_TAKEN_BACK = "SELECT segment, id FROM unbindings WHERE list_id = ? AND subscriber_id = ? AND visitor_id = ? ORDER BY id"
_UNBIND = (
    "UPDATE bindings SET subscriber_id = NULL, has_past = 0, unbound_from = ?, unbound_at = ?"
    f" WHERE {_SEGMENT} AND subscriber_id = ?"
)
_RELEASE = (
    "UPDATE visitors SET subscriber_id = NULL, named_at = NULL, named_id = NULL"
    " WHERE list_id = ? AND id = ? AND segment = ? AND subscriber_id = ?"
)
_NOTE = "UPDATE visitors SET version = version + 1 WHERE list_id = ? AND id = ?"


class Tie(NamedTuple):
    """A visitor's segment and the person it is or was bound to."""

    list_id: int
    subscriber_id: int
    visitor_id: int
    segment: int


class Ties(NamedTuple):
    """Of one visitor to one person: `bound` segments, and those taken back with the id of the last time."""

    visitor_id: int
    bound: set[int]
    taken_back: dict[int, int]


def ties_of(transaction: Transaction, list_id: int, subscriber_id: int, uuid: bytes) -> Ties | None:
    """None if there is no such visitor."""
    visitor = identity_rows.find_visitor(transaction, list_id, uuid)
    if visitor is None:
        return None
    sql = "SELECT segment FROM bindings WHERE list_id = ? AND visitor_id = ? AND subscriber_id = ?"
    bound = {row[0] for row in transaction.select(sql, (list_id, visitor[0], subscriber_id))}
    taken_back = transaction.select(_TAKEN_BACK, (list_id, subscriber_id, visitor[0]))
    return Ties(visitor[0], bound, dict(taken_back))


def unbind(transaction: Transaction, tie: Tie, unbinding_id: int, now: int) -> Mapping[str, Any] | None:
    """Clear a binding; gives the state of the job that does the rest. None if it is not there any more.

    The visitor is nobody's then if it was its current one: the next bind takes the open segment with its past.
    """
    list_id, subscriber_id, visitor_id, segment = tie
    told = "bound_at, event_id, reason, bound_by, named_at"
    held = f"SELECT has_past, {told} FROM bindings WHERE {_SEGMENT} AND subscriber_id = ?"
    at = (list_id, visitor_id, segment, subscriber_id)
    rows = transaction.select(held + transaction.engine.for_update, at)
    if not rows:
        return None
    transaction.execute(_UNBIND, (subscriber_id, now, *at))
    transaction.execute(_RELEASE, at)
    transaction.execute(_NOTE, (list_id, visitor_id))
    span_rows.wall_off(transaction, list_id, visitor_id, segment)
    has_past, *named = rows[0]
    transaction.insert("unbindings", _COLUMNS, [(*tie, unbinding_id, now, *named)])
    late_at = now + int(SERVER_SECONDS * 1000) if transaction.engine.is_remote else now
    times = {"began_at": now, "late_at": late_at, "is_moved": False}
    past = list(MAX_POSITION) if has_past else None
    return {"tie": list(tie), "before": list(MAX_POSITION), "past": past, "unbinding": unbinding_id, **times}


def moving(transaction: Transaction, list_id: int) -> set[tuple[int, int]]:
    """(visitor_id, segment) of ties that were taken back and whose rows are still on their way."""
    ties = [Tie(*job.state["tie"]) for job in job_queue.unfinished(transaction, list_id, UNMERGE)]
    return {(tie.visitor_id, tie.segment) for tie in ties}


def bring_home(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """A step of the job: events that came while the segment was bound and name nobody leave the person, the others tie no more.

    On a server it looks a second time for what was written by those who had seen the visitor bound.
    """
    state = job.state
    left = 0
    if state.get("past") is not None:
        left, reached = _count_past(transaction, state, most)
        state = {**state, "past": None if reached is None else list(reached)}
        if reached is not None or left >= most:
            return Step(state, left)
    if now < state["late_at"] and state["is_moved"]:
        return Step(state, again_at=state["late_at"])
    moved, reached = _move(transaction, Tie(*state["tie"]), tuple(state["before"]), most - left)
    moved += left
    if reached is not None:
        return Step({**state, "before": list(reached)}, moved)
    if state["began_at"] >= state["late_at"]:
        return Step({**state, "is_moved": True}, moved, is_finished=True)
    again = {**state, "before": list(MAX_POSITION), "began_at": state["late_at"], "is_moved": True}
    return Step(again, moved, again_at=state["late_at"])


def _count_past(transaction: Transaction, state: Mapping[str, Any], most: int) -> tuple[int, Position | None]:
    """How many events from before the binding have left with it, and down to where; None: to the end.

    They have stayed among the visitor's own, and need not be moved. Those that came after the binding was taken back have
    later ids.
    """
    tie, before = Tie(*state["tie"]), tuple(state["past"])
    [part] = newest(transaction, tie.list_id, [tie.visitor_id], Window(before=before), LOOKED_THROUGH)
    rows = [row for row in dict.fromkeys(part.entries) if row.event_id < state["unbinding"]]
    theirs = [row for row in rows if (row.visitor_id, row.segment) == (tie.visitor_id, tie.segment)]
    reached = part.reached
    if len(theirs) > most:
        theirs = theirs[:most]
        reached = theirs[-1].event_at, theirs[-1].event_id
    stored = read_events(transaction, tie.list_id, (row.event_id for row in theirs))
    return sum(event.subscriber_id is None for event in stored.values()), reached


def _move(transaction: Transaction, tie: Tie, before: Position, most: int) -> tuple[int, Position | None]:
    """How many events were moved, and down to where; None: to the end."""
    visitor = identity_rows.lock_visitor(transaction, tie.list_id, tie.visitor_id)
    owner_id = _owner_now(transaction, tie)
    if visitor is None or owner_id == tie.subscriber_id:  # bound again: they are the person's
        return 0, None
    [part] = newest(transaction, tie.list_id, [tie.subscriber_id], Window(before=before), LOOKED_THROUGH)
    rows = dict.fromkeys(part.entries)  # a row may be in two places of a file
    theirs = [row for row in rows if (row.visitor_id, row.segment) == (tie.visitor_id, tie.segment)]
    reached = part.reached
    if len(theirs) > most:
        theirs = theirs[:most]
        reached = theirs[-1].event_at, theirs[-1].event_id
    stored = read_events(transaction, tie.list_id, (row.event_id for row in theirs), is_locking=True)
    nobodys = [event for event in stored.values() if event.subscriber_id is None]
    untie(transaction, tie.list_id, stored.keys() - {event.id for event in nobodys})
    moves = [late_moves.Move(event, tie.segment, owner_id) for event in nobodys]
    if span_rows.has_some(transaction, tie.list_id, tie.visitor_id):
        moves = [_to_its_time(transaction, tie, visitor[3], event, owner_id) for event in nobodys]
    late_moves.move(transaction, tie.list_id, tie.visitor_id, moves, [tie.subscriber_id])
    return len(moves), reached


def _to_its_time(
    transaction: Transaction, tie: Tie, current: int, event: StoredEvent, owner_id: int
) -> late_moves.Move:
    """Somebody else may have been given the time of an event while it was on its way."""
    at = (event.event_at, event.id)
    found = span_rows.find(transaction, tie.list_id, tie.visitor_id, current, at)
    is_same = found.segment == tie.segment
    return late_moves.Move(event, found.segment, owner_id if is_same else found.subscriber_id)


def _owner_now(transaction: Transaction, tie: Tie) -> int:
    """Whose rows the events of the segment stand among: its visitor's, or the person's who has them all."""
    sql = f"SELECT subscriber_id, has_past FROM bindings WHERE {_SEGMENT}{transaction.engine.for_update}"
    rows = transaction.select(sql, (tie.list_id, tie.visitor_id, tie.segment))
    subscriber_id, has_past = rows[0] if rows else (None, 0)
    if subscriber_id is None or (has_past and subscriber_id != tie.subscriber_id):
        return tie.visitor_id
    return int(subscriber_id)
