"""How is the link of a visitor's span to a person taken back, and what came with it brought home?

The row of the link is cleared, so that readers are right at once: an event that names nobody is a person's only while
its link says so. Its rows of the timeline follow in steps, from the person to whoever has them now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker.domain.spans import Position
from tracker.storage import job_queue
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events import late_moves
from tracker.storage.events.events import StoredEvent, clear_link_flags, read_events
from tracker.storage.job_queue import Job, Step
from tracker.storage.subscribers import identity_rows, span_rows
from tracker.storage.timeline.timeline_reading import MAX_POSITION, Window, newest
from tracker.storage.timeline.visitor_history import SERVER_SECONDS

#: The kind of job that brings events home.
UNMERGE = "unmerge"
#: Rows of the person looked through in one step: bounds how long it holds up events.
LOOKED_THROUGH = 2_000

_SPAN = "list_id = ? AND visitor_id = ? AND span = ?"
_COLUMNS = (
    "list_id",
    "subscriber_id",
    "visitor_id",
    "span",
    "id",
    "unlinked_at",
    "linked_at",
    "event_id",
    "reason",
    "linked_by",
    "named_at",
)
_TAKEN_BACK = "SELECT span, id FROM identity_unlinks WHERE list_id = ? AND subscriber_id = ? AND visitor_id = ? ORDER BY id"
_UNLINK = (
    "UPDATE identity_links SET subscriber_id = NULL, has_unmerged_history = 0, unlinked_from = ?, unlinked_at = ?"
    f" WHERE {_SPAN} AND subscriber_id = ?"
)
_RELEASE = (
    "UPDATE visitors SET subscriber_id = NULL, named_at = NULL, named_id = NULL"
    " WHERE list_id = ? AND id = ? AND span = ? AND subscriber_id = ?"
)
_NOTE = "UPDATE visitors SET version = version + 1 WHERE list_id = ? AND id = ?"


class Link(NamedTuple):
    """A visitor's span and the person it is or was linked to."""

    list_id: int
    subscriber_id: int
    visitor_id: int
    span: int


class Links(NamedTuple):
    """Of one visitor to one person: `linked` spans, and those taken back with the id of the last time."""

    visitor_id: int
    linked: set[int]
    taken_back: dict[int, int]


def links_of(transaction: Transaction, list_id: int, subscriber_id: int, uuid: bytes) -> Links | None:
    """None if there is no such visitor."""
    visitor = identity_rows.find_visitor(transaction, list_id, uuid)
    if visitor is None:
        return None
    sql = "SELECT span FROM identity_links WHERE list_id = ? AND visitor_id = ? AND subscriber_id = ?"
    linked = {row[0] for row in transaction.select(sql, (list_id, visitor[0], subscriber_id))}
    taken_back = transaction.select(_TAKEN_BACK, (list_id, subscriber_id, visitor[0]))
    return Links(visitor[0], linked, dict(taken_back))


def unlink(transaction: Transaction, link: Link, unlinking_id: int, now: int) -> Mapping[str, Any] | None:
    """Clear a link; gives the state of the job that does the rest. None if it is not there any more.

    The visitor is nobody's then if it was its current one: the next link takes the open span with its past.
    """
    list_id, subscriber_id, visitor_id, span = link
    told = "linked_at, event_id, reason, linked_by, named_at"
    held = f"SELECT has_unmerged_history, {told} FROM identity_links WHERE {_SPAN} AND subscriber_id = ?"
    at = (list_id, visitor_id, span, subscriber_id)
    rows = transaction.select(held + transaction.engine.for_update, at)
    if not rows:
        return None
    transaction.execute(_UNLINK, (subscriber_id, now, *at))
    transaction.execute(_RELEASE, at)
    transaction.execute(_NOTE, (list_id, visitor_id))
    span_rows.wall_off(transaction, list_id, visitor_id, span)
    has_unmerged_history, *named = rows[0]
    transaction.insert("identity_unlinks", _COLUMNS, [(*link, unlinking_id, now, *named)])
    late_at = now + int(SERVER_SECONDS * 1000) if transaction.engine.is_remote else now
    times = {"began_at": now, "late_at": late_at, "is_moved": False}
    past = list(MAX_POSITION) if has_unmerged_history else None
    return {
        "link": list(link),
        "before": list(MAX_POSITION),
        "past": past,
        "unlinking": unlinking_id,
        **times,
    }


