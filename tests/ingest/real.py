"""How do the steps of the model go in the real storage, and what does that look like afterwards?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import gevent

from tests.ingest.whole_model import Create, Delete, Forget, Rename, Step, Together, Track, Unmerge
from tracker.api.forget import forget
from tracker.app import build_services
from tracker.config import Settings
from tracker.domain.event import Event, Tracked
from tracker.domain.field_matching import FieldValues
from tracker.domain.spans import BEGIN
from tracker.formats.email_address import email_key
from tracker.formats.event_limits import visitor_uuid_of_hash
from tracker.jobs.kinds import JOB_KINDS
from tracker.jobs.runner import Jobs
from tracker.privacy.retention import RETENTION
from tracker.reports.ownership import SubscriberTimeline, VisitorTimeline
from tracker.reports.timeline_pages import Wanted, read_page
from tracker.services import Services
from tracker.storage.accounts.audit_log import Somebody
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events.deletion import ANONYMIZED
from tracker.storage.events.reassign import UNMERGE, SpanLink, unlink
from tracker.storage.schema.own_database import own_database
from tracker.storage.subscribers import identity_rows, span_rows
from tracker.storage.subscribers.subscribers import Changes, Who
from tracker.storage.subscribers.write_refusals import Refused
from tracker.storage.timeline import timeline_rows

#: Longer than what is done late on a server waits.
LATE_MS = 60_000
#: The uuid of the browser with the number 0.
BROWSERS_FROM = 0xB << 124
#: When events happened that bring a time: so many milliseconds after this one.
TIMES_FROM = 1_767_268_800_000
SOMEBODY = Somebody(None)


class Real:
    """Steps on one database, as commands take them."""

    def __init__(self, url: str) -> None:
        self.database = own_database(url)
        self.services: Services = build_services(
            Settings.from_environ({"TRACKER_DATABASE_URL": url}), self.database
        )

    def apply(self, list_id: int, step: Step) -> Any:
        """What the model answers, too."""
        subscribers = self.services.stores.subscribers
        try:
            if isinstance(step, Track):
                return self.services.ingest.track(_event(list_id, step)).is_identify_sent
            if isinstance(step, Together):
                stored = self.services.ingest.track_batch([_event(list_id, each) for each in step.tracks])
                return [each.is_identify_sent for each in stored if isinstance(each, Tracked)]
            if isinstance(step, Create):
                subscribers.add(list_id, Changes(_address(step.email), step.external_id))
                return "done"
            if isinstance(step, Rename):
                subscribers.change(list_id, _who(step.email), Changes(_address(step.new_email)))
                return "done"
            if isinstance(step, Delete):
                subscribers.remove(list_id, _who(step.email))
                return "done"
        except Refused as refused:
            return "nobody" if refused.refusal.name == "GONE" else "taken"
        return self._forget(list_id, step) if isinstance(step, Forget) else self._unmerge(list_id, step)

    def _forget(self, list_id: int, step: Forget) -> str:
        now = time.time_ns() // 10**6
        told = forget(self.services, SOMEBODY, list_id, _who(step.email), now, time.monotonic() + 30)
        assert told is None or told["Status"] == "finished"
        return "nobody" if told is None else "done"

    def _unmerge(self, list_id: int, step: Unmerge) -> str:
        """Whom it is taken from is looked up in the transaction that takes it, so that nothing comes between."""
        subscriber = self.services.stores.subscribers.find(list_id, _who(step.email))
        if subscriber is None:
            return "nobody"
        number, now = self.services.ingest.new_id(), time.time_ns() // 10**6

        def prepare(transaction: Transaction) -> Any:
            visitor = identity_rows.find_visitor(transaction, list_id, _browser(step.browser))
            row = visitor and identity_rows.lock_visitor(transaction, list_id, visitor[0])
            if not row:
                return None
            at = span_rows.find(transaction, list_id, row[1], row[3], (_time(step.at), 2**63 - 1))
            return unlink(transaction, SpanLink(list_id, subscriber.id, row[1], at.number), number, now)

        job = self.services.jobs.begin(list_id, UNMERGE, number, prepare, None)
        return "never" if job is None else "done"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.database.read(lambda transaction: transaction.select(sql, values))
        return found

    def settle(self, list_id: int) -> None:
        """Copy the pasts that can be copied, as is done soon after a link."""
        sql = "SELECT list_id, visitor_id, span FROM identity_links WHERE list_id = ? AND has_uncopied_history = 1"
        spans = self.rows(sql, list_id)
        self.database.write(partial(timeline_rows.copy_history, spans=spans))

    def finish(self) -> None:
        """As if enough time had passed for all jobs."""
        later = lambda: time.time_ns() // 10**6 + LATE_MS  # noqa: E731
        jobs = Jobs(self.database, JOB_KINDS, self.services.ingest.new_id, later)
        until = time.monotonic() + 60
        open_jobs = "SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL AND kind <> ?"
        while self.rows(open_jobs, RETENTION.encode()) != [(0,)]:
            assert time.monotonic() < until, "jobs are not done"
            jobs.wake()
            gevent.sleep(0.01)
        jobs.close()

    def close(self) -> None:
        self.services.jobs.close()
        self.database.close()


def state(
    real: Real, list_id: int, texts: Iterable[str], subscribers: dict[int, Any], owns: dict[bytes, Any]
) -> dict[str, Any]:
    """What `Model.state` says. `subscribers` are labels by id, `owns` those of the subscribers by the uuid of their own visitor."""
    hashes = {visitor_uuid_of_hash(list_id, hashed(text)): ("hash", text) for text in texts}
    known = hashes | {uuid: ("own", label) for uuid, label in owns.items()}
    visitors: list[Any] = []
    fresh = 0
    rows = real.rows("SELECT id, uuid FROM visitors WHERE list_id = ? ORDER BY id", list_id)
    names: dict[int, Any] = {}
    linked, by = links(real, list_id), told_by(real, list_id)
    for visitor_id, uuid in rows:
        name = _name(bytes(uuid), known)
        if name is None:
            fresh += 1
        names[visitor_id] = name or ("fresh", fresh)
        at = [(visitor_id, span) for _, span in life(real, list_id, visitor_id)]
        whose = [
            (subscribers.get(linked.get(each)), linked.get(each) is not None and by[each] == 1) for each in at
        ]
        visitors.append((names[visitor_id], whose))
    sql = "SELECT id, external_id, email_by, external_id_by FROM subscribers WHERE list_id = ?"
    there = [
        (subscribers[n], external_id and bytes(external_id).decode(), email_by == 1, id_by == 1)
        for n, external_id, email_by, id_by in real.rows(sql, list_id)
    ]
    sql = "SELECT name, visitor_id, span, subscriber_id FROM events WHERE list_id = ?"
    events = [
        (bytes(n).decode(), names[v], subscribers.get(p), subscribers.get(p or linked.get((v, s))))
        for n, v, s, p in real.rows(sql, list_id)
    ]
    return {
        "subscribers": sorted(there, key=str),
        "visitors": sorted(visitors, key=str),
        "events": sorted(events, key=str),
    }


def links(real: Real, list_id: int) -> dict[tuple[int, int], int | None]:
    """{(visitor_id, span): subscriber_id}."""
    sql = "SELECT visitor_id, span, subscriber_id FROM identity_links WHERE list_id = ?"
    return {(visitor, span): subscriber for visitor, span, subscriber in real.rows(sql, list_id)}


def told_by(real: Real, list_id: int) -> dict[tuple[int, int], int]:
    """{(visitor_id, span): who told}; what a visitor's row says of its current one is the same."""
    by = {
        (v, s): by
        for v, s, by in real.rows(
            "SELECT visitor_id, span, linked_by FROM identity_links WHERE list_id = ?", list_id
        )
    }
    sql = "SELECT id, span, linked_by FROM visitors WHERE list_id = ? AND subscriber_id IS NOT NULL"
    assert all(by[visitor, span] == told for visitor, span, told in real.rows(sql, list_id))
    return by


