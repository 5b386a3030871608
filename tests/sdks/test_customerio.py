"""Does Customer.io's adapter read what no recording has: addresses as ids, pages, screens, and what only looks like its own?"""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest

from tests.client import InProcess
from tests.sdks.golden_rows import listed_of
from tracker.errors import CommandError
from tracker.sdks import SdkRefusal, SdkRequest

ADAPTER = listed_of("customerio").adapter
VISITOR = "550e8400-e29b-41d4-a716-446655440000"
BASIC = "Basic " + base64.b64encode(b"LISTPUBLICID0001:trk_EXAMPLE0_secret").decode()


def events(method: str, sent: Any, who: str | None = "u-1", **headers: str) -> list[dict[str, Any]]:
    params = {} if who is None else {"id": who}
    request = SdkRequest(
        method, "", params, headers=headers, raw=json.dumps(sent).encode(), now=1_795_780_000_000
    )
    request.visitor_of_day = lambda _address, _agent: VISITOR
    [item] = ADAPTER.events(request)
    assert not isinstance(item, CommandError)
    return list(item)


@pytest.mark.parametrize(
    ("who", "attributes", "named"),
    [
        ("zoe@example.com", {}, {"Email": "zoe@example.com"}),
        ("zoe@example.com", {"id": "u-1"}, {"ID": "u-1", "Email": "zoe@example.com"}),
        ("u-1", {"email": "zoe@example.com"}, {"ID": "u-1", "Email": "zoe@example.com"}),
        ("u-1", {"id": "u-2"}, {"ID": "u-1"}),
    ],
)
def test_people_are_known_by_id_and_address(
    who: str, attributes: dict[str, Any], named: dict[str, str]
) -> None:
    [event] = events("PUT", attributes, who, authorization=BASIC)
    assert event["Event"] == "identify"
    assert {name: event[name] for name in ("ID", "Email") if name in event} == named


def test_what_a_browser_and_a_person_have_in_common_ties_them() -> None:
    [event] = events("PUT", {"anonymous_id": VISITOR, "plan": "pro"}, authorization=BASIC)
    assert (event["UUID"], event["ID"], event["IdentifyProperties"]) == (VISITOR, "u-1", {"plan": "pro"})
    event, tie = events("POST", {"name": "e", "data": {}, "anonymous_id": VISITOR})
    assert (tie["Event"], tie["UUID"], tie["ID"]) == ("identify", VISITOR, "u-1")


@pytest.mark.parametrize(
    ("sent", "name", "properties"),
    [
        (
            {"type": "page", "name": "https://a.example/b"},
            "page_view",
            {"$current_url": "https://a.example/b"},
        ),
        ({"type": "page", "name": "/b"}, "page_view", {"$pathname": "/b"}),
        (
            {"type": "screen", "name": "Home", "data": {"n": 1}},
            "screen_view",
            {"$screen_name": "Home", "n": 1},
        ),
        ({"type": "event", "name": "e", "data": {}, "new_word": 1}, "e", {}),
    ],
)
def test_pages_and_screens_are_those_of_tracker(
    sent: dict[str, Any], name: str, properties: dict[str, Any]
) -> None:
    [event] = events("POST", sent)
    assert (event["Event"], event["Properties"], event["ID"]) == (name, properties, "u-1")


def test_an_event_of_nobody_is_one_of_the_day() -> None:
    [event] = events("POST", {"name": "e"}, None)
    assert event["UUID"] == VISITOR
    assert "ID" not in event


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("POST", {"name": "Home", "type": "page", "properties": {}, "messageId": "m"}),
        ("POST", {"name": "e", "url": "https://a.example/", "domain": "a.example"}),
        ("POST", {"name": 1, "data": {}}),
        ("POST", {"name": "", "data": {}}),
        ("POST", {"name": "e", "type": "track", "data": {}}),
        ("PUT", {"plan": "pro"}),
    ],
)
def test_what_only_looks_like_its_own_is_refused(method: str, sent: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        events(method, sent)


def test_more_attributes_than_customer_io_takes_are_refused() -> None:
    assert events("PUT", {f"a{n}": n for n in range(300)}, authorization=BASIC)
    with pytest.raises(CommandError):
        events("PUT", {f"a{n}": n for n in range(301)}, authorization=BASIC)


def test_a_refusal_says_why_in_the_words_that_its_clients_show() -> None:
    reply = ADAPTER.refused(SdkRequest("POST", ""), SdkRefusal(401, 100001, "no"))
    assert (reply.status, reply.body["meta"]["error"]) == (401, "no")


def test_what_is_not_done_is_no_success_and_is_logged(
    client: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """A back end must not believe that somebody was forgotten."""
    logging.getLogger("tracker.sdks").propagate = True
    with caplog.at_level(logging.WARNING, "tracker.sdks"):
        for method, path, status in (
            ("DELETE", "", 405),
            ("POST", "/suppress", 404),
            ("PUT", "/devices", 404),
        ):
            where = f"/sdk/customerio/api/v1/customers/u-1{path}"
            reply = client.request(method, where, data=b"{}", headers={"Authorization": BASIC})
            assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert ["customers/u-1" in line for line in caplog.messages] == [True, True]