def moving(transaction: Transaction, list_id: int) -> set[tuple[int, int]]:
    """(visitor_id, span) of links that were taken back and whose rows are still on their way."""
    links = [Link(*job.state["link"]) for job in job_queue.unfinished(transaction, list_id, UNMERGE)]
    return {(link.visitor_id, link.span) for link in links}


def bring_home(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """A step of the job: events that came while the span was linked and name nobody leave the person, the others link no more.

    On a server it looks a second time for what was written by those who had seen the visitor linked.
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
    moved, reached = _move(transaction, Link(*state["link"]), tuple(state["before"]), most - left)
    moved += left
    if reached is not None:
        return Step({**state, "before": list(reached)}, moved)
    if state["began_at"] >= state["late_at"]:
        return Step({**state, "is_moved": True}, moved, is_finished=True)
    again = {**state, "before": list(MAX_POSITION), "began_at": state["late_at"], "is_moved": True}
    return Step(again, moved, again_at=state["late_at"])


def _count_past(transaction: Transaction, state: Mapping[str, Any], most: int) -> tuple[int, Position | None]:
    """How many events from before the link have left with it, and down to where; None: to the end.

    They have stayed among the visitor's own, and need not be moved. Those that came after the link was taken back have
    later ids.
    """
    link, before = Link(*state["link"]), tuple(state["past"])
    [part] = newest(transaction, link.list_id, [link.visitor_id], Window(before=before), LOOKED_THROUGH)
    rows = [row for row in dict.fromkeys(part.entries) if row.event_id < state["unlinking"]]
    theirs = [row for row in rows if (row.visitor_id, row.span) == (link.visitor_id, link.span)]
    reached = part.reached
    if len(theirs) > most:
        theirs = theirs[:most]
        reached = theirs[-1].event_at, theirs[-1].event_id
    stored = read_events(transaction, link.list_id, (row.event_id for row in theirs))
    return sum(event.subscriber_id is None for event in stored.values()), reached


def _move(transaction: Transaction, link: Link, before: Position, most: int) -> tuple[int, Position | None]:
    """How many events were moved, and down to where; None: to the end."""
    visitor = identity_rows.lock_visitor(transaction, link.list_id, link.visitor_id)
    owner_id = _owner_now(transaction, link)
    if visitor is None or owner_id == link.subscriber_id:  # linked again: they are the person's
        return 0, None
    [part] = newest(transaction, link.list_id, [link.subscriber_id], Window(before=before), LOOKED_THROUGH)
    rows = dict.fromkeys(part.entries)  # a row may be in two places of a file
    theirs = [row for row in rows if (row.visitor_id, row.span) == (link.visitor_id, link.span)]
    reached = part.reached
    if len(theirs) > most:
        theirs = theirs[:most]
        reached = theirs[-1].event_at, theirs[-1].event_id
    stored = read_events(transaction, link.list_id, (row.event_id for row in theirs), is_locking=True)
    nobodys = [event for event in stored.values() if event.subscriber_id is None]
    clear_link_flags(transaction, link.list_id, stored.keys() - {event.id for event in nobodys})
    moves = [late_moves.Move(event, link.span, owner_id) for event in nobodys]
    if span_rows.has_some(transaction, link.list_id, link.visitor_id):
        moves = [_to_its_time(transaction, link, visitor[3], event, owner_id) for event in nobodys]
    late_moves.move(transaction, link.list_id, link.visitor_id, moves, [link.subscriber_id])
    return len(moves), reached


def _to_its_time(
    transaction: Transaction, link: Link, current: int, event: StoredEvent, owner_id: int
) -> late_moves.Move:
    """Somebody else may have been given the time of an event while it was on its way."""
    at = (event.event_at, event.id)
    found = span_rows.find(transaction, link.list_id, link.visitor_id, current, at)
    is_same = found.number == link.span
    return late_moves.Move(event, found.number, owner_id if is_same else found.subscriber_id)


def _owner_now(transaction: Transaction, link: Link) -> int:
    """Whose rows the events of the span stand among: its visitor's, or the person's who has them all."""
    sql = f"SELECT subscriber_id, has_unmerged_history FROM identity_links WHERE {_SPAN}{transaction.engine.for_update}"
    rows = transaction.select(sql, (link.list_id, link.visitor_id, link.span))
    subscriber_id, has_unmerged_history = rows[0] if rows else (None, 0)
    if subscriber_id is None or (has_unmerged_history and subscriber_id != link.subscriber_id):
        return link.visitor_id
    return int(subscriber_id)
