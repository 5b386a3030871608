"""Page events: those of an export that a page has sent here already, without a key, under the same EventID.

EventIDs of pages are a space of their own, as anybody can send any of them (docs/decisions/0014-event-ids.md). So an equal id proves
nothing: a page's event takes the place of one that is believed only if it says the same, and nothing is lost by leaving one out.
"""

from __future__ import annotations

from typing import Any

from tracker.domain.event import (
    IDENTIFY,
    IS_BOT,
    IS_GENERATED,
    IS_PUBLIC,
    LACKS_KEY,
    Event,
    decoded_properties,
)
from tracker.domain.event_ids import stored_keys
from tracker.domain.event_time import MAX_FUTURE_MS
from tracker.storage.engine import Transaction
from tracker.storage.events import StoredAnswer, StoredEvent
from tracker.storage.events import events as event_rows

#: Properties by these prefixes are added by trackers, ours and others, each its own …
_OF_TRACKERS = ("$", "mp_")
#: … but for those that say what an event was. A path is added to every address.
_CONTENTS = ("$current_url", "$screen_name", "$event_name", "$group_id", "$group_type")
_PATH = "$pathname"


def sent_by_pages(transaction: Transaction, list_id: int, events: dict[int, Event]) -> set[int]:
    """Return the keys of those events, all of one list, that a page has sent here."""
    keys = {
        index: (list_id, stored_keys(event.event_key)[True])
        for index, event in events.items()
        if event.event_key and event.uuid and not _names_somebody(event)
    }
    taken = event_rows.find_event_ids(transaction, keys.values()) if keys else {}
    ids = {index: taken[key][0] for index, key in keys.items() if key in taken}
    if not ids:
        return set()
    answers = event_rows.find_answers(transaction, [(list_id, event_id) for event_id in ids.values()])
    rows = event_rows.read_events(transaction, list_id, ids.values())
    return {
        index
        for index, event_id in ids.items()
        if event_id in rows and _says_the_same(events[index], rows[event_id], answers[list_id, event_id])
    }


def _names_somebody(event: Event) -> bool:
    """Whether the event says who its visitor is, which an export is believed and a page is not."""
    return event.name == IDENTIFY or event.email is not None


def _says_the_same(event: Event, row: StoredEvent, answer: StoredAnswer) -> bool:
    """Compare all but the clock, which a vendor corrects by its own: the times are within a day."""
    flags = row.flags & (IS_PUBLIC | IS_GENERATED | LACKS_KEY | IS_BOT)
    return (
        flags == IS_PUBLIC | (IS_BOT if event.is_bot else 0)
        and row.name == event.name.encode()
        and answer.uuid == event.uuid
        and answer.external_id == event.external_id
        and abs(row.event_at - event.event_at) <= MAX_FUTURE_MS
        and _contents(decoded_properties(row.properties)) == _contents(event.properties)
    )


def _contents(properties: dict[str, Any]) -> dict[str, Any]:
    told = _CONTENTS if "$current_url" in properties else (*_CONTENTS, _PATH)
    return {
        name: value for name, value in properties.items() if name in told or not name.startswith(_OF_TRACKERS)
    }
