"""`rejection.replay`: a refused event is stored once, by the door it came by, and as of its own time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.refused_events import bodies, collect, inbox, refused_body
from tracker.times import iso_ms

JANE = "jane@example.com"


def replay(client: InProcess, shop: Shop, body: dict[str, Any], **params: Any) -> Any:
    asked = {"ListID": shop.list_id, "BodyID": body["BodyID"], **params}
    return client.call("rejection.replay", shop.key, **asked)


def stored(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.ok("events.recent", shop.key, ListID=shop.list_id)["Events"]
    return [each for each in found if not each["IsAddedByTracker"]]


def test_an_edited_event_is_stored_once_with_its_time(client: InProcess, shop: Shop) -> None:
    body = refused_body(client, shop, EventID="e-1")
    edited = {"Event": "signup", "Email": JANE, "Properties": {"plan": "free"}}
    answer = replay(client, shop, body, Body=edited)
    assert (answer.status, answer.body["EventID"]) == (200, "e-1")
    [event] = stored(client, shop)
    assert (event["Event"], event["Subscriber"]["EmailAddress"]) == ("signup", JANE)
    assert event["Properties"] == {"plan": "free"}
    assert event["EventAt"] == body["At"]
    assert replay(client, shop, body, Body=edited).codes == [42]
    again = client.ok(
        "event.track", shop.key, ListID=shop.list_id, EventID="e-1", Timestamp=body["At"], **edited
    )
    assert again["duplicate"] is True
    assert len(stored(client, shop)) == 1


def test_a_kept_event_is_sent_as_it_was(client: InProcess, shop: Shop) -> None:
    client.ok(
        "list.update",
        shop.key,
        ListID=shop.list_id,
        KeepRefusedValues=True,
        AllowedOrigins=["https://a.example"],
    )
    collect(client, shop, "https://b.example", Event="seen", Properties={"plan": "free"})
    [found] = inbox(client, shop)
    [body] = bodies(client, shop, found["RejectionID"])
    assert replay(client, shop, body).body["EventID"] == f"r{body['BodyID']}"
    [event] = stored(client, shop)
    assert event["Properties"]["plan"] == "free"


def test_an_event_of_a_page_overwrites_nobody(client: InProcess, shop: Shop) -> None:
    client.ok("event.track", shop.key, ListID=shop.list_id, Event="x", Email=JANE, ID="jane")
    collect(client, shop, Event="", Email=JANE)
    [found] = inbox(client, shop)
    [body] = bodies(client, shop, found["RejectionID"])
    assert replay(client, shop, body, Body={"Event": "y", "Email": JANE, "ID": "mallory"}).status == 200
    known = client.ok("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=JANE)
    assert known["SubscriberInformation"]["ExternalID"] == "jane"


def test_the_clock_of_the_first_try_corrects_its_times(client: InProcess, shop: Shop) -> None:
    body = refused_body(client, shop)
    edited = {"Event": "x", "Timestamp": "2024-01-31T09:00:00Z", "SentAt": "2024-01-31T10:00:00Z"}
    assert replay(client, shop, body, Body=edited).status == 200
    [event] = stored(client, shop)
    assert (iso_ms(body["At"]) or 0) - (iso_ms(event["EventAt"]) or 0) == 3_600_000


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, [44]),
        ({"Body": 7}, [43]),
        ({"Body": {}}, [5]),
        ({"Body": {"Event": "x", "Email": "still no address"}}, [7]),
        ({"Body": {"Event": "x", "Timestamp": "soon"}}, [18]),
        ({"Body": {"Event": "x", "ListID": 2**40}}, [4]),
        ({"Body": {"Event": "x", "Properties": {"isTest": True}}}, [43]),
        ({"BodyID": "x"}, [41]),
        ({"BodyID": 7}, [42]),
    ],
)
def test_what_cannot_be_stored_stays(
    client: InProcess, shop: Shop, params: dict[str, Any], codes: list[int]
) -> None:
    body = refused_body(client, shop)
    assert replay(client, shop, body, **params).codes == codes
    assert stored(client, shop) == []
    [found] = inbox(client, shop)
    assert len(bodies(client, shop, found["RejectionID"])) == 1


def test_a_body_is_named_and_is_ones_own(client: InProcess, shop: Shop, keeper: Shop) -> None:
    body = refused_body(client, shop)
    assert client.call("rejection.replay", shop.key, ListID=shop.list_id).codes == [40]
    asked = {"BodyID": body["BodyID"], "Body": {"Event": "x"}}
    assert client.call("rejection.replay", keeper.key, ListID=shop.list_id, **asked).codes == [3]
    assert client.call("rejection.replay", keeper.key, ListID=keeper.list_id, **asked).codes == [42]
    assert client.call("rejection.replay", keeper.key, WithoutList=True, **asked).codes == [42]


def test_an_event_that_named_no_list_is_sent_to_one(client: InProcess, keeper: Shop) -> None:
    client.ok("event.track", keeper.key, Event="signup", list_id=keeper.list_id)
    [found] = inbox(client, keeper, WithoutList=True, Reason="ignored")
    [body] = bodies(client, keeper, found["RejectionID"], WithoutList=True)
    edited = {"Event": "signup", "ListID": keeper.list_id}
    asked = {"WithoutList": True, "BodyID": body["BodyID"], "Body": edited}
    client.ok("rejection.replay", keeper.key, **asked)
    assert len(stored(client, keeper)) == 1
