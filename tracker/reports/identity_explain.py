"""Identity explanation: links of visitors to a subscriber, past and present, and why an event is a subscriber's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracker.domain.event import HASH_FORM, NAMED_BY_EMAIL, NAMED_BY_ID
from tracker.formats.email_hash import Form
from tracker.storage.engine import Transaction
from tracker.storage.events import StoredEvent, read_events
from tracker.storage.subscribers import LinkCursor, LoggedLink, identity_links

#: What in an event can name its subscriber; UNKNOWN for an event stored before that was recorded.
NAMES = ("email", "id", *(f"hash_{form.name.lower()}" for form in Form))
UNKNOWN = "email_or_id"


class ExplainedLink(NamedTuple):
    """A link, the uuid of its visitor, whether it is still the visitor's current link, and the event that made it."""

    link: LoggedLink
    uuid: bytes
    is_current: bool
    event: StoredEvent | None


class ExplainedLinks(NamedTuple):
    """A page of links; `rest` is where the next page begins, None at the end."""

    links: list[ExplainedLink]
    rest: LinkCursor | None


class ExplainedEvent(NamedTuple):
    """An event of a subscriber: it named them itself, or its visitor is linked to them by `link`."""

    event: StoredEvent
    link: ExplainedLink | None


def explain_links(
    transaction: Transaction, list_id: int, subscriber_id: int, after: LinkCursor | None, size: int
) -> ExplainedLinks:
    """Return a page of all links of visitors to a subscriber, those taken back among them."""
    after = after or identity_links.BEGIN
    found = identity_links.page(transaction, list_id, subscriber_id, after, size + 1)
    shown = found[:size]
    rest = shown[-1].cursor if len(found) > len(shown) else None
    return ExplainedLinks(_explained(transaction, list_id, shown), rest)


def explain_event(
    transaction: Transaction, list_id: int, subscriber_id: int, event_id: int
) -> ExplainedEvent | None:
    """Return why an event is the subscriber's, or None if it is not, or is not stored."""
    event = read_events(transaction, list_id, [event_id]).get(event_id)
    if event is None:
        return None
    link = None
    if event.subscriber_id is None:
        link = _link(transaction, list_id, subscriber_id, event)
    if event.subscriber_id != subscriber_id and link is None:
        return None
    return ExplainedEvent(event, link)


def named_by(event: StoredEvent) -> list[str]:
    """Return what in an event names its subscriber: some of NAMES, or UNKNOWN."""
    if event.subscriber_id is None:
        return []
    by = ["email"] if event.flags & NAMED_BY_EMAIL else []
    by += ["id"] if event.flags & NAMED_BY_ID else []
    form = event.flags // HASH_FORM & 3
    by += [f"hash_{Form(form).name.lower()}"] if form else []
    return by or [UNKNOWN]


def _link(
    transaction: Transaction, list_id: int, subscriber_id: int, event: StoredEvent
) -> ExplainedLink | None:
    link = identity_links.link_of(transaction, list_id, subscriber_id, event.visitor_id, event.span)
    return None if link is None else _explained(transaction, list_id, [link])[0]


def _explained(transaction: Transaction, list_id: int, found: Sequence[LoggedLink]) -> list[ExplainedLink]:
    visitors = identity_links.visitors(transaction, list_id, {link.cursor.visitor_id for link in found})
    events = read_events(transaction, list_id, (link.event_id for link in found))
    return [
        _explained_link(link, visitors[link.cursor.visitor_id], events.get(link.event_id)) for link in found
    ]


def _explained_link(link: LoggedLink, visitor: tuple[bytes, int], event: StoredEvent | None) -> ExplainedLink:
    uuid, current = visitor
    return ExplainedLink(link, uuid, link.cursor.span == current and link.unlinked_at is None, event)
