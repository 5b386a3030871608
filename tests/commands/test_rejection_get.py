"""`rejection.get`: bodies without their values, without credentials, and without those of people who do not want it."""

from __future__ import annotations

import json
from typing import Any

from tests.client import InProcess, Shop
from tests.commands.refused_events import bodies, collect, inbox, public_id, refused_body

EVENT: dict[str, Any] = {
    "EventID": "e-1",
    "Properties": {"plan": "free", "age": 41, "is_new": True, "jane@example.com": "x", "of": {"deep": ["y"]}},
    "Timestamp": "2026-01-31T09:30:00Z",
}


def test_values_are_masked(client: InProcess, shop: Shop) -> None:
    body = refused_body(client, shop, **EVENT, APIKey="trk_secret", api_token="a secret")
    assert body["Sent"] == {
        "ListID": shop.list_id,
        "Event": "signup",
        "Email": "(text, 10)",
        "EventID": "e-1",
        "Properties": {
            "plan": "(text, 4)",
            "age": "(number)",
            "is_new": True,
            "(name)": "(text, 1)",
            "of": {"deep": ["(text, 1)"]},
        },
        "Timestamp": "2026-01-31T09:30:00Z",
        "api_token": "(text, 8)",
    }
    assert (body["EventID"], body["IsWhole"], body["Command"]) == ("e-1", False, "event.track")


def test_a_list_may_keep_values_but_never_credentials(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, KeepRefusedValues=True)
    body = refused_body(client, shop, **EVENT, APIKey="trk_secret", api_token="a secret")
    assert body["IsWhole"] is True
    assert body["Sent"] == {
        "ListID": shop.list_id,
        "Event": "signup",
        "Email": "no address",
        **EVENT,
        "api_token": "(hidden)",
    }
    long = refused_body(client, shop, Properties={"text": "x" * 5000})
    assert (long["IsWhole"], long["Sent"]["Properties"]) == (False, {"text": "(text, 5000)"})


def test_nothing_is_kept_of_a_browser_that_asks_not_to_be_tracked(client: InProcess, shop: Shop) -> None:
    path = f"/t/{public_id(client, shop)}"
    client.post(path, headers={"Sec-GPC": "1", "Origin": "https://a.example"}, json={"Event": ""})
    [found] = inbox(client, shop)
    assert (found["Count"], bodies(client, shop, found["RejectionID"])) == (1, [])


def test_forgetting_takes_the_values_out(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, KeepRefusedValues=True)
    jane = "jane.doe@example.com"
    client.ok("event.track", shop.key, ListID=shop.list_id, Event="x", Email=jane)
    refused_body(client, shop, Properties={"friend": jane})
    collect(client, shop, Event="", Email=jane)  # not written yet
    client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=jane)
    found = [body for each in inbox(client, shop) for body in bodies(client, shop, each["RejectionID"])]
    assert len(found) == 2
    assert jane not in json.dumps(found)
    stored = client.rows("SELECT body FROM rejected_bodies WHERE list_id = ?", shop.list_id)
    assert all(jane.encode() not in bytes(body) for (body,) in stored)


def test_a_rejection_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    refused_body(client, shop)
    [found] = inbox(client, shop)
    for number, codes in ((..., [37]), ("x", [38]), (5, [39])):
        named = {} if number is ... else {"RejectionID": number}
        assert client.call("rejection.get", shop.key, ListID=shop.list_id, **named).codes == codes
    asked = {"ListID": owner.list_id, "RejectionID": found["RejectionID"]}
    assert client.call("rejection.get", owner.key, **asked).codes == [39]
    asked = {"OfStrangers": True, "RejectionID": found["RejectionID"]}
    assert client.call("rejection.get", owner.key, **asked).refusal == (403, [34])
