"""Segment answers: how many people are in segments, of how many there are, who was seen last, and who has come or gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.people_answer import answer_people
from tracker.analytics.queries.people_bits import BITS
from tracker.analytics.queries.selection import actors_in
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Head, Operator, People, SegmentMoves, SegmentSizes

DAY_MS = 86_400_000
#: Days before the newest event in which the examples are looked for, one after the other; the last is all time.
RECENT_DAYS = (1, 30, 100_000)


def answer_segment_sizes(workspace: Workspace, schema: CopySchema, sizes: SegmentSizes) -> dict[str, Any]:
    """Return the sizes in the order of the segments, `of` how many people, and `people` of the first one."""
    people = workspace.table(_people(schema, sizes.head, sizes.subscriber), [])
    tables = [actors_in(workspace, schema, sizes.head, each) for each in sizes.segments]
    columns, joined = ["count(*)"], f"FROM {people} a"
    names = list(dict.fromkeys(tables))  # a rule that stands there twice is looked at once
    for number, name in enumerate(names):
        columns.append(f"count(t{number}.actor)")
        joined += f" LEFT JOIN {name} t{number} ON t{number}.actor = a.actor"
    [(of, *found)] = workspace.rows(f"SELECT {', '.join(columns)} {joined}")
    counts = [found[names.index(name)] for name in tables]
    is_in = [each.operator is Operator.IN for each in sizes.segments]
    shown = [count if is_one else of - count for count, is_one in zip(counts, is_in, strict=True)]
    examples = _examples(workspace, schema, sizes, people, tables[0], is_in[0]) if sizes.examples else []
    return {"sizes": shown, "of": of, "people": examples}


def answer_segment_moves(workspace: Workspace, schema: CopySchema, moves: SegmentMoves) -> dict[str, Any]:
    """Return the subscribers who have `entered` the segment and who have `left` it, compared with those that are kept."""
    people, who = workspace.table(_people(schema, moves.head), []), schema.table("who")
    actors = actors_in(workspace, schema, moves.head, moves.segments[0])
    now = workspace.table(
        f"SELECT DISTINCT w.person AS id FROM {who} w SEMI JOIN {people} p ON p.actor = w.actor "
        f"SEMI JOIN {actors} s ON s.actor = w.actor WHERE w.person IS NOT NULL",
        [],
    )
    kept = workspace.table("SELECT unnest($1::BIGINT[]) AS id", [list(moves.kept)])
    found = {}
    for name, these, those in (("entered", now, kept), ("left", kept, now)):
        sql = f"SELECT id FROM {these} ANTI JOIN {those} USING (id) ORDER BY id LIMIT {moves.limit}"
        found[name] = [row[0] for row in workspace.rows(sql)]
    return found


def _people(schema: CopySchema, head: Head, subscriber: int | None = None) -> str:
    """Return a SELECT of everybody with an event that counts. Ties as bits of words take a quarter of the time of ties as rows."""
    dialect, who = schema.dialect, schema.table("who")
    at, word = f"e.{dialect.event_time}", dialect.whole_quotient("w.tie", BITS)
    only = "" if subscriber is None else f" AND w.person = {subscriber}"
    return (
        f"WITH d AS (SELECT {dialect.whole_quotient('e.tie', BITS)} AS word, bit_or({dialect.bit(f'(e.tie % {BITS})')}) AS seen "
        f"FROM {schema.table('e')} e "
        f"WHERE NOT e.is_bot AND {at} >= {head.events_from} GROUP BY 1) "
        f"SELECT DISTINCT w.actor AS actor FROM {who} w JOIN d ON d.word = {word} "
        f"WHERE {dialect.bit_of('d.seen', f'(w.tie % {BITS})')} = 1{only}"
    )


def _examples(
    workspace: Workspace, schema: CopySchema, sizes: SegmentSizes, people: str, actors: str, is_in: bool
) -> list[dict[str, Any]]:
    """Return the people who were seen last: mostly there are enough of them among those of the last days, who are found quickly."""
    at, events, who = f"e.{schema.dialect.event_time}", schema.table("e"), schema.table("who")
    first = sizes.head.events_from
    [(newest,)] = workspace.rows(f"SELECT coalesce(max({at}), 0) FROM {events} e WHERE NOT e.is_bot")
    chosen: list[int] = []
    for since in (max(newest - days * DAY_MS, first) for days in RECENT_DAYS):
        rows = workspace.rows(
            f"SELECT w.actor, max({at}) FROM {events} e JOIN {who} w ON w.tie = e.tie "
            f"WHERE NOT e.is_bot AND {at} >= {since} AND w.actor IN (SELECT actor FROM {people}) "
            f"AND w.actor {'IN' if is_in else 'NOT IN'} (SELECT actor FROM {actors}) "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {sizes.examples}"
        )
        chosen = [row[0] for row in rows]
        if len(chosen) == sizes.examples or since == first:
            break
    head = replace(sizes.head, where=())
    found: list[dict[str, Any]] = answer_people(
        workspace, schema, People(head, limit=sizes.examples), chosen
    )["people"]
    return found
