"""Reassignment after unlinking: removes the link of a visitor's span and moves its timeline rows to their new owner, in steps.

The link's row is cleared first, so that readers are right at once: an event that names no subscriber is a subscriber's
only while its link says so. Its timeline rows follow in steps of a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker.domain.spans import Position
from tracker.storage import changes, job_queue
from tracker.storage.engine.database import in_flight_seconds
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events import late_moves
from tracker.storage.events.events import StoredEvent, clear_link_flags, read_events
from tracker.storage.job_queue import Job, Step
from tracker.storage.subscribers import identity_rows, span_rows
from tracker.storage.timeline.timeline_reading import MAX_POSITION, Part, Window, newest, position_of

#: The kind of the job that reassigns the rows.
UNMERGE = "unmerge"
#: Rows of the subscriber examined in one step: bounds how long it delays events.
MAX_EXAMINED = 2_000

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
_UNLINKED = "SELECT span, id FROM identity_unlinks WHERE list_id = ? AND subscriber_id = ? AND visitor_id = ? ORDER BY id"
_UNLINK = (
    "UPDATE identity_links SET subscriber_id = NULL, has_uncopied_history = 0, unlinked_from = ?, unlinked_at = ?"
    f" WHERE {_SPAN} AND subscriber_id = ?"
)
_RELEASE = (
    "UPDATE visitors SET subscriber_id = NULL, named_at = NULL, named_id = NULL"
    " WHERE list_id = ? AND id = ? AND span = ? AND subscriber_id = ?"
)
_BUMP_VERSION = "UPDATE visitors SET version = version + 1 WHERE list_id = ? AND id = ?"


class SpanLink(NamedTuple):
    """A visitor's span and the subscriber it is or was linked to."""

    list_id: int
    subscriber_id: int
    visitor_id: int
    span: int


class Links(NamedTuple):
    """Spans of one visitor that are linked to one subscriber; and those unlinked, with the id of the last unlinking."""

    visitor_id: int
    linked: set[int]
    unlinked: dict[int, int]


def links_of(transaction: Transaction, list_id: int, subscriber_id: int, uuid: bytes) -> Links | None:
    """Return the links of a visitor to a subscriber; None if there is no such visitor."""
    visitor = identity_rows.find_visitor(transaction, list_id, uuid)
    if visitor is None:
        return None
    sql = "SELECT span FROM identity_links WHERE list_id = ? AND visitor_id = ? AND subscriber_id = ?"
    linked = {row[0] for row in transaction.select(sql, (list_id, visitor[0], subscriber_id))}
    unlinked = transaction.select(_UNLINKED, (list_id, subscriber_id, visitor[0]))
    return Links(visitor[0], linked, dict(unlinked))


def unlink(transaction: Transaction, link: SpanLink, unlinking_id: int, now: int) -> Mapping[str, Any] | None:
    """Clear a link; return the first state of the job that reassigns its rows, or None if there is no such link any more.

    If the span was the visitor's current one, the visitor then has no subscriber: the next link takes the open span
    with its history.
    """
    list_id, subscriber_id, visitor_id, span = link
    logged = "linked_at, event_id, reason, linked_by, named_at"
    select = f"SELECT has_uncopied_history, {logged} FROM identity_links WHERE {_SPAN} AND subscriber_id = ?"
    key = (list_id, visitor_id, span, subscriber_id)
    rows = transaction.select(select + transaction.engine.for_update, key)
    if not rows:
        return None
    transaction.execute(_UNLINK, (subscriber_id, now, *key))
    changes.note_links(transaction, list_id, [(visitor_id, span)])
    transaction.execute(_RELEASE, key)
    transaction.execute(_BUMP_VERSION, (list_id, visitor_id))
    span_rows.wall_off(transaction, list_id, visitor_id, span)
    has_uncopied_history, *named = rows[0]
    transaction.insert("identity_unlinks", _COLUMNS, [(*link, unlinking_id, now, *named)])
    late_at = now + int(in_flight_seconds(transaction.engine) * 1000)
    times = {"began_at": now, "late_at": late_at, "is_moved": False}
    past = list(MAX_POSITION) if has_uncopied_history else None
    return {
        "link": list(link),
        "before": list(MAX_POSITION),
        "past": past,
        "unlinking": unlinking_id,
        **times,
    }


def pending_reassignments(transaction: Transaction, list_id: int) -> set[tuple[int, int]]:
    """Return (visitor_id, span) of removed links whose rows are still being reassigned."""
    links = [SpanLink(*job.state["link"]) for job in job_queue.unfinished(transaction, list_id, UNMERGE)]
    return {(link.visitor_id, link.span) for link in links}


