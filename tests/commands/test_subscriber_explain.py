"""`subscriber.explain`: what links visitors to a subscriber, and why an event is theirs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop, Track

BROWSER, OTHER = "550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
JANE = {"EmailAddress": "jane@example.com"}


def explained(client: InProcess, shop: Shop, **params: Any) -> dict[str, Any]:
    reply = client.call("subscriber.explain", shop.key, ListID=shop.list_id, **JANE, **params)
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def number_of(client: InProcess, shop: Shop, event: str, email: str = JANE["EmailAddress"]) -> str:
    """The number of the one event of a name that is a subscriber's."""
    sent = {"ListID": shop.list_id, "EmailAddress": email, "Event": event}
    [found] = client.call("subscriber.events", shop.key, **sent).body["Events"]
    number: str = found["EventID"]
    return number


@pytest.fixture
def event_id(client: InProcess, shop: Shop, track: Track) -> str:
    """The number of an event of Jane's browser, sent before it said who she is."""
    track(Event="before", UUID=BROWSER)
    track(Event="login", UUID=BROWSER, Email="jane@example.com")
    return number_of(client, shop, "before")


def test_the_event_that_linked_a_visitor_is_told(client: InProcess, shop: Shop, event_id: str) -> None:
    [link] = explained(client, shop)["Links"]
    assert (link["UUID"], link["IsCurrent"], link["Reason"], link["By"], link["NamedBy"]) == (
        BROWSER, True, "email", "credential", ["email"],
    )  # fmt: skip
    assert link["Event"] == "login"
    assert int(link["EventID"]) > int(event_id)


def test_an_event_of_a_visitor_is_theirs_by_the_link(client: InProcess, shop: Shop, event_id: str) -> None:
    answer = explained(client, shop, EventID=event_id)
    assert answer["Event"]["Link"] == answer["Links"][0]


def test_an_event_of_another_is_not_theirs(
    client: InProcess, shop: Shop, track: Track, event_id: str
) -> None:
    track(Event="his", UUID=OTHER, Email="joe@example.com")
    other = number_of(client, shop, "his", "joe@example.com")
    reply = client.call("subscriber.explain", shop.key, ListID=shop.list_id, **JANE, EventID=other)
    assert (reply.status, reply.codes) == (422, [11])


def test_links_come_in_pages(client: InProcess, shop: Shop, track: Track, event_id: str) -> None:
    track(UUID=OTHER, Email="jane@example.com")
    whole = explained(client, shop)["Links"]
    first = explained(client, shop, RecordsPerRequest=1)
    second = explained(client, shop, RecordsPerRequest=1, Cursor=first["Cursor"])
    assert first["Links"] + second["Links"] == whole
    assert {link["UUID"] for link in whole} == {BROWSER, OTHER}
    assert second["Cursor"] is None


def test_it_takes_the_permission(client: InProcess, shop: Shop) -> None:
    keys = client.services.stores.keys
    sent = {"ListID": shop.list_id, **JANE}
    assert client.call("subscriber.explain", keys.add(shop.user_id, "List.Get"), **sent).codes == [403]
    assert client.call("subscriber.explain", keys.add(shop.user_id, "Subscribers.Get"), **sent).codes == [3]
