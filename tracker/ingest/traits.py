"""Traits: writes the IdentifyProperties of an identify event to its subscriber's custom fields, in the event's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tracker.domain.event import IDENTIFY, Event
from tracker.domain.field_matching import FieldValues, read_values
from tracker.domain.field_types import CustomField
from tracker.domain.identity import Placement, Subscriber
from tracker.domain.resolver import IdentityResolver
from tracker.ingest.span_store import SpanStore
from tracker.storage.engine import Conflict, Transaction
from tracker.storage.subscribers import CustomFields, FieldKey, find_values, identity_rows, write_values

#: {row id of an event: its IdentifyProperties that were not written}.
Ignored = Mapping[int, tuple[str, ...]]
PlacedEvents = Sequence[tuple[Event, Placement]]


def match_fields(events: Iterable[Event], fields: CustomFields, deadline: float | None) -> None:
    """Match the IdentifyProperties of each identify event with custom fields. Other events' are ignored.

    Fields are cached for 5 s. For a name that is not among them they are read again, once a list.
    """
    reread: dict[int, list[CustomField]] = {}
    for event in events:
        if event.name == IDENTIFY and event.identify_properties and event.identified is None:
            event.identified = _read(event, fields, reread, deadline)


def _read(
    event: Event, fields: CustomFields, reread: dict[int, list[CustomField]], deadline: float | None
) -> FieldValues:
    """Match one event's IdentifyProperties. `reread` are {list_id: fields} of lists that were read again."""
    sent, list_id = event.identify_properties or {}, event.list_id
    if event.is_listless:
        return read_values(sent, ())
    read = read_values(sent, reread.get(list_id) or fields.remembered(list_id))
    if read.unknown and list_id not in reread:
        reread[list_id] = fields.of_list(list_id, deadline)
        read = read_values(sent, reread[list_id])
    return read


def ignored_of(event: Event) -> tuple[str, ...]:
    """Return the IdentifyProperties that match no field, or not its type."""
    return _as_sent(event, event.identified.dropped) if event.identified else ()


def unique_values(events: Iterable[Event]) -> list[tuple[int, str]]:
    """Return (list_id, value) of the unique identifiers that events set: their present holders must be loaded."""
    found = [(e.list_id, e.identified.unique) for e in events if e.identified is not None]
    return [(list_id, unique[1]) for list_id, unique in found if unique is not None and unique[1]]


def write_traits(
    transaction: Transaction, resolver: IdentityResolver[SpanStore], placed: PlacedEvents, now: int
) -> Ignored:
    """Write the values of a group's identify events; the last one wins. Call it before subscribers are saved.

    Public events only fill fields that are empty. `now` is in UTC milliseconds. Returns the names that were not written.
    """
    due = [(event, placement) for event, placement in placed if event.identified is not None]
    if not due:
        return {}
    subscribers = _lock_owners(transaction, resolver, due)
    values: dict[FieldKey, bytes | None] = {}
    ignored = {}
    for event, placement in due:
        subscriber = subscribers.get((event.list_id, placement.owner_id))
        if event.identified is None or subscriber is None:
            ignored[event.row_id] = tuple(event.identify_properties or ())
            continue
        sent = {
            (subscriber.list_id, subscriber.id, number): v for number, v in event.identified.values.items()
        }
        values |= _fill_empty_only(transaction, sent, values) if event.is_public else sent
        ignored[event.row_id] = _ignored(event, event.identified, resolver)
    write_values(transaction, values, now)
    return ignored


def _fill_empty_only(
    transaction: Transaction, sent: Mapping[FieldKey, bytes | None], due: Mapping[FieldKey, bytes | None]
) -> dict[FieldKey, bytes | None]:
    """Return the values that a public event may write: those of fields that are empty, also after the values `due`."""
    subscribers = {key[:2] for key in sent}
    stored = {at: find_values(transaction, at[0], [at[1]]).get(at[1], {}) for at in subscribers}
    now = {key: due[key] if key in due else stored[key[:2]].get(key[2]) for key in sent}
    return {key: value for key, value in sent.items() if value is not None and now[key] is None}


def _lock_owners(
    transaction: Transaction, resolver: IdentityResolver[SpanStore], due: PlacedEvents
) -> dict[tuple[int, int], Subscriber]:
    """Return the subscribers who own the events, by (list_id, id), locked against deletion until the commit.

    Raises Conflict if another process has deleted one that was loaded.
    """
    known = {(subscriber.list_id, subscriber.id): subscriber for subscriber in resolver.subscribers}
    wanted = {(event.list_id, at.owner_id) for event, at in due}
    new = {key for key in wanted if key in known and known[key].is_new}
    locked = {row[:2]: row for row in identity_rows.lock_subscribers(transaction, wanted - new)}
    if any(key in known and key not in locked for key in wanted - new):
        raise Conflict("a subscriber was deleted by another process")
    for key, row in locked.items():
        if key not in known:
            known[key] = Subscriber(*row)
            resolver.add_subscriber(known[key])
    return {key: known[key] for key in locked.keys() | new}


def _ignored(event: Event, read: FieldValues, resolver: IdentityResolver[SpanStore]) -> tuple[str, ...]:
    is_refused = read.unique is not None and event.row_id in resolver.refused_unique
    return _as_sent(event, read.dropped + ([read.unique[0]] if read.unique and is_refused else []))


def _as_sent(event: Event, names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(name for name in event.identify_properties or () if name in wanted)
