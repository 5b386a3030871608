"""`subscriber.get`: a subscriber is described, by number, address or external ID."""

from __future__ import annotations

from tests.client import Track
from tests.subscriber_calls import Call, described, made


def test_a_subscriber_is_described_whoever_made_them(call: Call, track: Track) -> None:
    number = made(call, EmailAddress=" Jane@Example.COM ", ExternalID="user-1")
    track(Email="joe@example.com", ID="user-2")
    jane, joe = described(call, EmailAddress="jane@example.com"), described(call, ExternalID="user-2")
    assert jane.pop("CreatedOn") <= joe.pop("CreatedOn")
    told = [each.pop(name) for each in (jane, joe) for name in ("EmailAddressBy", "ExternalIDBy")]
    assert told == ["credential"] * 4
    assert jane == {
        "SubscriberID": number, "EmailAddress": "Jane@Example.COM", "ExternalID": "user-1", "IsLeftOut": False,
        "CustomFields": {},
    }  # fmt: skip
    assert int(joe.pop("SubscriberID")) > int(number)
    assert joe == {
        "EmailAddress": "joe@example.com", "ExternalID": "user-2", "IsLeftOut": False, "CustomFields": {},
    }  # fmt: skip


def test_a_number_is_digits_and_taken_as_digits_or_integer(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com")
    assert int(number) > 2**53, "a double would round it"
    for sent in (number, int(number)):
        assert described(call, SubscriberID=sent)["EmailAddress"] == "a@example.com"


def test_the_first_of_number_address_and_external_id_says_who(call: Call) -> None:
    a = made(call, EmailAddress="a@example.com", ExternalID="a")
    b = made(call, EmailAddress="b@example.com", ExternalID="b")
    assert described(call, SubscriberID=a, EmailAddress="b@example.com")["SubscriberID"] == a
    assert described(call, EmailAddress="B@example.com", ExternalID="a")["SubscriberID"] == b
    assert described(call, ExternalID="b")["SubscriberID"] == b


def test_first_and_last_seen_are_times_of_events_also_of_those_before_they_were_known(
    call: Call, track: Track
) -> None:
    jane = made(call, EmailAddress="jane@example.com")
    answer = call("get", SubscriberID=jane).body
    assert (answer["FirstSeenAt"], answer["LastSeenAt"]) == (None, None)
    visitor = "0f8fad5b-d9cb-469f-a165-70867728950e"
    track(Event="anonymous", UUID=visitor, Timestamp="2026-02-01T10:00:00Z")
    track(Event="bought", UUID=visitor, Email="jane@example.com", Timestamp="2026-02-03T10:00:00Z")
    track(Event="imported", Email="jane@example.com", Timestamp="2025-12-24T18:00:00Z")
    track(Event="seen", Email="somebody@example.com", Timestamp="2024-12-24T18:00:00Z")
    answer = call("get", SubscriberID=jane).body
    assert answer["FirstSeenAt"] == "2025-12-24T18:00:00.000Z"
    assert answer["LastSeenAt"] == "2026-02-03T10:00:00.000Z"
    assert answer["SubscriberInformation"]["CreatedOn"] > answer["LastSeenAt"]
