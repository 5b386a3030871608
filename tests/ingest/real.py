"""How do the steps of the model go in the real storage, and what does that look like afterwards?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

import gevent

from tests.ingest.whole_model import Create, Delete, Forget, Rename, Step, Together, Track, Unmerge
from tracker.app import build_services
from tracker.config import Settings
from tracker.email_address import email_key
from tracker.ingest.event import Event, Tracked
from tracker.ingest.rules import visitor_uuid_of_hash
from tracker.jobs.runner import Jobs
from tracker.privacy.care import CARE
from tracker.privacy.forget_call import forget
from tracker.privacy.kinds import JOB_KINDS
from tracker.reports.timeline import Wanted, read_page
from tracker.reports.whose import PersonsOwn, VisitorsOwn
from tracker.services import Services
from tracker.storage import timeline
from tracker.storage.audit import Somebody
from tracker.storage.database import Database
from tracker.storage.erasing import NAMELESS
from tracker.storage.refusals import Refused
from tracker.storage.subscribers import Changes, Who
from tracker.storage.unbinding import UNMERGE, bring_home
from tracker.subscribers.field_values import FieldValues
from tracker.subscribers.unmerging import Unmerged, unmerge

#: Longer than what is done late on a server waits.
LATE_MS = 60_000
#: The uuid of the browser with the number 0.
BROWSERS_FROM = 0xB << 124
SOMEBODY = Somebody(None)


class Real:
    """Steps on one database, as commands take them."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
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
        person = self.services.stores.subscribers.find(list_id, _who(step.email))
        if person is None:
            return "nobody"
        uuid = _browser(step.browser)
        done = unmerge(self.services, list_id, person.id, uuid, step.segment, None)
        return "done" if isinstance(done, Unmerged) else "never"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.database.read(lambda transaction: transaction.select(sql, values))
        return found

    def settle(self, list_id: int) -> None:
        """Copy the pasts that can be copied, as is done soon after a bind."""
        sql = "SELECT list_id, visitor_id, segment FROM bindings WHERE list_id = ? AND has_past = 1"
        segments = self.rows(sql, list_id)
        self.database.write(partial(timeline.settle, segments=segments))

    def finish(self) -> None:
        """As if enough time had passed for all jobs."""
        later = lambda: time.time_ns() // 10**6 + LATE_MS  # noqa: E731
        jobs = Jobs(self.database, {**JOB_KINDS, UNMERGE: bring_home}, self.services.ingest.new_id, later)
        until = time.monotonic() + 60
        open_jobs = "SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL AND kind <> ?"
        while self.rows(open_jobs, CARE.encode()) != [(0,)]:
            assert time.monotonic() < until, "jobs are not done"
            jobs.wake()
            gevent.sleep(0.01)
        jobs.close()

    def close(self) -> None:
        self.services.jobs.close()
        self.database.close()


def state(
    real: Real, list_id: int, texts: Iterable[str], persons: dict[int, Any], owns: dict[bytes, Any]
) -> dict[str, Any]:
    """What `Model.state` says. `persons` are labels by id, `owns` those of the persons by the uuid of their own visitor."""
    hashes = {visitor_uuid_of_hash(list_id, hashed(text)): ("hash", text) for text in texts}
    known = hashes | {uuid: ("own", label) for uuid, label in owns.items()}
    visitors: list[Any] = []
    fresh = 0
    sql = "SELECT id, uuid, segment, subscriber_id, bound_by FROM visitors WHERE list_id = ? ORDER BY id"
    rows = real.rows(sql, list_id)
    names: dict[int, Any] = {}
    for visitor_id, uuid, segment, bound, by in rows:
        name = _name(bytes(uuid), known)
        if name is None:
            fresh += 1
        names[visitor_id] = name or ("fresh", fresh)
        visitors.append((names[visitor_id], segment, persons.get(bound), bound is not None and by == 1))
    sql = "SELECT id, external_id, email_by, external_id_by FROM subscribers WHERE list_id = ?"
    there = [
        (persons[n], external_id and bytes(external_id).decode(), email_by == 1, id_by == 1)
        for n, external_id, email_by, id_by in real.rows(sql, list_id)
    ]
    sql = "SELECT visitor_id, segment, subscriber_id, bound_by FROM bindings WHERE list_id = ?"
    bindings = {
        (names[v], s): (persons.get(p), p is not None and by == 1) for v, s, p, by in real.rows(sql, list_id)
    }
    sql = "SELECT name, visitor_id, segment, subscriber_id FROM events WHERE list_id = ?"
    events = [(bytes(n).decode(), names[v], s, persons.get(p)) for n, v, s, p in real.rows(sql, list_id)]
    return {
        "persons": sorted(there, key=str),
        "visitors": sorted(visitors, key=str),
        "bindings": bindings,
        "events": sorted(events, key=str),
    }


