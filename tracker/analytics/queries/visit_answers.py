"""Visit answers: the visits of which an event matches, and one visit with its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.numbers_of_cells import money
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.visit_table import AROUND_MS
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Visit, Visits

#: What a visit shows: name -> (property, at its entry or exit).
SHOWN = {
    "entry": ("$pathname", "entry"),
    "exit": ("$pathname", "exit"),
    "channel": ("$channel", "entry"),
    "campaign": ("$utm_campaign", "entry"),
    "device": ("$device_type", "entry"),
    "country": ("$country", "entry"),
}
#: Events of one visit that are listed, the first ones.
MAX_EVENTS = 10_000

#: (actor, when the first event was, when the last one was).
Stay = tuple[int, int, int]


def answer_visits(workspace: Workspace, schema: CopySchema, visits: Visits) -> dict[str, Any]:
    """Return the page of visits, and how many there are in all."""
    head = visits.head
    selection = Selection(
        workspace, schema, head, visits.event, Range(head.begins, head.ends, head.events_from)
    )
    selection.visits.use()
    matching = (
        f"m AS (SELECT DISTINCT p.actor AS actor, p.began AS began, p.ended AS ended {selection.source()})"
    )
    sql = (
        f"WITH {matching} SELECT actor, began, ended, count(*) OVER () FROM m "
        f"ORDER BY began DESC, actor LIMIT {visits.limit} OFFSET {visits.offset}"
    )
    rows = workspace.rows(sql, selection.parameters.values)
    total = rows[0][3] if rows else 0
    if not rows and visits.offset:
        [(total,)] = workspace.rows(f"WITH {matching} SELECT count(*) FROM m", selection.parameters.values)
    return {"visits": _described(workspace, schema, [row[:3] for row in rows]), "total": total}


def answer_visit(workspace: Workspace, schema: CopySchema, visit: Visit) -> dict[str, Any]:
    """Return the visit that has the event, and the ids of its events in their order; null and none if it is not there."""
    table = schema.table
    rows = workspace.rows(
        f'SELECT w.actor, e."at" FROM {table("e")} e JOIN {table("who")} w ON w.tie = e.tie '
        f'WHERE e.id = $1 AND NOT e.is_bot AND e."at" >= {visit.events_from}',
        [visit.event_id],
    )
    found = rows
    if not found:
        return {"visit": None, "events": []}
    [(actor, moment)] = found
    events = _events_around(workspace, schema, visit, actor, moment)
    numbers = [number for number, (_, event_id) in enumerate(events) if event_id == visit.event_id]
    first = last = numbers[0]
    while first > 0 and events[first][0] - events[first - 1][0] <= visit.visit_gap_ms:
        first -= 1
    while last + 1 < len(events) and events[last + 1][0] - events[last][0] <= visit.visit_gap_ms:
        last += 1
    [described] = _described(workspace, schema, [(actor, events[first][0], events[last][0])])
    return {"visit": described, "events": [event_id for _, event_id in events[first : last + 1]][:MAX_EVENTS]}


def _events_around(
    workspace: Workspace, schema: CopySchema, visit: Visit, actor: int, moment: int
) -> list[Any]:
    first = max(moment - AROUND_MS, visit.events_from)
    return workspace.rows(
        f'SELECT e."at", e.id FROM {schema.table("e")} e JOIN {schema.table("who")} w ON w.tie = e.tie '
        f'WHERE w.actor = {actor} AND NOT e.is_bot AND e."at" >= {first} AND e."at" < {moment + AROUND_MS} ORDER BY 1, 2'
    )


def _described(workspace: Workspace, schema: CopySchema, stays: Sequence[Stay]) -> list[dict[str, Any]]:
    """Return what is shown of visits, from the events that their actors have between the first and the last."""
    if not stays:
        return []
    writer = PredicateWriter.of(schema)
    dialect, at = writer.dialect, f"e.{writer.dialect.event_time}"
    order = dialect.position(at, "e.id")
    columns = [
        dialect.first("e.id", order),
        dialect.last("w.visitor", order),
        "any_value(w.person)",
        "count(*)",
    ]
    for name, end in SHOWN.values():
        text = writer.text(name)
        ending = dialect.first(text, order) if end == "entry" else dialect.last(text, order)
        columns.append(f"{ending} FILTER (WHERE {text} IS NOT NULL)")
    joined = _joined(schema, stays, at)
    rows = workspace.rows(
        f"SELECT o.n, {', '.join(columns)} {joined} GROUP BY o.n ORDER BY o.n", writer.parameters.values
    )
    sums = f"SELECT o.n, e.currency, sum(e.worth) {joined} AND e.worth IS NOT NULL GROUP BY 1, 2"
    revenue: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for number, currency, worth in workspace.rows(sums):
        revenue[number][currency or ""] = worth
    return [_shown(stays[number], row, revenue[number]) for number, *row in rows]


def _joined(schema: CopySchema, stays: Sequence[Stay], at: str) -> str:
    rows = [(number, *stay) for number, stay in enumerate(stays)]
    stay = schema.dialect.rows_as("o", ("n", "actor", "began", "ended"), rows)
    least, most = min(began for _, began, _ in stays), max(ended for _, _, ended in stays)
    return (
        f"FROM {schema.table('e')} e JOIN {schema.table('who')} w ON w.tie = e.tie "
        f"JOIN {stay} ON o.actor = w.actor AND {at} >= o.began AND {at} <= o.ended "
        f"WHERE NOT e.is_bot AND {at} >= {least} AND {at} <= {most}"
    )


def _shown(stay: Stay, row: Sequence[Any], revenue: dict[str, Decimal]) -> dict[str, Any]:
    actor, began, ended = stay
    visit, visitor, subscriber, events, *values = row
    return {
        "visit": visit,
        "actor": actor,
        "person": subscriber,
        "visitor": visitor,
        "begins": began,
        "ends": ended,
        "seconds": (ended - began) / 1000,
        "events": events,
        **dict(zip(SHOWN, values, strict=True)),
        "revenue": money(revenue),
    }
