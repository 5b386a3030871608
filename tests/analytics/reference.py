"""What should a copy hold? Computed in plain Python from the truth, through the doors of storage and of `subscriber.events`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import orjson

from tracker.analytics.copy.copy_tables import read_columns, read_state
from tracker.domain.campaigns import campaign_properties
from tracker.domain.event import CONVERSION, IS_BOT, IS_PUBLIC, NOT_COUNTED, decoded_properties
from tracker.domain.field_types import shown_value
from tracker.reports.ownership import existing, subscriber_by_event
from tracker.storage.accounts import read_settings
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import scan
from tracker.storage.subscribers import copied_people, find_values


class CopiedEvent(NamedTuple):
    """One event as questions see it."""

    at: int
    name: str
    actor: int
    person: int | None
    visitor: int
    is_bot: bool
    is_counted: bool
    worth: Decimal | None
    currency: str | None
    properties: dict[str, str]


def events_of_truth(database: Database, list_id: int) -> dict[int, CopiedEvent]:
    return database.read(lambda transaction: dict(_events(transaction, list_id)))


def _events(transaction: Transaction, list_id: int) -> Iterator[tuple[int, CopiedEvent]]:
    events = scan.stored_events(transaction, list_id, -1, 1_000_000)
    settings = read_settings(transaction, list_id)
    events_from, rules = settings.events_from or 0, settings.channel_rules
    events = [event for event in events if event.event_at >= events_from]
    named = subscriber_by_event(transaction, list_id, events)
    unnamed = [event._replace(subscriber_id=None) for event in events]
    linked = subscriber_by_event(transaction, list_id, unnamed)
    known = existing(transaction, list_id, {*named.values(), *linked.values()})
    living = {number: number for number in known}
    left_out = transaction.select(
        "SELECT id FROM subscribers WHERE list_id = ? AND is_left_out = 1", (list_id,)
    )
    for event in events:
        person = next((each for each in (named[event.id], linked[event.id]) if each in living), None)
        properties = decoded_properties(bytes(event.properties))
        is_counted = event.name == CONVERSION.encode() and not event.flags & NOT_COUNTED
        value = Decimal(str(properties["conversion-value"])) if is_counted else None
        url = properties.get("$current_url")
        if isinstance(url, str) and not event.flags & IS_PUBLIC and "$channel" not in properties:
            properties = {**campaign_properties(url, properties.get("$referrer", ""), rules), **properties}
        yield event.id, CopiedEvent(
            event.event_at, bytes(event.name).decode(), person or event.visitor_id, person, event.visitor_id,
            bool(event.flags & IS_BOT) or (person,) in left_out, is_counted, value,
            str(properties.get("conversion-currency") or properties.get("currency") or "").strip().upper() if is_counted else None,
            {name: _text(item) for name, item in properties.items() if item is not None},
        )  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(_whole(value)).decode()


def _whole(value: Any) -> Any:
    """7 for 7.0, in whatever it stands."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fields_of_truth(database: Database, list_id: int) -> dict[tuple[int, int], str]:
    """{(subscriber, field): text}."""

    def work(transaction: Transaction) -> dict[tuple[int, int], str]:
        rows = transaction.select("SELECT id FROM subscribers WHERE list_id = ?", (list_id,))
        values = find_values(transaction, list_id, [row[0] for row in rows])
        types = copied_people.field_types(transaction, list_id)
        return {
            (person, number): _text(shown_value(types[number], value))
            for person, own in values.items()
            for number, value in own.items()
            if number in types
        }

    return database.read(work)


def events_of_copy(cursor: duckdb.DuckDBPyConnection, copy: str) -> dict[int, CopiedEvent]:
    """The same, as the copy tells it; an event that is there twice, or whose tie is nobody's, fails."""
    columns = read_columns(cursor, copy)
    texts = "".join(f", e.p{each.index}" for each in columns)
    rows = cursor.execute(
        f'SELECT e.id, e."at", e.name, w.actor, w.person, w.visitor, e.is_bot, e.is_counted, e.worth, e.currency, e.rest{texts}'
        f" FROM {copy}.e e LEFT JOIN {copy}.who w ON w.tie = e.tie"
    ).fetchall()
    found = {}
    for event_id, *values, rest in [(*row[:10], (row[10], row[11:])) for row in rows]:
        assert event_id not in found
        properties = {
            name: _text(item) for name, item in orjson.loads(rest[0] or "{}").items() if item is not None
        }
        own = {each.property: text for each, text in zip(columns, rest[1], strict=True) if text is not None}
        assert not properties.keys() & own.keys()
        found[event_id] = CopiedEvent(*values, properties | own)
    return found


def fields_of_copy(cursor: duckdb.DuckDBPyConnection, copy: str) -> dict[tuple[int, int], str]:
    rows = cursor.execute(f"SELECT person, field, value FROM {copy}.fields").fetchall()
    assert len(rows) == len({row[:2] for row in rows})
    return {(row[0], row[1]): row[2] for row in rows}


#: Values of visits that are compared: the property, and whether its first or its last one is kept.
_ENDS = (("$channel", 0), ("$pathname", -1))


def visits_of(
    events: dict[int, CopiedEvent], cursor: duckdb.DuckDBPyConnection, copy: str
) -> list[tuple[Any, ...]]:
    """(actor, begin, end, events but identify events, all, page views, conversions that count, and values that the copy keeps)."""
    state, columns = read_state(cursor, copy), {each.property for each in read_columns(cursor, copy)}
    assert state is not None
    found, visit = [], list[CopiedEvent]()
    ordered = sorted((each.actor, each.at, number) for number, each in events.items() if not each.is_bot)
    for actor, at, number in [*ordered, (0, 0, 0)]:
        if visit and (actor != visit[-1].actor or at - visit[-1].at > state.visit_gap_ms):
            names = [each.name for each in visit]
            kept = [_end(visit, name, place) if name in columns else None for name, place in _ENDS]
            found.append((
                visit[0].actor, visit[0].at, visit[-1].at, len(names) - names.count("identify"), len(names),
                names.count("page_view"), sum(each.is_counted for each in visit), *kept,
            ))  # fmt: skip
            visit = []
        visit += [events[number]] if number else []
    return found


def _end(visit: list[CopiedEvent], name: str, place: int) -> str | None:
    values = [each.properties[name] for each in visit if name in each.properties]
    return values[place] if values else None


def visits_of_copy(cursor: duckdb.DuckDBPyConnection, copy: str) -> list[tuple[Any, ...]]:
    """The same, as the copy keeps them."""
    indexes = {each.property: each.index for each in read_columns(cursor, copy)}
    ends = [f"{'az'[place]}{indexes[name]}" if name in indexes else "NULL" for name, place in _ENDS]
    return cursor.execute(
        f"SELECT actor, began, ended, events, total, views, counted, {', '.join(ends)} FROM {copy}.visits ORDER BY actor, began"
    ).fetchall()
