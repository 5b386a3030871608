"""People answers: the actors behind a number, what they did in the range, and since when and from where they have come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.cell_actors import actors_of
from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.numbers_of_cells import money
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Head, People

#: The property of a person's first event with one, that says where they came from.
SOURCE = "$channel"
#: Orders by what was done in the range; the others are by times of all that is kept.
_OF_THE_RANGE = ("events", "revenue")


def answer_people(
    workspace: Workspace, schema: CopySchema, people: People, only: Sequence[int] | None = None
) -> dict[str, Any]:
    """Return the page of people, and how many there are in all; with `only` of these actors.

    `events` and `revenue` are of the events that match; `first_seen`, `last_seen`, `source` and `visitor` of all that is kept.
    """
    selection = _selection(workspace, schema, people)
    if only is not None:
        selection.needs_ties = True
        selection.add(_is_one_of(only))
    dialect, at, who = selection.dialect, f"e.{selection.dialect.event_time}", schema.table("who")
    source = selection.source()
    last = dialect.last("w.visitor", dialect.position("s.last_seen", "w.visitor"))
    order = f"ORDER BY {people.sort} DESC, actor"
    page = f"LIMIT {people.limit} OFFSET {people.offset}"
    is_early = people.sort in _OF_THE_RANGE  # then nobody but those of the page is looked up
    sql = (
        f"WITH d AS (SELECT e.tie AS tie, count(*) AS n, sum(e.worth) AS worth {source} GROUP BY 1), "
        "a AS MATERIALIZED (SELECT w.actor AS actor, any_value(w.person) AS person, CAST(sum(d.n) AS BIGINT) AS events, "
        f"coalesce(sum(d.worth), 0) AS revenue, count(*) OVER () AS total FROM d JOIN {who} w ON w.tie = d.tie "
        f"GROUP BY 1 {f'{order} {page}' if is_early else ''}), "
        f"o AS MATERIALIZED (SELECT w.tie AS tie, w.visitor AS visitor, w.actor AS actor FROM {who} w JOIN a ON a.actor = w.actor), "
        f"s AS (SELECT e.tie AS tie, min({at}) AS first_seen, max({at}) AS last_seen FROM {schema.table('e')} e "
        f"WHERE NOT e.is_bot AND {at} >= {people.head.events_from} AND e.tie IN (SELECT tie FROM o) GROUP BY 1), "
        f"t AS (SELECT w.actor AS actor, {last} AS visitor, max(s.last_seen) AS last_seen, "
        "min(s.first_seen) AS first_seen FROM s JOIN o w ON w.tie = s.tie GROUP BY 1) "
        "SELECT a.actor AS actor, a.person, t.visitor, t.last_seen, t.first_seen, a.events, a.total "
        f"FROM a JOIN t ON t.actor = a.actor {order} {'' if is_early else page}"
    )
    rows = workspace.rows(sql, selection.parameters.values)
    actors = [row[0] for row in rows]
    revenue, sources = (
        _revenue(workspace, schema, people, actors),
        _sources(workspace, schema, people.head, actors),
    )
    names = ("actor", "person", "visitor", "last_seen", "first_seen", "events")
    shown = [
        dict(zip(names, row[:6], strict=True))
        | {"revenue": money(revenue[row[0]]), "source": sources.get(row[0])}
        for row in rows
    ]
    return {"people": shown, "total": rows[0][6] if rows else _total(workspace, schema, people)}


def _selection(workspace: Workspace, schema: CopySchema, people: People) -> Selection:
    head = people.head
    selection = Selection(
        workspace, schema, head, people.event, Range(head.begins, head.ends, head.events_from)
    )
    selection.add_counted(people.measure, head)
    if people.is_known:
        selection.needs_ties = True
        selection.add("w.person IS NOT NULL")
    if people.subscribers is not None:
        selection.needs_ties = True
        selection.add(f"w.person IN ({', '.join(map(str, people.subscribers))})")
    if people.cell is not None:
        selection.needs_ties = True
        selection.add(f"w.actor IN (SELECT actor FROM {actors_of(workspace, schema, head, people.cell)})")
    return selection


def _total(workspace: Workspace, schema: CopySchema, people: People) -> int:
    """Return how many there are, for a page after the last."""
    if not people.offset:
        return 0
    selection = _selection(workspace, schema, people)
    selection.needs_ties = True
    sql = f"SELECT count(DISTINCT w.actor) {selection.source()}"
    rows = workspace.rows(sql, selection.parameters.values)
    return int(rows[0][0])


def _revenue(
    workspace: Workspace, schema: CopySchema, people: People, actors: Sequence[int]
) -> dict[int, dict[str, Decimal]]:
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    selection = _selection(workspace, schema, people)
    selection.needs_ties = True
    selection.add("e.worth IS NOT NULL")
    selection.add(_is_one_of(actors))
    sql = f"SELECT w.actor, e.currency, sum(e.worth) {selection.source()} GROUP BY 1, 2"
    rows = workspace.rows(sql, selection.parameters.values)
    for actor, currency, worth in rows:
        found[actor][currency or ""] = worth
    return found


def _sources(workspace: Workspace, schema: CopySchema, head: Head, actors: Sequence[int]) -> dict[int, str]:
    writer = PredicateWriter.of(schema)
    text, at = writer.text(SOURCE), f"e.{writer.dialect.event_time}"
    first = writer.dialect.first(text, writer.dialect.position(at, "e.id"))
    rows = workspace.rows(
        f"SELECT w.actor, {first} FROM {schema.table('e')} e JOIN {schema.table('who')} w ON w.tie = e.tie "
        f"WHERE NOT e.is_bot AND {at} >= {head.events_from} AND {text} IS NOT NULL AND {_is_one_of(actors)} GROUP BY 1",
        writer.parameters.values,
    )
    return dict(rows)


def _is_one_of(actors: Sequence[int]) -> str:
    return f"w.actor IN ({', '.join(map(str, actors))})" if actors else "FALSE"