def check_readers(real: Real, list_id: int) -> None:
    """Whether everybody's timeline has the events that are theirs by the tables of events and bindings, each once."""
    sql = "SELECT visitor_id, segment, subscriber_id FROM bindings WHERE list_id = ?"
    bound = {(visitor, segment): person for visitor, segment, person in real.rows(sql, list_id)}
    sql = "SELECT id, visitor_id, segment, subscriber_id FROM events WHERE list_id = ?"
    owners: dict[int, set[int]] = {}
    for row in real.database.read(lambda t: timeline.read(t, "list_id = ?", (list_id,))):
        owners.setdefault(row.event_id, set()).add(row.owner_id)
    theirs: dict[int, set[int]] = {}
    nobodys: dict[int, set[int]] = {}
    unnamed: dict[int, set[int]] = {}
    for event_id, visitor, segment, named in real.rows(sql, list_id):
        owner = named or bound.get((visitor, segment))
        (theirs if owner else nobodys).setdefault(owner or visitor, set()).add(event_id)
        if not named:
            assert owners[event_id] <= {owner or visitor, visitor}, "what was theirs is left with somebody"
            unnamed.setdefault(visitor, set()).add(event_id)
    for (person,) in real.rows("SELECT id FROM subscribers WHERE list_id = ?", list_id):
        assert _read(real, PersonsOwn(list_id, person)) == sorted(theirs.get(person, ()))
    for (visitor,) in real.rows("SELECT id FROM visitors WHERE list_id = ?", list_id):
        got = _read(real, VisitorsOwn(list_id, visitor))
        assert nobodys.get(visitor, set()) <= set(got) <= unnamed.get(visitor, set())


def _read(real: Real, whose: Any) -> list[int]:
    page = read_page(real.database, whose, Wanted(1000))
    assert page.rest is None
    return sorted(event.id for event in page.events)


def _browser(number: int) -> bytes:
    return UUID(int=BROWSERS_FROM + number).bytes


def _name(uuid: bytes, known: dict[bytes, Any]) -> Any:
    """What the model calls a visitor; None for one that had a fresh uuid."""
    if uuid.startswith(NAMELESS):
        return "gone"
    number = int.from_bytes(uuid) - BROWSERS_FROM
    return number if 0 < number < 1000 else known.get(uuid)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _event(list_id: int, sent: Track) -> Event:
    external_id = sent.external_id if sent.hash_of is None else hashed(sent.hash_of)
    uuid = None if sent.browser is None else _browser(sent.browser)
    now = time.time_ns() // 10**6
    event = Event(list_id, sent.name, now, email=_address(sent.email), external_id=external_id, uuid=uuid)
    event.is_public = sent.is_public
    event.identified = None if sent.unique is None else FieldValues(unique=("Identifier", sent.unique))
    return event


def _address(text: str | None) -> tuple[str, str] | None:
    return None if text is None else email_key(text)


def _who(text: str) -> Who:
    return "email_key", text.lower()