def life(real: Real, list_id: int, visitor_id: int) -> list[tuple[tuple[int, int], int]]:
    """(begins, span) in the order of time; the last one is the visitor's current one."""
    sql = "SELECT begins_at, begins_id, span FROM visitor_spans WHERE list_id = ? AND visitor_id = ? ORDER BY 1, 2"
    rows = [((at, number), span) for at, number, span in real.rows(sql, list_id, visitor_id)]
    [(current,)] = real.rows("SELECT span FROM visitors WHERE list_id = ? AND id = ?", list_id, visitor_id)
    rows = rows or [(BEGIN, current)]
    assert rows[0][0] == BEGIN
    assert rows[-1][1] == current
    return rows


def check_readers(real: Real, list_id: int) -> None:
    """Whether everybody's timeline has the events that are theirs by the tables of events and links, each once."""
    linked = links(real, list_id)
    sql = "SELECT id, visitor_id, span, subscriber_id, event_at FROM events WHERE list_id = ?"
    owners: dict[int, set[int]] = {}
    for row in real.database.read(lambda t: timeline_rows.read(t, "list_id = ?", (list_id,))):
        owners.setdefault(row.event_id, set()).add(row.owner_id)
    theirs: dict[int, set[int]] = {}
    nobodys: dict[int, set[int]] = {}
    unnamed: dict[int, set[int]] = {}
    lives: dict[int, list[tuple[tuple[int, int], int]]] = {}
    for event_id, visitor, span, named, at in real.rows(sql, list_id):
        owner = named or linked.get((visitor, span))
        (theirs if owner else nobodys).setdefault(owner or visitor, set()).add(event_id)
        if not named:
            known = lives.setdefault(visitor, life(real, list_id, visitor))
            assert span == [number for begins, number in known if begins <= (at, event_id)][-1]
            assert owners[event_id] <= {owner or visitor, visitor}, "what was theirs is left with somebody"
            unnamed.setdefault(visitor, set()).add(event_id)
    for (subscriber,) in real.rows("SELECT id FROM subscribers WHERE list_id = ?", list_id):
        assert _read(real, SubscriberTimeline(list_id, subscriber)) == sorted(theirs.get(subscriber, ()))
    for (visitor,) in real.rows("SELECT id FROM visitors WHERE list_id = ?", list_id):
        got = _read(real, VisitorTimeline(list_id, visitor))
        assert nobodys.get(visitor, set()) <= set(got) <= unnamed.get(visitor, set())


