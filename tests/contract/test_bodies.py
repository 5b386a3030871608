"""Does every body form, letter case and credential reach the command? Over real HTTP, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.client import Reply
from tests.processes import until
from tests.served import Account, Tracker

VISITOR = "550e8400-e29b-41d4-a716-446655440000"
DOORS = ["/api.php", "/api/v1/event", "/api/v1/event.track", "/api/v1/Event.Track", "/api/v1/EVENT"]
Listed = Callable[[], dict[str, list[str]]]


@pytest.fixture
def shop(tracker_on_each: Tracker, account_on_each: Account) -> Account:
    """The account with a fresh list, made through the API."""
    made = tracker_on_each.call("list.create", account_on_each.key, SubscriberListName="Fresh")
    return Account(account_on_each.email, account_on_each.password, account_on_each.key, made.body["ListID"])


@pytest.fixture
def listed(tracker_on_each: Tracker, shop: Account) -> Listed:
    def call() -> dict[str, list[str]]:
        answer = tracker_on_each.call("website_events.properties", shop.key, ListID=shop.list_id)
        found: dict[str, list[str]] = answer.body["Properties"]
        return found

    return call


def as_json(params: dict[str, Any], content_type: str) -> dict[str, Any]:
    return {"data": json.dumps(params), "headers": {"Content-Type": content_type}}


FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "json": lambda p: as_json(p, "application/json"),
    "json with charset": lambda p: as_json(p, "application/json; charset=utf-8"),
    "json as text": lambda p: as_json(p, "text/plain"),
    "json as form": lambda p: as_json(p, "application/x-www-form-urlencoded"),
    "json with a mark": lambda p: {"data": b"\xef\xbb\xbf" + json.dumps(p).encode(), "headers": {"Content-Type": "application/json"}},
    "urlencoded": lambda p: {"data": {k: v for k, v in p.items() if not isinstance(v, dict)} | {f"Properties[{k}]": v for k, v in p["Properties"].items()}},
    "multipart": lambda p: {"files": {k: (None, str(v)) for k, v in p.items() if not isinstance(v, dict)} | {f"Properties[{k}]": (None, str(v)) for k, v in p["Properties"].items()}},
    "object in a form": lambda p: {"data": p | {"Properties": json.dumps(p["Properties"])}},
    "query": lambda p: {"params": {k: v for k, v in p.items() if not isinstance(v, dict)} | {f"Properties[{k}]": v for k, v in p["Properties"].items()}},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS[:2])
def test_every_form_says_the_same(
    tracker_on_each: Tracker, shop: Account, listed: Listed, form: str, door: str
) -> None:
    params = {
        "Command": "event.track", "ListID": shop.list_id, "Event": "add to cart é", "UUID": VISITOR,
        "Properties": {"sku": "a b", "naïve ": "x"},
    }  # fmt: skip
    answer = tracker_on_each.post(door, shop.key, **FORMS[form](params))
    assert answer.status == 200, answer.text
    assert answer.body == {
        "status": "success",
        "uuid": VISITOR,
        "external_id": None,
        "identify_event_sent": False,
    }
    assert listed() == {"add to cart é": ["naïve ", "sku"]}


@pytest.mark.parametrize("value", ["true", "1"])
@pytest.mark.parametrize("form", ["urlencoded", "multipart", "query"])
def test_a_form_can_send_a_test_event(
    tracker_on_each: Tracker, shop: Account, listed: Listed, form: str, value: str
) -> None:
    params = {"ListID": shop.list_id, "Event": "tried", "Properties": {"isTest": value}}
    assert tracker_on_each.post("/api/v1/event", shop.key, **FORMS[form](params)).status == 200
    assert listed() == {}
    real = params | {"Properties": {"isTest": "false"}}
    assert tracker_on_each.post("/api/v1/event", shop.key, **FORMS[form](real)).status == 200
    assert listed() == {"tried": ["isTest"]}


def test_a_conversion_can_be_sent_by_a_form(tracker_on_each: Tracker, shop: Account, listed: Listed) -> None:
    sent = {
        "Event": "conversion",
        "ListID": shop.list_id,
        "Properties[conversion-id]": "1",
        "Properties[conversion-name]": "Sale",
    }
    missing = tracker_on_each.post(
        "/api/v1/event", shop.key, data=sent | {"Properties[conversion-value]": ""}
    )
    assert missing.codes == [10]
    done = tracker_on_each.post(
        "/api/v1/event", shop.key, data=sent | {"Properties[conversion-value]": "12.50"}
    )
    assert done.status == 200
    assert listed() == {"conversion": ["conversion-id", "conversion-name", "conversion-value"]}


def test_indexes_make_lists_and_where_an_object_is_asked_for_an_object(
    tracker_on_each: Tracker, shop: Account, listed: Listed
) -> None:
    """As PHP's `http_build_query` and `qs` write them."""
    sent = {"ListID": shop.list_id, "Event": "seen", "Properties[tags][0]": "a", "Properties[tags][1]": "b"}
    multipart = {"files": {name: (None, str(value)) for name, value in sent.items()}}
    for options in ({"data": sent}, multipart, {"params": sent}):
        assert tracker_on_each.post("/api/v1/event", shop.key, **options).status == 200
    found = tracker_on_each.call("events.recent", shop.key, ListID=shop.list_id).body["Events"]
    assert [event["Properties"]["tags"] for event in found] == [["a", "b"]] * 3
    assert (
        tracker_on_each.post(
            "/api/v1/event", shop.key, data={"ListID": shop.list_id, "Event": "odd", "Properties[0]": "x"}
        ).status
        == 200
    )
    assert listed() == {"odd": ["0"], "seen": ["tags"]}


