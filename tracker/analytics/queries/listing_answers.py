"""Listing answers: the values of a dimension with their events, the ids of events, and what an answer looked at."""

from __future__ import annotations

from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.measuring import Measuring
from tracker.analytics.queries.ranking import ranked
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import EventIds, Values


def answer_values(workspace: Workspace, schema: CopySchema, values: Values) -> dict[str, Any]:
    """Return the most frequent values, among those that contain the searched text in any case and are not left out."""
    head = values.head
    measuring = Measuring(
        workspace, schema, head, values.event, Range(head.begins, head.ends, head.events_from)
    )
    found = ranked(
        measuring, (values.dimension,), "events", values.limit, search=values.search, left_out=values.left_out
    )
    return {"values": [{"value": cell[0], "events": events} for cell, events in found]}


def answer_event_ids(workspace: Workspace, schema: CopySchema, ids: EventIds) -> dict[str, Any]:
    """Return [event time, id] of the next events, and the position to go on after; null at the end."""
    head = ids.head
    selection = Selection(workspace, schema, head, ids.event, Range(head.begins, head.ends, head.events_from))
    at = f"e.{selection.dialect.event_time}"
    if ids.after is not None:
        moment, number = ids.after
        selection.add(f"({at} > {moment:d} OR ({at} = {moment:d} AND e.id > {number:d}))")
    sql = f"SELECT {at}, e.id {selection.source()} ORDER BY 1, 2 LIMIT {ids.limit}"
    rows = workspace.rows(sql, selection.parameters.values)
    rows = [list(row) for row in rows]
    return {"ids": rows, "next": rows[-1] if len(rows) == ids.limit else None}


def scope_of(workspace: Workspace, schema: CopySchema, range_: Range) -> dict[str, Any]:
    """Return how many events the range has, how many of robots and of people were left out, and until when the copy is complete."""
    counts = (
        "count(*) FILTER (WHERE NOT is_bot), count(*) FILTER (WHERE is_robot), count(*) FILTER (WHERE is_bot)"
    )
    rows = workspace.rows(
        f'SELECT {counts} FROM {schema.table("e")} WHERE "at" >= {range_.first} AND "at" < {range_.ends}'
    )
    [(events, robots, not_counted)] = rows
    rows = workspace.rows(f"SELECT max(as_of) FROM {schema.table('state')}")
    [(as_of,)] = rows
    as_of = as_of or 0
    return {
        "events": events,
        "robots": robots,
        "left_out": not_counted - robots,
        "as_of": as_of,
        "is_complete": as_of >= range_.ends,
    }