def _read(real: Real, whose: Any) -> list[int]:
    page = read_page(real.database, whose, Wanted(1000))
    assert page.rest is None
    return sorted(event.id for event in page.events)


def _browser(number: int) -> bytes:
    return UUID(int=BROWSERS_FROM + number).bytes


def _name(uuid: bytes, known: dict[bytes, Any]) -> Any:
    """What the model calls a visitor; None for one that had a fresh uuid."""
    if uuid.startswith(ANONYMIZED):
        return "gone"
    number = int.from_bytes(uuid) - BROWSERS_FROM
    return number if 0 < number < 1000 else known.get(uuid)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _event(list_id: int, sent: Track) -> Event:
    external_id = sent.external_id if sent.hash_of is None else hashed(sent.hash_of)
    uuid = None if sent.browser is None else _browser(sent.browser)
    now = time.time_ns() // 10**6
    at = None if sent.at is None else _time(sent.at)
    event = Event(list_id, sent.name, now, at, email=_address(sent.email), external_id=external_id, uuid=uuid)
    event.is_public = sent.is_public
    event.identified = None if sent.unique is None else FieldValues(unique=("Identifier", sent.unique))
    return event


def _time(at: int) -> int:
    return TIMES_FROM + at


def _address(text: str | None) -> tuple[str, str] | None:
    return None if text is None else email_key(text)


def _who(text: str) -> Who:
    return "email_key", text.lower()


@contextmanager
def real_on(url: str) -> Iterator[Real]:
    """A fresh database with all its tables, and a write path in this process, for as long as the block lasts."""
    made = Real(url)
    made.database.upgrade()
    yield made
    made.close()