def reassign_step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Do one step of the job: move the events that came while the span was linked; clear the link flag of the others.

    Only events that name no subscriber move. On a server a second pass follows after the in-flight window, for rows of
    writers that had still seen the link.
    """
    state = job.state
    left = 0
    if state.get("past") is not None:
        left, reached = _count_history(transaction, state, most)
        state = {**state, "past": None if reached is None else list(reached)}
        if reached is not None or left >= most:
            return Step(state, left)
    if now < state["late_at"] and state["is_moved"]:
        return Step(state, again_at=state["late_at"])
    moved, reached = _move(transaction, SpanLink(*state["link"]), tuple(state["before"]), most - left)
    moved += left
    if reached is not None:
        return Step({**state, "before": list(reached)}, moved)
    if state["began_at"] >= state["late_at"]:
        return Step({**state, "is_moved": True}, moved, is_finished=True)
    again = {**state, "before": list(MAX_POSITION), "began_at": state["late_at"], "is_moved": True}
    return Step(again, moved, again_at=state["late_at"])


def _count_history(
    transaction: Transaction, state: Mapping[str, Any], most: int
) -> tuple[int, Position | None]:
    """Count the events from before the link that left with it; return (count, position reached or None at the end).

    Their rows are still under the visitor and need not be moved. Events that came after the unlinking have later ids.
    """
    link, before = SpanLink(*state["link"]), tuple(state["past"])
    [part] = newest(transaction, link.list_id, [link.visitor_id], Window(before=before), MAX_EXAMINED)
    event_ids, reached = _of_span(part, link, most, before_id=state["unlinking"])
    stored = read_events(transaction, link.list_id, event_ids)
    return sum(event.subscriber_id is None for event in stored.values()), reached


def _move(
    transaction: Transaction, link: SpanLink, before: Position, most: int
) -> tuple[int, Position | None]:
    """Move at most `most` events; return (count, position reached or None at the end)."""
    visitor = identity_rows.lock_visitor(transaction, link.list_id, link.visitor_id)
    owner_id = _owner_now(transaction, link)
    if visitor is None or owner_id == link.subscriber_id:  # linked again: the rows stay
        return 0, None
    [part] = newest(transaction, link.list_id, [link.subscriber_id], Window(before=before), MAX_EXAMINED)
    event_ids, reached = _of_span(part, link, most)
    stored = read_events(transaction, link.list_id, event_ids, is_locking=True)
    unnamed = [event for event in stored.values() if event.subscriber_id is None]
    clear_link_flags(transaction, link.list_id, stored.keys() - {event.id for event in unnamed})
    moves = [late_moves.Move(event, link.span, owner_id) for event in unnamed]
    if span_rows.has_some(transaction, link.list_id, link.visitor_id):
        moves = [_to_its_time(transaction, link, visitor[3], event, owner_id) for event in unnamed]
    late_moves.move(transaction, link.list_id, link.visitor_id, moves, [link.subscriber_id])
    return len(moves), reached


def _of_span(
    part: Part, link: SpanLink, most: int, before_id: int = MAX_POSITION[0]
) -> tuple[list[int], Position | None]:
    """Return the ids below `before_id` of at most `most` events of the link's span, and the position reached.

    A row may be in two tables of a file, and counts once.
    """
    rows = [row for row in dict.fromkeys(part.entries) if row.event_id < before_id]
    rows = [row for row in rows if (row.visitor_id, row.span) == (link.visitor_id, link.span)]
    reached = part.reached if len(rows) <= most else position_of(rows[most - 1])
    return [row.event_id for row in rows[:most]], reached


def _to_its_time(
    transaction: Transaction, link: SpanLink, current: int, event: StoredEvent, owner_id: int
) -> late_moves.Move:
    """Return the move of an event to the span that has its time now: that time may have got another subscriber meanwhile."""
    position = (event.event_at, event.id)
    found = span_rows.find(transaction, link.list_id, link.visitor_id, current, position)
    is_same = found.number == link.span
    return late_moves.Move(event, found.number, owner_id if is_same else found.subscriber_id)


def _owner_now(transaction: Transaction, link: SpanLink) -> int:
    """Return the owner of the span's rows now: the visitor, or the subscriber to whom all of them were copied."""
    sql = f"SELECT subscriber_id, has_uncopied_history FROM identity_links WHERE {_SPAN}{transaction.engine.for_update}"
    rows = transaction.select(sql, (link.list_id, link.visitor_id, link.span))
    subscriber_id, has_uncopied_history = rows[0] if rows else (None, 0)
    if subscriber_id is None or (has_uncopied_history and subscriber_id != link.subscriber_id):
        return link.visitor_id
    return int(subscriber_id)
