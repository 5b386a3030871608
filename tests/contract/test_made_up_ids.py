"""Whatever Tracker gives out and takes back, made up with all that a stranger can know: does it name anything?"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import orjson
import pytest

from tests.contract.conftest import Track
from tests.contract.desk import Desk, Shop
from tests.contract.test_public_door import Door
from tracker.ingest.recount import recount
from tracker.storage.ids import SEQUENCE_BITS, first_id_at, received_ms

NOWHERE = 2**62
#: Row ids that a stranger tries: of the next moments, and of each the first of each of these writers.
SOON_MS, WRITERS = 5_000, (0, 1)
YEAR_2090 = 3_786_912_000_000


def made_up(row_id: int, name: str, **sent: Any) -> str:
    """An EventID of our form for a row, as it can be made by anybody who knows the event and the code."""
    parts = [name, None, None, sent.get("UUID"), None, sent.get("Properties", {})]
    digest = hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()
    return f"trk-{row_id:016x}-{base64.urlsafe_b64encode(digest[:15]).decode()}"


def row_ids(desk: Desk, shop: Shop) -> list[int]:
    return [row[0] for row in desk.rows("SELECT id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)]


@pytest.fixture
def door(desk: Desk, shop: Shop) -> Door:
    return Door(desk, shop)


def place(door: Door, wanted: list[int]) -> None:
    """Send an event for each of these rows through the public door."""
    events = [{"Event": "taken", "EventID": made_up(row_id, "taken")} for row_id in wanted]
    answer = door.post({"Events": events})
    assert {result["status"] for result in answer.body["results"]} == {"ok"}


# EventIDs


def test_events_whose_rows_a_stranger_has_tried_to_take_are_all_stored(
    desk: Desk, shop: Shop, track: Track, door: Door
) -> None:
    """Of the moments in which real events come, and of those in which they come in a batch."""
    now = time.time_ns() // 1_000_000
    moments = range(0, SOON_MS, 20)
    wanted = [first_id_at(now + ms) | writer << SEQUENCE_BITS for ms in moments for writer in WRITERS]
    place(door, wanted)
    reached = received_ms(max(row_ids(desk, shop)))
    assert reached <= time.time_ns() // 1_000_000, "a row stands where a stranger wanted it"
    answers = [track(Event="real", Properties={"n": number}) for number in range(30)]
    batch = desk.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "real"}] * 30)
    statuses = [answer.status for answer in answers]
    assert (statuses, {result["status"] for result in batch.body["results"]}) == ([200] * 30, {"ok"})
    sql = "SELECT COUNT(*) FROM events WHERE list_id = ? AND name = ?"
    assert desk.rows(sql, shop.list_id, b"real") == [(60,)]
    assert recount(desk.services.storage, shop.list_id).differences == []


@pytest.mark.parametrize("row_id", [first_id_at(YEAR_2090), 2**63 - 2, 2**63 - 1, 0, 1])
def test_no_row_is_ever_of_another_time(desk: Desk, shop: Shop, door: Door, row_id: int) -> None:
    before = time.time_ns() // 1_000_000
    place(door, [row_id])
    answer = desk.call(
        "event.track", shop.key, ListID=shop.list_id, Event="taken", EventID=made_up(row_id, "taken")
    )
    assert (answer.status, answer.body.get("duplicate")) == (200, None)
    after = time.time_ns() // 1_000_000
    assert [before <= received_ms(each) <= after for each in row_ids(desk, shop)] == [True, True]


def test_one_that_was_made_up_is_a_clients_own(track: Track) -> None:
    """Stored once, repeated, and no other event's."""
    event_id = made_up(first_id_at(YEAR_2090), "seen")
    first, again = track(EventID=event_id), track(EventID=event_id)
    assert (first.body.get("duplicate"), again.body["duplicate"]) == (None, True)
    other = track(Event="other", EventID=event_id)
    assert (other.status, other.codes) == (409, [17])


def test_a_key_that_may_only_write_reads_nothing_of_anybody(desk: Desk, shop: Shop, track: Track) -> None:
    """An EventID for the row of a customer's event is answered as one for a row that is not there."""
    visitor, mine = "550e8400-e29b-41d4-a716-446655440000", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert track(Event="bought", ID="customer-4711", UUID=visitor).status == 200
    [theirs] = row_ids(desk, shop)
    weak = desk.services.stores.keys.add(shop.user_id, "")
    answers = []
    for row_id in (theirs, theirs + 1, NOWHERE):
        for event in ({"Event": "probe", "UUID": mine}, {"Event": "bought", "UUID": mine}):
            event_id = made_up(row_id, event["Event"], UUID=mine.replace("-", ""))
            sent = {"ListID": shop.list_id, **event, "EventID": event_id}
            answers.append(desk.call("event.track", weak, **sent))
    assert {(answer.status, answer.raw) for answer in answers} == {(200, answers[0].raw)}
    assert visitor not in str(answers[0].body)


def test_event_ids_of_strangers_are_in_nobodys_way(desk: Desk, track: Track, door: Door) -> None:
    """An order number is used by a stranger first: the shop's own event is stored, and told as itself."""
    assert door.post({"Event": "junk", "EventID": "order-1001"}).status == 200
    sent = {"Event": "purchase", "EventID": "order-1001", "Properties": {"n": 1}}
    first, again = track(**sent), track(**sent)
    assert (first.status, first.body.get("duplicate"), again.body["duplicate"]) == (200, None, True)
    assert door.names() == ["junk", "purchase"]
    assert door.post({"Event": "junk", "EventID": "order-1001"}).status == 200
    assert door.names() == ["junk", "purchase"], "the public door's own repeats are known too"


def test_a_stranger_learns_nothing_of_the_event_ids_of_a_key(track: Track, door: Door) -> None:
    """Neither that one is used, nor, with its contents guessed, for what."""
    for number, more in enumerate(({}, {}, {"Email": "gone@example.com"}, {"Email": "gone@example.com"})):
        track(Event="secret", EventID=f"used-{number}", **more)
    forgotten = {"ListID": door.shop.list_id, "EmailAddress": "gone@example.com"}
    assert door.desk.call("subscriber.forget", door.shop.key, **forgotten).status == 200
    answers: dict[str, list[tuple[int, bytes]]] = {"used": [], "free": []}
    for word, found in answers.items():
        for number, event in enumerate(("other", "secret", "other", "secret")):
            answer = door.post({"Event": event, "EventID": f"{word}-{number}"})
            found.append((answer.status, answer.raw.replace(word.encode(), b"")))
    assert answers["used"] == answers["free"]
    assert [status for status, _ in answers["used"]] == [200] * 4
    assert door.names() == ["secret"] * 2 + ["other", "secret"] * 4
