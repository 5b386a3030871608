"""Bot recheck: verdicts about stored events are made again from their user agents, and counters follow.

A list of robots grows, and is wrong at times. Events store their user agent, so that an old verdict can be corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import orjson

from tracker.domain.enrichment import AGENT, BOT, OWN_NETWORK
from tracker.domain.event import (
    CONVERSION,
    FORMAT_JSON,
    IS_BOT,
    IS_GENERATED,
    IS_IMAGE,
    IS_PUBLIC,
    IS_REPEATED_CONVERSION,
    LACKS_KEY,
    NOT_COUNTED,
    decoded_properties,
)
from tracker.domain.user_agent import ROBOT, parse_user_agent
from tracker.storage.accounts import conversion_ids_are_goals
from tracker.storage.aggregates import Catalogue, EventTimes, counters, key_of, replace_events
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import StoredEvent, deletion, read_events, scan

#: Events read at a time, and changed in one transaction.
PAGE, MAX_CHANGES = 1_000, 100
_CONVERSION, _BOT = CONVERSION.encode(), BOT
#: The property that enrichment adds to each event of a browser, also where a server sent it on with `UserAgent`.
_LIST = "$list_id"


@dataclass(slots=True)
class Rechecked:
    """Events of browsers that were examined, and the ids of those whose verdict changed: now people's, now robots'."""

    events: int = 0
    people: list[int] = field(default_factory=list)
    robots: list[int] = field(default_factory=list)


def recheck(database: Database, list_id: int, is_dry_run: bool = False) -> Rechecked:
    """Check all events of browsers of a list again, whoever sent them. It can be interrupted and run again at any time."""
    found = Rechecked()
    for events in _pages(database, list_id):
        verdicts = _verdicts(events)
        found.events += len(verdicts)
        changed = [e.id for e in events if e.id in verdicts and verdicts[e.id] != bool(e.flags & IS_BOT)]
        for event_id in changed:
            (found.robots if verdicts[event_id] else found.people).append(event_id)
        for start in range(0, 0 if is_dry_run else len(changed), MAX_CHANGES):
            wanted = {event_id: verdicts[event_id] for event_id in changed[start : start + MAX_CHANGES]}
            are_goals = database.read(partial(conversion_ids_are_goals, list_id=list_id))
            change = partial(_change, list_id=list_id, verdicts=wanted, are_goals=are_goals)
            database.write(change, list_id=list_id)
    return found


def _pages(database: Database, list_id: int) -> Iterator[list[StoredEvent]]:
    page = database.read(partial(scan.stored_events, list_id=list_id, after_id=-1, size=PAGE))
    while page:
        yield page
        page = database.read(partial(scan.stored_events, list_id=list_id, after_id=page[-1].id, size=PAGE))


def _verdicts(events: Sequence[StoredEvent]) -> dict[int, bool]:
    """Return {event_id: whether a robot sent it}. A generated identify event has the verdict of the event that it came with."""
    verdicts: dict[int, bool] = {}
    of_sender: dict[tuple[int, int], bool] = {}
    for event in events:
        sender = (event.visitor_id, event.received_at)
        if event.flags & IS_GENERATED:
            if sender in of_sender:
                verdicts[event.id] = of_sender[sender]
            continue
        properties = decoded_properties(bytes(event.properties))
        if not event.flags & IS_PUBLIC and _LIST not in properties:
            continue  # a back end's own event: it says nothing of a browser, whatever properties it has
        agent = properties.get(AGENT)
        if properties.get(_BOT) == OWN_NETWORK:
            continue  # left out for where it came from, which nobody knows any more
        if isinstance(agent, str):
            verdict = parse_user_agent(agent, bool(event.flags & IS_IMAGE)).bot_reason is not None
            verdicts[event.id] = of_sender[sender] = verdict
    return verdicts


def _change(transaction: Transaction, list_id: int, verdicts: Mapping[int, bool], are_goals: bool) -> None:
    """Change the locked events; those that another process has changed or deleted meanwhile stay as they are now."""
    stored = read_events(transaction, list_id, verdicts, is_locking=True)
    olds = [e for e in stored.values() if verdicts[e.id] != bool(e.flags & IS_BOT)]
    news = [_with_verdict(transaction, list_id, event, verdicts[event.id], are_goals) for event in olds]
    convicted = [event for event in news if verdicts[event.id] and not event.flags & IS_GENERATED]
    added = (_BOT.encode(), b"$device_type")
    times = {(list_id, e.name): EventTimes(e.event_at, e.received_at) for e in convicted}
    Catalogue().note(transaction, {}, {name: (dict.fromkeys(added, at), at) for name, at in times.items()})
    replace_events(transaction, list_id, list(zip(olds, news, strict=True)))


def _with_verdict(
    transaction: Transaction, list_id: int, event: StoredEvent, is_bot: bool, are_goals: bool
) -> StoredEvent:
    flags = event.flags | IS_BOT if is_bot else event.flags & ~IS_BOT
    if event.name == _CONVERSION and not are_goals and not event.flags & LACKS_KEY:
        key = (list_id, key_of(list_id, event))
        if is_bot and not event.flags & NOT_COUNTED:
            deletion.remove_conversions(transaction, list_id, [(key[1], event.id)])
        elif not is_bot and counters.find_conversions(transaction, [key]):
            flags |= IS_REPEATED_CONVERSION
        elif not is_bot:
            flags &= ~IS_REPEATED_CONVERSION
            counters.keep_conversions(transaction, [(*key, event.id, int(bool(event.flags & IS_PUBLIC)))])
    properties = event.properties if event.flags & IS_GENERATED else _properties(event)
    return event._replace(flags=flags, properties=properties)


def _properties(event: StoredEvent) -> bytes:
    """Return the properties that enrichment would have stored with this verdict."""
    properties = decoded_properties(bytes(event.properties))
    agent = parse_user_agent(properties[AGENT], bool(event.flags & IS_IMAGE)).properties
    for name in (_BOT, "$device_type"):
        if name in agent:
            properties[name] = agent[name]
        elif name == _BOT or properties.get(name) == ROBOT:
            properties.pop(name, None)
    return FORMAT_JSON + orjson.dumps(properties)
