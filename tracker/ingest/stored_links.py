"""Stored links: finds the stored events that link a visitor to a subscriber in a window of event time."""

from __future__ import annotations

from tracker.domain.event import IDENTIFY, IS_LINK, NAMED_BY_EMAIL
from tracker.domain.identity import Reason
from tracker.domain.spans import Evidence, LinkEvent, RecheckWindow
from tracker.storage.engine import Transaction
from tracker.storage.events import StoredEvent, read_events
from tracker.storage.timeline import timeline_reading

#: Rows of one owner examined in the transaction of a late event: bounds how long it delays others.
MAX_AT_ONCE = 500


def links_in(
    transaction: Transaction, list_id: int, visitor_id: int, window: RecheckWindow
) -> list[LinkEvent]:
    """Return the links of a visitor to the window's subscriber, or none if the subscriber has more than MAX_AT_ONCE rows
    there: then a job finds them.
    """
    at = timeline_reading.Window(window.begins[0], window.ends)
    [part] = timeline_reading.newest(transaction, list_id, [window.subscriber_id], at, MAX_AT_ONCE)
    ids = [row.event_id for row in part.entries if row.visitor_id == visitor_id and part.reached is None]
    found = [link_of(event) for event in read_events(transaction, list_id, ids).values()]
    return [link for link in found if link is not None and link.is_in(window)]


def link_of(event: StoredEvent) -> LinkEvent | None:
    """Return the link that a stored event makes, or None."""
    if not event.flags & IS_LINK or event.subscriber_id is None:
        return None
    is_email, is_identify = event.flags & NAMED_BY_EMAIL, bytes(event.name) == IDENTIFY.encode()
    reason = Reason.IDENTIFY if is_identify else Reason.EMAIL if is_email else Reason.OWN
    return LinkEvent(
        (event.event_at, event.id), event.subscriber_id, Evidence(int(reason), event.received_at)
    )
