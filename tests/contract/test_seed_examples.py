"""Do the examples that clients were written from work as printed? Sent by curl, but for host, key and ListID."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import Any

import pytest

from tests.processes import find_program
from tests.served import Account, Tracker

#: The reference clients were written from, letter by letter: its examples and what it says about numbers.
TRACK = r"""
curl -X POST https://example.com/api/v1/event \
  -H "Content-Type: application/json" \
  -d '{
    "Command": "event.track",
    "APIKey": "your-api-key",
    "Event": "page_view",
    "ListID": 123,
    "Email": "subscriber@example.com",
    "ID": "user-12345",
    "Properties": {
      "$page_title": "Product Page",
      "$current_url": "https://example.com/products/item-1",
      "product_id": "item-1",
      "product_name": "Example Product"
    }
  }'
"""
TRACK_ANSWER = """
{
  "status": "success",
  "uuid": "550e8400-e29b-41d4-a716-446655440000",
  "external_id": "user-12345",
  "identify_event_sent": true
}
"""
TRACK_ERROR = """
{
  "Errors": [
    {
      "Code": 5,
      "Message": "Missing event parameter"
    }
  ]
}
"""
LISTING = r"""
curl -X GET "https://example.com/api/v1/website_events.properties?ListID=123" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer your-api-key"
"""
LISTING_ANSWER = """
{
  "ListID": 123,
  "Properties": {
    "page_view": [
      "$page_title",
      "$current_url",
      "product_id"
    ],
    "conversion": [
      "conversion-id",
      "conversion-name",
      "conversion-value",
      "product_category"
    ],
    "custom_event": [
      "event_property_1",
      "event_property_2"
    ]
  }
}
"""
LISTING_ERROR = """
{
  "Errors": [
    {
      "Code": 1,
      "Message": "Missing ListID parameter"
    }
  ]
}
"""
#: The error codes of both commands, as listed there.
TRACK_CODES = """
4: Invalid ListID parameter
5: Missing event parameter
7: Invalid email parameter
8: Missing conversion-id event property (for conversion events)
9: Missing conversion-name event property (for conversion events)
10: Missing conversion-value event property (for conversion events)
"""
LISTING_CODES = """
1: Missing ListID parameter
2: Invalid ListID parameter
3: List not found
"""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def run(example: str, tracker: Tracker, account: Account, *more: str) -> tuple[int, Any]:
    """The status and the JSON that the curl line gets; host, key and ListID are this test's."""
    line = example.replace("https://example.com/api", f"{tracker.url}/api").replace(
        "your-api-key", account.key
    )
    line = line.replace('"ListID": 123', f'"ListID": {account.list_id}').replace(
        "ListID=123", f"ListID={account.list_id}"
    )
    words = shlex.split(line.replace("\\\n", " "))
    command = [
        find_program("curl", "curl"),
        "--silent",
        "--noproxy",
        "*",
        "--write-out",
        "\n%{http_code}",
        *words[1:],
        *more,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def codes(table: str) -> dict[int, str]:
    lines = (line.partition(": ") for line in table.strip().splitlines())
    return {int(code): message.removesuffix(" (for conversion events)") for code, _, message in lines}


def test_the_first_event_as_printed(tracker_on_each: Tracker, account_on_each: Account) -> None:
    status, answer = run(TRACK, tracker_on_each, account_on_each)
    expected = json.loads(TRACK_ANSWER)
    assert status == 200
    assert UUID.fullmatch(answer["uuid"])
    assert UUID.fullmatch(expected["uuid"])
    assert answer | {"uuid": ""} == expected | {"uuid": ""}
    assert list(answer) == list(expected)


def test_the_listing_as_printed(tracker_on_each: Tracker, account_on_each: Account) -> None:
    expected = json.loads(LISTING_ANSWER)
    list_id = int(tracker_on_each.cli("list", "add", account_on_each.email, "As printed"))
    account = Account(account_on_each.email, account_on_each.password, account_on_each.key, list_id)
    for event, names in expected["Properties"].items():
        sent = {"Event": event, "ListID": list_id, "Properties": dict.fromkeys(names, 1)}
        assert tracker_on_each.call("event.track", account.key, **sent).status == 200
    status, answer = run(LISTING, tracker_on_each, account)
    assert status == 200
    # The example shows the answer's form; its notes say that it is ordered.
    assert answer == {
        "ListID": list_id,
        "Properties": {k: sorted(v) for k, v in expected["Properties"].items()},
    }
    assert list(answer) == list(expected)
    assert list(answer["Properties"]) == sorted(expected["Properties"])


def test_the_error_of_the_first_event_as_printed(tracker_on_each: Tracker, account_on_each: Account) -> None:
    without = TRACK.replace('    "Event": "page_view",\n', "")
    assert without != TRACK
    status, answer = run(without, tracker_on_each, account_on_each)
    assert (status, answer) == (422, json.loads(TRACK_ERROR))


def test_the_error_of_the_listing_as_printed(tracker_on_each: Tracker, account_on_each: Account) -> None:
    status, answer = run(LISTING.replace("?ListID=123", ""), tracker_on_each, account_on_each)
    assert (status, answer) == (422, json.loads(LISTING_ERROR))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (4, {"ListID": "none"}),
        (5, {"Event": None}),
        (7, {"Email": "none"}),
        (8, {"Event": "conversion", "Properties": {"conversion-name": "a", "conversion-value": 1}}),
        (9, {"Event": "conversion", "Properties": {"conversion-id": "a", "conversion-value": 1}}),
        (10, {"Event": "conversion", "Properties": {"conversion-id": "a", "conversion-name": "a"}}),
    ],
)
def test_every_listed_number_of_the_first_event(
    tracker_on_each: Tracker, account_on_each: Account, code: int, change: dict[str, Any]
) -> None:
    sent = {"Event": "page_view", "ListID": account_on_each.list_id, **change}
    answer = tracker_on_each.call("event.track", account_on_each.key, **sent)
    row = {"Code": code, "Message": codes(TRACK_CODES)[code]}
    assert (answer.status, answer.body) == (422, {"Errors": [row]})


