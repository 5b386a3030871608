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
        "SubscriberID": number, "EmailAddress": "Jane@Example.COM", "ExternalID": "user-1", "CustomFields": {},
    }  # fmt: skip
    assert int(joe.pop("SubscriberID")) > int(number)
    assert joe == {"EmailAddress": "joe@example.com", "ExternalID": "user-2", "CustomFields": {}}


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
