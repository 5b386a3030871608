"""Does an export hold everything about a person, and nothing about anybody else? `subscriber.export`."""

from __future__ import annotations

import uuid
from typing import Any

from tests.client import InProcess, Shop, Track

JANE = "Jane@Example.com"
ORDER = {"conversion-name": "Order", "conversion-value": 12.25, "conversion-currency": "EUR"}


def export(client: InProcess, shop: Shop, **who: Any) -> dict[str, Any]:
    answer = client.call("subscriber.export", shop.key, ListID=shop.list_id, **who)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_everything_about_a_subscriber_is_there(client: InProcess, shop: Shop, track: Track) -> None:
    browser = str(uuid.uuid4())
    track(UUID=browser, Properties={"n": 1}, EventID="e-1", Timestamp="2026-01-02T03:04:05Z")
    track(UUID=browser, Email=JANE, ID="jane-1", Properties={"n": 2})
    track(UUID=browser, Properties={"n": 3})
    track(Email=JANE, Event="conversion", Properties={"conversion-id": "o-1", **ORDER})
    track(Email=JANE, Event="conversion", Properties={"conversion-id": "o-1", **ORDER})
    track(Email="other@example.com", Properties={"n": 9})
    for _ in range(2):  # before the past is settled, and after
        found = export(client, shop, EmailAddress=JANE)
        seen = [each for each in found["Events"] if each["Event"] == "seen"]
        assert [each["Properties"]["n"] for each in seen] == [1, 2, 3]
        client.services.ingest.flush()
    first = seen[0]
    assert (first["ClientEventID"], first["UUID"]) == ("e-1", browser)
    assert first["EventAt"] == first["ClientTimestamp"] == "2026-01-02T03:04:05.000Z"
    assert (seen[1]["ExternalID"], seen[2]["ExternalID"]) == ("jane-1", None)
    assert found["SubscriberInformation"]["EmailAddress"] == JANE
    assert {each["UUID"] for each in found["Visitors"]} > {browser}
    assert [each["IsRepeatedConversion"] for each in found["Events"] if each["Event"] == "conversion"] == [
        False,
        True,
    ]
    assert found["Revenue"] == [{"Currency": "EUR", "Conversions": 1, "Value": 12.25}]
    assert [each["Action"] for each in found["AuditEntries"]] == ["subscriber.export"] * 2
    assert found["Complete"] is True


def test_many_events_are_each_there_once(client: InProcess, shop: Shop) -> None:
    browser = str(uuid.uuid4())
    for named in ({}, {"Email": JANE}):
        events = [{"Event": "seen", "UUID": browser, "Properties": {"n": n}, **named} for n in range(1_000)]
        answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
        assert answer.status == 200
    found = export(client, shop, EmailAddress=JANE)
    seen = [each["Properties"]["n"] for each in found["Events"] if each["Event"] == "seen"]
    assert sorted(seen) == sorted([*range(1_000), *range(1_000)])


def test_refused_events_that_name_the_subscriber_are_there(
    client: InProcess, shop: Shop, track: Track
) -> None:
    browser, jane = str(uuid.uuid4()), {"Email": JANE, "ID": "1"}
    track(UUID=browser, **jane), track(Email="other@example.com", ID="2")
    [number] = {export(client, shop, EmailAddress=JANE)["SubscriberInformation"]["SubscriberID"]}
    about, wrong = {"ListID": shop.list_id, "Event": "x"}, {"Timestamp": "never"}
    masked = {**about, **wrong, **jane, "Properties": {"of": "masked"}}
    assert client.call("event.track", shop.key, **masked).status == 422
    client.services.inbox.flush()
    client.ok("list.update", shop.key, ListID=shop.list_id, KeepRefusedValues=True)
    hers = [
        {"Email": " jane@EXAMPLE.com"},
        {"Mail": JANE, "UUID": str(uuid.uuid4())},
        {"ID": "1"},
        {"SubscriberID": number},
        {"UUID": browser.upper()},
    ]
    others = [
        {"Email": "other@example.com", "UUID": browser},
        {"ID": "2", "UUID": browser},
        {"Properties": {"ID": "1", "friend": JANE}},
        {"Count": 1},
    ]
    for sent in (*hers, *others):
        assert client.call("event.track", shop.key, **about, **wrong, **sent).status == 422
    client.services.inbox.flush()
    found = export(client, shop, EmailAddress=JANE)["RefusedEvents"]
    assert [each["Sent"] for each in found] == [{**about, **wrong, **sent} for sent in hers]
    assert {each["IsWhole"] for each in found} == {True}
    theirs = export(client, shop, EmailAddress="other@example.com")["RefusedEvents"]
    assert [each["Sent"] for each in theirs] == [{**about, **wrong, **sent} for sent in others[:2]]


def test_who_is_nobody_is_refused_as_usual(client: InProcess, shop: Shop) -> None:
    answer = client.call("subscriber.export", shop.key, ListID=shop.list_id, EmailAddress="no@example.com")
    assert (answer.status, answer.codes) == (422, [3])