def test_empty_means_absent_in_forms_and_null_in_json(tracker_on_each: Tracker, shop: Account) -> None:
    names = ("Email", "ID", "UUID", "Properties", "ListID", "EventID", "SessionID", "APIKey")
    form = tracker_on_each.post("/api/v1/event", shop.key, data={"Event": "seen", **dict.fromkeys(names, "")})
    assert form.status == 200, form.text
    sent = tracker_on_each.post("/api/v1/event", shop.key, json={"Event": "seen", **dict.fromkeys(names)})
    assert sent.status == 200, sent.text
    assert tracker_on_each.post("/api/v1/event", shop.key, data={"Event": ""}).codes == [5]


def test_phps_empty_array_is_an_empty_object(tracker_on_each: Tracker, shop: Account, listed: Listed) -> None:
    assert (
        tracker_on_each.post(
            "/api/v1/event", shop.key, json={"Event": "a", "ListID": shop.list_id, "Properties": []}
        ).status
        == 200
    )
    assert listed() == {"a": []}


def test_the_last_of_a_doubled_key_counts(tracker_on_each: Tracker, shop: Account, listed: Listed) -> None:
    body = '{"Event": "first", "ListID": LIST, "Event": "last", "Properties": {"a": 1, "a": {"b": 2}}}'
    body = body.replace("LIST", str(shop.list_id))
    assert (
        tracker_on_each.post(
            "/api/v1/event", shop.key, data=body, headers={"Content-Type": "application/json"}
        ).status
        == 200
    )
    assert listed() == {"last": ["a"]}


