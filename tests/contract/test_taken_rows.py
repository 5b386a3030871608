"""What if the row ids of the next moments are taken, by whatever? Each 2xx is in the database all the same, once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import gevent
import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.test_event_collect import Door
from tests.contract.test_conversions import conversion
from tracker.domain.event import Event
from tracker.domain.row_ids import SEQUENCE_BITS, first_id_at, received_ms
from tracker.ingest import event_handler
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events import events

#: Milliseconds whose row ids are taken, and of each the first ids.
TAKEN_MS, TAKEN_OF_EACH = 60, 3


@pytest.fixture
def stranger(client: InProcess, shop: Shop, track: Track, monkeypatch: pytest.MonkeyPatch) -> str:
    """The visitor of events that have the ids which the next real ones would have had; the clock ticks at every id."""
    uuid: str = track(Event="stranger's").body["uuid"]
    [row] = client.rows(f"SELECT {', '.join(events.COLUMNS)} FROM events WHERE list_id = ?", shop.list_id)
    soon = received_ms(row[1]) + 1_000
    number = client.services.ingest._number.number  # noqa: SLF001
    rows = [
        (row[0], first_id_at(soon + ms) | number << SEQUENCE_BITS | sequence, *row[2:5], b"taken", *row[6:])
        for ms in range(TAKEN_MS)
        for sequence in range(TAKEN_OF_EACH)
    ]

    def take(transaction: Transaction) -> None:
        events.add_events(transaction, rows)

    client.services.storage.write(take)
    clock: Iterator[int] = itertools.count(soon)
    monkeypatch.setattr(event_handler, "_now", lambda: next(clock))
    return uuid


def stored(client: InProcess, shop: Shop, name: str) -> list[str]:
    """The visitors of the list's events of a name that are not the ones which took the ids."""
    sql = (
        "SELECT v.uuid FROM events e JOIN visitors v ON v.list_id = e.list_id AND v.id = e.visitor_id"
        " WHERE e.list_id = ? AND e.name = ? ORDER BY e.id"
    )
    found = [bytes(row[0]).hex() for row in client.rows(sql, shop.list_id, name.encode())]
    return found[TAKEN_MS * TAKEN_OF_EACH :] if name == "taken" else found


SENT: dict[str, dict[str, Any]] = {
    "plain": {"Event": "real"},
    "as what took its id": {"Event": "taken"},
    "with an EventID": {"Event": "real", "EventID": "order-1"},
    "that brings an identify event": {"Event": "real", "Email": "jane@example.com"},
    "that identifies": {"Event": "identify", "Email": "jane@example.com", "ID": "customer-1"},
    "of money": conversion("order-1"),
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_an_event_whose_row_is_taken_is_stored_under_another(
    client: InProcess, shop: Shop, track: Track, stranger: str, sent: dict[str, Any]
) -> None:
    answer = track(**sent)
    assert (answer.status, answer.body.get("duplicate")) == (200, None), answer.body
    assert answer.body["uuid"] != stranger
    assert stored(client, shop, sent["Event"]) == [answer.body["uuid"].replace("-", "")]
    if "Email" in sent:
        assert len(stored(client, shop, "identify")) == 1


def test_so_is_each_of_a_batch(client: InProcess, shop: Shop, stranger: str) -> None:
    answer = client.call(
        "event.batch", shop.key, ListID=shop.list_id, Events=[*SENT.values(), *SENT.values()]
    )
    statuses = [result["status"] for result in answer.body["results"]]
    assert statuses == ["ok"] * 8 + ["duplicate"] + ["ok"] * 3
    assert stranger not in {result["uuid"] for result in answer.body["results"]}
    assert [len(stored(client, shop, name)) for name in ("real", "taken", "conversion")] == [5, 2, 2]


def test_so_is_each_of_a_group_and_of_the_public_door(client: InProcess, shop: Shop, stranger: str) -> None:
    ingest, now = client.services.ingest, time.time_ns() // 1_000_000
    several = [
        gevent.spawn(ingest.track, Event(shop.list_id, name, now, event_key=key))
        for name in ("real", "taken")
        for key in (None, name)
    ]
    gevent.joinall(several, raise_error=True)
    assert [len(stored(client, shop, name)) for name in ("real", "taken")] == [2, 2]
    assert Door(client, shop).post({"Event": "taken", "EventID": "taken"}).status == 200
    assert len(stored(client, shop, "taken")) == 3
    assert not [each for each in several if each.value.is_duplicate or each.value.uuid.hex() in stranger]


def test_the_event_id_that_was_told_meanwhile_stays_good(
    client: InProcess, shop: Shop, track: Track, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller is told the EventID of the row that another event had, and repeats with it."""
    ids = client.services.ingest._event_ids  # noqa: SLF001
    told: list[str] = []
    make = ids.of
    monkeypatch.setattr(ids, "of", lambda event: told.append(make(event)) or told[-1])
    visitor = str(uuid4())
    assert track(Event="real", UUID=visitor).status == 200
    again = [track(Event="real", UUID=visitor, EventID=told[0]) for _ in range(2)]
    assert [answer.body.get("duplicate") for answer in again] == [True, True]
    assert len(stored(client, shop, "real")) == 1
    other: Reply = track(Event="other", UUID=visitor, EventID=told[0])
    assert (other.status, other.codes) == (409, [17])
