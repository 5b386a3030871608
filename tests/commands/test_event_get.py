"""Does `event.get` give one event as `events.recent` does, and no other list's?"""

from __future__ import annotations

from typing import Any

from tests.client import Client, InProcess, Reply, Shop, Track
from tests.commands.refused_events import collect


def test_it_is_the_event_that_the_list_has(client: Client, shop: Shop, track: Track) -> None:
    track(Event="seen", Email="jane@example.com", ID="user-1", Properties={"n": 1})
    at = {"ListID": shop.list_id}
    for recent in client.call("events.recent", shop.key, **at).body["Events"]:
        answer = client.call("event.get", shop.key, **at, EventID=recent["EventID"])
        assert (answer.status, answer.body) == (200, {"Event": recent})
        assert recent["Subscriber"] == {"EmailAddress": "jane@example.com", "ExternalID": "user-1"}


def test_an_event_of_nobody_has_no_subscriber(client: Client, shop: Shop, track: Track) -> None:
    track(Event="seen")
    [recent] = client.call("events.recent", shop.key, ListID=shop.list_id).body["Events"]
    assert (recent["SubscriberID"], recent["Subscriber"]) == (None, None)


def test_what_is_in_another_list_is_not_found(client: Client, shop: Shop, track: Track) -> None:
    track(Event="seen")
    [recent] = client.call("events.recent", shop.key, ListID=shop.list_id).body["Events"]
    number = recent["EventID"]
    elsewhere = client.call("event.get", shop.key, WithoutList=True, EventID=number)
    nowhere = client.call("event.get", shop.key, ListID=shop.list_id, EventID=int(number) + 1)
    assert elsewhere.body == nowhere.body
    assert (nowhere.status, nowhere.body["Errors"][0]["Code"]) == (422, 8)


def test_an_event_is_named_by_its_number(client: Client, shop: Shop) -> None:
    def code(**params: object) -> int:
        reply = client.call("event.get", shop.key, ListID=shop.list_id, **params)
        return int(reply.body["Errors"][0]["Code"])

    assert (code(), code(EventID="one"), code(EventID=2**70)) == (6, 7, 7)


def test_a_receipt_tells_what_became_of_an_event(client: InProcess, shop: Shop, track: Track) -> None:
    def receipt(sent: str) -> Reply:
        return client.call("event.get", shop.key, ListID=shop.list_id, SentEventID=sent)

    for _ in range(2):
        track(Event="seen", EventID="e-1")
    assert (receipt("e-1").body["Event"]["Event"], receipt("e-1").body["Refused"]) == ("seen", None)
    collect(client, shop, EventID="page-1")
    page = receipt("page-1").body
    assert (page["Event"], page["PublicEvent"]["Event"]) == (None, "page_view")
    track(Event="signup", EventID="e-2", Email="no address")
    track(Event="other", EventID="e-1")
    client.services.inbox.flush()
    refused = receipt("e-2").body
    assert (refused["Event"], refused["Refused"]["Reason"]) == (None, "7")
    assert refused["Refused"]["Message"] == "Invalid email parameter"
    both = receipt("e-1").body
    assert (both["Event"]["Event"], both["Refused"]["Reason"]) == ("seen", "17")
    assert receipt("never").codes == [8]
    assert client.call("event.get", shop.key, WithoutList=True, SentEventID="e-1").codes == [8]


def test_what_a_stranger_sent_is_no_receipt_of_what_a_key_sent(
    client: InProcess, shop: Shop, track: Track
) -> None:
    def receipt(sent: str) -> dict[str, Any]:
        client.services.inbox.flush()
        found = client.call("event.get", shop.key, ListID=shop.list_id, SentEventID=sent)
        assert found.status == 200
        return found.body

    collect(client, shop, EventID="order-9", Event="fake")
    collect(client, shop, EventID="order-9", Event="fake", Email="no address")
    assert (receipt("order-9")["Event"], receipt("order-9")["Refused"]) == (None, None)
    track(Event="order", EventID="order-9", Email="no address")
    collect(client, shop, EventID="order-9", Event="fake", UUID="none")
    both = receipt("order-9")
    assert (both["Event"], both["Refused"]["Reason"], both["PublicRefused"]["Reason"]) == (None, "7", "13")
    track(Event="order", EventID="order-9")
    both = receipt("order-9")
    assert (both["Event"]["Event"], both["PublicEvent"]["Event"]) == ("order", "fake")


def test_a_deleted_event_is_not_found_though_a_repeat_is_a_duplicate(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Event="seen", EventID="e-1", Email="a@example.com")
    client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    gone = client.call("event.get", shop.key, ListID=shop.list_id, SentEventID="e-1")
    assert gone.codes == [8]
    assert track(Event="seen", EventID="e-1", Email="a@example.com").body["duplicate"] is True
