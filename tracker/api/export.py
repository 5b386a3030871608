"""Data export: everything stored about a subscriber as one JSON document, streamed page by page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import orjson

from tracker.api.event_responses import described, summed
from tracker.api.inbox_params import since
from tracker.api.refused_calls import body_answer
from tracker.domain.event import CONVERSION, NOT_COUNTED
from tracker.domain.event_ids import sent_key
from tracker.domain.identity import Reason
from tracker.domain.provenance import By
from tracker.formats.email_address import email_key
from tracker.formats.event_limits import uuid_text
from tracker.reports.revenue import Revenue, Sum, worth
from tracker.reports.timeline_pages import TimelinePage
from tracker.storage import rejections
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import PAGE, LinkedVisitor, StoredEvent, deletion, export_rows, read_events
from tracker.storage.subscribers import StoredSubscriber, identity_rows
from tracker.storage.timeline import TimelineEntry, timeline_rows
from tracker.times import iso_utc

#: The first position in a timeline.
START = (-(2**63), 0)
_CONVERSION = CONVERSION.encode()
#: Parameters of an event that say whose it is, beside its address and browser.
_NUMBERS = ("subscriberid", "id", "externalid")


class Naming:
    """By what a refused event names a subscriber: address, own number, ID, and browsers that are linked to them."""

    def __init__(self, subscriber: StoredSubscriber) -> None:
        key = None if subscriber.email is None else email_key(subscriber.email)
        self._address = None if key is None else key[1]
        self._numbers = {
            "subscriberid": str(subscriber.id),
            **dict.fromkeys(_NUMBERS[1:], subscriber.external_id),
        }
        self.uuids: set[str] = set()

    def is_in(self, sent: Mapping[str, Any]) -> bool:
        """Return whether parameters name the subscriber. An address says more than an ID, an ID more than a browser."""
        texts = {
            name.lower(): str(value).strip() for name, value in sent.items() if isinstance(value, (str, int))
        }
        addresses = {key[1] for text in texts.values() if (key := email_key(text)) is not None}
        if addresses:
            return self._address in addresses
        if any(name in texts for name in _NUMBERS):
            return any(texts.get(name) == number for name, number in self._numbers.items() if number)
        return any(text.lower() in self.uuids for text in texts.values())


class Export:
    """One export. Memory holds one page of it, and the sums."""

    def __init__(self, database: Database, list_id: int, subscriber: StoredSubscriber, now: int) -> None:
        self._database, self._list_id, self._subscriber_id = database, list_id, subscriber.id
        self._now, self._naming = now, Naming(subscriber)
        #: Spans whose history was read under the visitor: rows copied to the subscriber meanwhile are not exported twice.
        self._histories: set[tuple[int, int]] = set()
        self._sums: dict[str, list[int]] = {}

    def parts(self, head: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield the document: `head`, then its arrays, and `Complete` at the very end. Raises StorageUnavailable."""
        yield orjson.dumps(head)[:-1]
        yield from _array("Visitors", map(self._visitor, self._links()))
        yield from _array("Events", self._events())
        by_currency = Revenue([Sum(currency, *sums) for currency, sums in sorted(self._sums.items())], True)
        yield b',"Revenue":' + orjson.dumps(summed(by_currency)["Revenue"])
        yield from _array("RefusedEvents", self._refused())
        yield from _array("AuditEntries", self._entries())
        yield b',"Complete":true}'

    def _links(self) -> Iterator[LinkedVisitor]:
        read = partial(export_rows.links_page, list_id=self._list_id, subscriber_id=self._subscriber_id)
        page = self._database.read(partial(read, after=(-1, -1)))
        while page:
            yield from page
            _yield_to_others()
            page = self._database.read(partial(read, after=(page[-1].visitor_id, page[-1].span)))

    def _visitor(self, linked: LinkedVisitor) -> dict[str, Any]:
        self._naming.uuids.add(uuid_text(linked.uuid))
        return _link(linked)

    def _refused(self) -> Iterator[dict[str, Any]]:
        """Yield the refused events that are kept with their values and name the subscriber. Without values none names anybody."""
        read = partial(rejections.whole_bodies, list_id=self._list_id, since=since(self._now))
        bodies = (body_answer(each) for each in self._database.read(read))
        return (each for each in bodies if self._naming.is_in(each["Sent"]))

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield the events of uncopied visitor histories, then of the subscriber's own timeline, each oldest first."""
        for linked in self._links():
            if linked.has_uncopied_history:
                self._histories.add((linked.visitor_id, linked.span))
                yield from self._events_of(linked.visitor_id, linked.span)
        yield from self._events_of(self._subscriber_id, None)

    def _events_of(self, owner_id: int, span: int | None) -> Iterator[dict[str, Any]]:
        after = START
        read = partial(self._page, owner_id=owner_id, span=span)
        while page := self._database.read(partial(read, after=after)):
            rows, described = page
            yield from described
            after = (rows[-1].event_at, rows[-1].event_id)
            _yield_to_others()

    def _page(
        self, transaction: Transaction, owner_id: int, span: int | None, after: tuple[int, int]
    ) -> tuple[list[TimelineEntry], list[dict[str, Any]]] | None:
        rows = deletion.entries_of(transaction, self._list_id, owner_id, after, PAGE)
        if not rows:
            return None
        wanted = [row for row in rows if span is None or row.span == span]
        found = read_events(transaction, self._list_id, (row.event_id for row in wanted))
        events = self._owned(transaction, [found[row.event_id] for row in wanted if row.event_id in found])
        if span is None:
            events = [event for event in events if not self._is_exported(transaction, event)]
        return rows, self._described(transaction, events)

    def _owned(self, transaction: Transaction, events: list[StoredEvent]) -> list[StoredEvent]:
        links = deletion.links_of(
            transaction, self._list_id, ((e.visitor_id, e.span) for e in events if e.subscriber_id is None)
        )
        no_link = (None, None)
        return [
            event
            for event in events
            if (event.subscriber_id or links.get((event.visitor_id, event.span), no_link)[0])
            == self._subscriber_id
        ]

    def _is_exported(self, transaction: Transaction, event: StoredEvent) -> bool:
        """Return whether the event was exported with its visitor's history."""
        if event.subscriber_id is not None or (event.visitor_id, event.span) not in self._histories:
            return False
        where = "list_id = ? AND owner_id = ? AND event_at = ? AND event_id = ?"
        key = (self._list_id, event.visitor_id, event.event_at, event.id)
        return bool(timeline_rows.read(transaction, where, key))

    def _described(self, transaction: Transaction, events: list[StoredEvent]) -> list[dict[str, Any]]:
        ids = [event.id for event in events]
        clocks = export_rows.clocks(transaction, self._list_id, ids)
        keys = {row[2]: sent_key(row[0]) for row in deletion.event_keys(transaction, self._list_id, ids)}
        uuids = identity_rows.uuids_of(transaction, self._list_id, (event.visitor_id for event in events))
        for event in events:
            self._sum_up(event)
        shown = described(TimelinePage(events, None, uuids))
        return [
            {**each, "ClientEventID": keys.get(event.id), **_clocks(*clocks.get(event.id, (None, None)))}
            for each, event in zip(shown, events, strict=True)
        ]

    def _sum_up(self, event: StoredEvent) -> None:
        if event.name == _CONVERSION and not event.flags & NOT_COUNTED:
            currency, millionths = worth(event)
            sums = self._sums.setdefault(currency, [0, 0])
            sums[0] += 1
            sums[1] += millionths

    def _entries(self) -> Iterator[dict[str, Any]]:
        about = f"list:{self._list_id} subscriber:{self._subscriber_id}".encode()
        read = partial(export_rows.entries_page, about=about)
        entries, last = self._database.read(partial(read, after_id=0))
        while last is not None:
            for entry_id, at, action in entries:
                yield {"EntryID": entry_id, "At": iso_utc(at), "Action": action}
            _yield_to_others()
            entries, last = self._database.read(partial(read, after_id=last))


def _array(name: str, rows: Iterable[Any]) -> Iterator[bytes]:
    yield b',"%s":[' % name.encode()
    is_first = True
    for row in rows:
        yield (b"" if is_first else b",") + orjson.dumps(row)
        is_first = False
    yield b"]"


def _link(linked: LinkedVisitor) -> dict[str, Any]:
    return {
        "UUID": uuid_text(linked.uuid),
        "CreatedOn": iso_utc(linked.created_at),
        "Span": linked.span,
        "LinkedAt": iso_utc(linked.named_at),
        "Reason": Reason(linked.reason).name.lower() if linked.reason in set(Reason) else "other",
        "By": By(linked.by).name.lower(),
    }


def _clocks(claimed_at: int | None, sent_at: int | None) -> dict[str, str | None]:
    """Return the times by the client's clock."""
    return {
        "ClientTimestamp": None if claimed_at is None else iso_utc(claimed_at),
        "SentAt": None if sent_at is None else iso_utc(sent_at),
    }


def _yield_to_others() -> None:
    """Yield to other requests between two pages, so that none waits for the whole document."""
    time.sleep(0)
