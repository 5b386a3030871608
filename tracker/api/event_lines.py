"""Event lines: the events that answer a question, read page by page from the truth, as NDJSON or CSV."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from tracker import Command
from tracker.api.csv_rows import csv_lines
from tracker.api.event_responses import described_received
from tracker.api.report_answers import scope_of
from tracker.api.report_asking import whole_answer
from tracker.domain.event import IS_BOT
from tracker.domain.spellings import PLAIN, Spellings, value_of
from tracker.questions import EventIds, Head
from tracker.storage.engine import REQUEST_SECONDS

#: Events of one page: memory holds one page.
PAGE_EVENTS = 500
#: The columns of a table, before those of properties.
EVENT_COLUMNS = (
    "EventID",
    "Event",
    "EventAt",
    "ReceivedAt",
    "SubscriberID",
    "UUID",
    "ExternalID",
    "IsRepeatedConversion",
)


class EventPage(NamedTuple):
    """Events as `ReceivedEvent`s, and the scope of the answer that named them."""

    events: list[dict[str, Any]]
    scope: dict[str, Any]


def event_pages(command: Command, head: Head, event: str | None) -> Iterator[EventPage]:
    """Yield the events that match, oldest first.

    The engine tells their ids, and the truth what they are: an event that was deleted meanwhile is in no page, nor is one that
    was found to be a robot's. Raises CommandError as `asked` does.
    """
    after: tuple[int, int] | None = None
    while True:
        deadline = time.monotonic() + REQUEST_SECONDS
        question = EventIds(head, event, after, PAGE_EVENTS)
        answer = whole_answer(command, question, deadline)
        ids = [event_id for _, event_id in answer["ids"]]
        received = command.services.reports.received(head.list_id, ids, deadline)
        events = [described_received(each) for each in received if not each.event.flags & IS_BOT]
        yield EventPage(events, scope_of(head, answer))
        if answer["next"] is None:
            return
        after = answer["next"][0], answer["next"][1]
        time.sleep(0)  # others are served between two pages


def ndjson_parts(pages: Iterable[EventPage]) -> Iterator[bytes]:
    for page in pages:
        yield b"".join(orjson.dumps(event) + b"\n" for event in page.events)


def csv_parts(
    pages: Iterable[EventPage], properties: list[str], spellings: Spellings = PLAIN
) -> Iterator[bytes]:
    """Yield a table with a column for each of the properties, in whichever spelling, and one with all properties as JSON."""
    names = [*EVENT_COLUMNS, *properties, "Properties"]
    spelled = [spellings.of_property(name) for name in properties]
    for number, page in enumerate(pages):
        rows = [_row(event, spelled) for event in page.events]
        yield b"".join(csv_lines([names, *rows] if number == 0 else rows))


def _row(event: dict[str, Any], properties: Iterable[Sequence[str]]) -> list[Any]:
    sent = event["Properties"]
    shown = [_text(next(iter(value_of(sent, spelled)), None)) for spelled in properties]
    return [*(event[name] for name in EVENT_COLUMNS), *shown, orjson.dumps(sent).decode()]


def _text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value