def test_the_body_wins_over_the_query(tracker_on_each: Tracker, shop: Account, listed: Listed) -> None:
    query = urlencode({"Event": "asked", "listid": shop.list_id, "UUID": "broken"})
    answer = tracker_on_each.post(f"/api/v1/event?{query}", shop.key, json={"event": "sent", "uuid": VISITOR})
    assert (answer.status, answer.body["uuid"]) == (200, VISITOR)
    assert listed() == {"sent": []}


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "image/png", None]
)
def test_an_empty_body_means_no_parameters(
    tracker_on_each: Tracker, shop: Account, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert tracker_on_each.post("/api/v1/event", shop.key, headers=headers).codes == [5]


def test_get_may_carry_json(tracker_on_each: Tracker, shop: Account) -> None:
    answer = tracker_on_each.get("/api/v1/website_events.properties", shop.key, json={"ListID": shop.list_id})
    assert answer.body == {"ListID": shop.list_id, "Properties": {}}


# Letter cases


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("command", ["event.track", "Event.Track", "EVENT.TRACK"])
def test_commands_are_named_in_any_letter_case(
    tracker_on_each: Tracker, shop: Account, door: str, command: str
) -> None:
    sent = {"command": command, "event": "seen", "listid": shop.list_id, "PROPERTIES": {"Kept": 1}}
    assert tracker_on_each.post(door, shop.key, json=sent).status == 200


def test_an_exact_spelling_beats_another(tracker_on_each: Tracker, shop: Account, listed: Listed) -> None:
    for sent in (
        {"event": "other", "Event": "exact", "EVENT": "third"},
        {"Event": "exact", "event": "other"},
    ):
        body = {"ListID": shop.list_id, "LISTID": "broken", **sent}
        assert tracker_on_each.post("/api/v1/event", shop.key, json=body).status == 200
    assert listed() == {"exact": []}


def test_names_inside_properties_are_the_clients_own(
    tracker_on_each: Tracker, shop: Account, listed: Listed
) -> None:
    sent = {"event": "Seen", "listid": shop.list_id, "properties": {"SKU": 1, "sku": 2}}
    assert tracker_on_each.post("/api/v1/event", shop.key, json=sent).status == 200
    assert listed() == {"Seen": ["SKU", "sku"]}


@pytest.mark.parametrize(
    ("door", "command", "status"),
    [
        ("/api/v1/event", "lists.get", 404),
        ("/api/v1/event", "event", 404),
        ("/api/v1/event", "", 404),
        ("/api/v1/event", 5, 404),
        ("/api/v1/none", None, 404),
        ("/api.php", None, 400),
        ("/api.php", "none", 400),
        ("/api.php", "event", 400),
        ("/api.php", ["event.track"], 400),
    ],
)
def test_a_command_that_is_none_or_another_than_the_paths(
    tracker_on_each: Tracker, shop: Account, door: str, command: Any, status: int
) -> None:
    answer = tracker_on_each.post(door, shop.key, json={"Event": "seen", "Command": command})
    assert (answer.status, answer.codes) == (status, [100003])


# Credentials


@pytest.fixture(scope="module")
def session(tracker_on_each: Tracker, account_on_each: Account) -> str:
    sent = {"Username": account_on_each.email, "Password": account_on_each.password}
    answer = tracker_on_each.call("user.login", **sent)
    session_id: str = answer.body["SessionID"]
    return session_id


def test_each_credential_opens_the_door(tracker_on_each: Tracker, shop: Account, session: str) -> None:
    params = {"Event": "seen", "ListID": shop.list_id}
    for sent in ({"json": params | {"APIKey": shop.key}}, {"json": params | {"SessionID": session}}, {"data": params | {"apikey": shop.key}},
                 {"json": params, "params": {"APIKey": shop.key}}, {"json": params | {"sessionid": session}}):  # fmt: skip
        assert tracker_on_each.post("/api/v1/event", **sent).status == 200
    assert tracker_on_each.post("/api/v1/event", shop.key, json=params).status == 200
    for header in (f"bearer {shop.key}", f"BEARER   {shop.key}"):
        assert (
            tracker_on_each.post("/api/v1/event", json=params, headers={"Authorization": header}).status
            == 200
        )


def test_the_first_that_is_present_decides(tracker_on_each: Tracker, shop: Account, session: str) -> None:
    good = {"bearer": shop.key, "APIKey": shop.key, "SessionID": session}
    order = list(good)
    for index, name in enumerate(order):
        sent = {key: good[key] for key in order[index:]}
        assert call_with(tracker_on_each, shop, sent).status == 200
        wrong = call_with(tracker_on_each, shop, sent | {name: good[name][:-1]})
        assert (wrong.status, wrong.codes) == (401, [99998])
        later = dict.fromkeys(order[index + 1 :], "wrong")
        assert call_with(tracker_on_each, shop, {name: good[name], **later}).status == 200


def call_with(tracker: Tracker, shop: Account, credentials: dict[str, str]) -> Reply:
    params = {"Event": "seen", "ListID": shop.list_id} | {
        k: v for k, v in credentials.items() if k != "bearer"
    }
    return tracker.post("/api/v1/event", credentials.get("bearer"), json=params)


@pytest.mark.parametrize(
    "credentials",
    [
        {}, {"APIKey": ""}, {"APIKey": "nonsense"}, {"APIKey": 5}, {"APIKey": ["a"]}, {"SessionID": "nonsense"},
        {"SessionID": True}, {"APIKey": "trk_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, {"APIKey": "kéy"},
    ],
)  # fmt: skip
def test_without_a_good_credential_nothing_is_told(
    tracker_on_each: Tracker, shop: Account, credentials: Any
) -> None:
    for params in ({"Event": "seen", "ListID": shop.list_id}, {"Event": "", "ListID": "x"}):
        answer = tracker_on_each.post("/api/v1/event", json=params | credentials)
        assert (answer.status, answer.codes) == (401, [99998])
        assert "X-RateLimit-Limit" not in answer.headers


def test_the_log_names_command_and_user_and_nothing_that_was_sent(
    tracker_on_each: Tracker, shop: Account
) -> None:
    secrets = {
        "Event": "secret-event",
        "Email": "secret@example.com",
        "ID": "secret-id",
        "Properties": {"secret": "secret-value"},
    }
    called = {"a-good-one": shop.key, "a-refused-one": shop.key[:-1], "a-wrong-one": shop.key}
    for name, key in called.items():
        sent = secrets | ({"ListID": shop.list_id} if name != "a-wrong-one" else {"ListID": "secret-list"})
        tracker_on_each.post(
            "/api/v1/event?Secret=secret-query", key, json=sent, headers={"X-Request-ID": name}
        )
    until(lambda: len(_records(tracker_on_each, called)) == len(called))
    lines = _records(tracker_on_each, called)
    assert [line["status"] for line in lines] == [200, 401, 422]
    assert {line["command"] for line in lines} == {"event.track"}
    assert [line["user_id"] is None for line in lines] == [False, True, False]
    printed = tracker_on_each.logs()
    assert "secret" not in printed
    assert shop.key[4:] not in printed


def _records(tracker: Tracker, names: Iterable[str]) -> list[dict[str, Any]]:
    return [record for record in tracker.records() if record.get("request_id") in names]
