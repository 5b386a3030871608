"""Seeding: stores made-up traffic in a list through the write path of `tracker import`, once for each seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracker.api.event_params import EVENT_ID_TAKEN
from tracker.demo.traffic.made_events import Made
from tracker.demo.traffic.people import FIELDS
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.errors import CommandError
from tracker.importing.importer import Import, Say, Target
from tracker.importing.interrupts import Interrupts
from tracker.importing.records import Record
from tracker.services import Services

#: As many come alone: what Tracker adds to a group stands behind all of it, and the newest events are what one sees first.
MAX_ALONE = 50


@dataclass(slots=True)
class MadeRecord(Record):
    """A made-up event, in the place of a file's record; a browser's has a `user_agent`, and when it was sent."""

    user_agent: str | None = None
    sent_at: int | None = None


@dataclass(slots=True)
class Filled:
    """The outcome so far. Events that `were_there` are of an earlier run with this seed."""

    stored: int = 0
    were_there: int = 0
    by_name: Counter[str] = field(default_factory=Counter)


class Filling:
    """One run of seeding; `user_id` owns the list."""

    def __init__(self, services: Services, user_id: int, list_id: int, say: Say) -> None:
        self._services, self._user_id, self._list_id, self._say = services, user_id, list_id, say

    def make_fields(self) -> None:
        """Make the custom fields that identify events fill, where the list lacks them."""
        fields = self._services.stores.fields
        there = {each.alias for each in fields.of_list(self._list_id)}
        for name, alias, data_type in FIELDS:
            if alias not in there:
                fields.add(self._list_id, name, alias, data_type, is_unique=False)

    def run(self, events: list[Made]) -> Iterator[Filled]:
        """Store all events. Yields the outcome so far after each group. Raises KeyboardInterrupt between two groups."""
        filled = Filled(by_name=Counter(event.params["Event"] for event in events))
        with Interrupts() as interrupts:
            target = Target(self._user_id, None, is_form=False)
            stores = self._services.stores
            job = Import(
                self._services.ingest,
                stores.lists,
                target,
                interrupts,
                self._say,
                self._refused,
                _seen_by_the_door,
            )
            for part in _parts(events):
                for counts in job.run(self._records(part)):
                    # An earlier run with this seed was at another time, so that its events happened at other times.
                    filled.stored, filled.were_there = counts.stored, counts.duplicates + counts.rejected
                    yield filled

    def _records(self, events: Iterable[Made]) -> Iterator[Record]:
        for line, made in enumerate(events, 1):
            params = dict(made.params) if made.is_listless else {**made.params, "ListID": self._list_id}
            yield MadeRecord(line, b"", params, user_agent=made.user_agent, sent_at=made.sent_at)

    def _refused(self, _record: Record, refusal: CommandError) -> None:
        """Count a refused event as stored earlier: made-up events are valid."""
        if refusal.errors[0].code != EVENT_ID_TAKEN.code:
            raise refusal


def _parts(events: list[Made]) -> Iterator[list[Made]]:
    """Yield groups of events in the order of storing: most of them together, the last one by one."""
    together = max(0, len(events) - MAX_ALONE)
    yield events[:together]
    yield from ([event] for event in events[together:])


def _seen_by_the_door(record: Record, event: Event) -> Event:
    """Enrich an event as the collect endpoint does, with the mark for robots."""
    if not isinstance(record, MadeRecord) or record.user_agent is None:
        return event
    event.sent_at = record.sent_at
    event.is_public = True
    enrich(event, record.user_agent, kept_address=None)
    event.sent_at = (
        None  # it tells how wrong a clock is, if the event arrives at once; these happened days ago
    )
    return event