@pytest.mark.parametrize(("code", "params"), [(1, {}), (2, {"ListID": "none"}), (3, {"ListID": 2**62})])
def test_every_listed_number_of_the_listing(
    tracker_on_each: Tracker, account_on_each: Account, code: int, params: dict[str, Any]
) -> None:
    answer = tracker_on_each.call("website_events.properties", account_on_each.key, **params)
    row = {"Code": code, "Message": codes(LISTING_CODES)[code]}
    assert (answer.status, answer.body) == (422, {"Errors": [row]})


def test_both_are_at_the_legacy_door_too(tracker_on_each: Tracker, account_on_each: Account) -> None:
    status, answer = run(TRACK.replace("/api/v1/event", "/api.php"), tracker_on_each, account_on_each)
    assert (status, answer["status"]) == (200, "success")
    legacy = LISTING.replace(
        "/api/v1/website_events.properties?", "/api.php?Command=website_events.properties&"
    )
    status, answer = run(legacy, tracker_on_each, account_on_each)
    assert (status, answer["ListID"]) == (200, account_on_each.list_id)


def test_the_limits_are_as_printed(tracker_on_each: Tracker, account_on_each: Account) -> None:
    track = tracker_on_each.call(
        "event.track", account_on_each.key, Event="seen", ListID=account_on_each.list_id
    )
    listing = tracker_on_each.call(
        "website_events.properties", account_on_each.key, ListID=account_on_each.list_id
    )
    assert (track.headers["X-RateLimit-Limit"], listing.headers["X-RateLimit-Limit"]) == ("5000", "100")


def test_curl_without_a_content_type_is_understood(
    tracker_on_each: Tracker, account_on_each: Account
) -> None:
    """`curl -d` calls JSON a form."""
    bare = TRACK.replace('  -H "Content-Type: application/json" \\\n', "")
    assert bare != TRACK
    assert run(bare, tracker_on_each, account_on_each)[0] == 200


def test_curl_forms_are_understood(tracker_on_each: Tracker, account_on_each: Account) -> None:
    """As existing clients send them: multipart, nested names, parameters in lower case."""
    form = (
        "curl -X POST https://example.com/api.php -F Command=Event.Track -F APIKey=your-api-key -F listid=LIST"
        " -F event=add_to_cart -F email=form@example.com -F 'properties[sku]=a b' -F 'properties[cart][size]=1'"
    ).replace("LIST", str(account_on_each.list_id))
    status, answer = run(form, tracker_on_each, account_on_each)
    assert (status, answer["identify_event_sent"]) == (200, True)
