"""Hints: error rows tell how to mend the call, unknown parameters are named, and neither tells more than the caller showed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client import InProcess, Reply, Shop, Track
from tracker.formats.credentials import new_key, new_public_id, new_session_id
from tracker.registry.near_names import MAX_NAME, MAX_NOTES, MAX_NOTES_LENGTH, NearNames
from tracker.times import TIME_FORMS

NOTES = "X-Tracker-Notes"


def hint(answer: Reply) -> str | None:
    """The hint of the only row."""
    [row] = answer.body["Errors"]
    found: str | None = row.get("Hint")
    return found


def test_without_a_credential_the_ways_to_send_one_are_named(client: InProcess) -> None:
    answer = client.call("event.track", Event="seen")
    assert answer.codes == [99998]
    found = hint(answer) or ""
    for way in ("Authorization: Bearer KEY", "APIKey", "SessionID", "user.login"):
        assert way in found


def test_the_credential_that_decided_is_named_with_what_is_wrong(client: InProcess, shop: Shop) -> None:
    mistyped = shop.key[:-1] + ("a" if shop.key[-1] != "a" else "b")
    session, malformed = new_session_id(), "is no well-formed"
    cases: list[tuple[str | None, dict[str, Any], str, str]] = [
        (mistyped, {}, "the Authorization header", malformed),
        (new_key().text, {}, "the Authorization header", "is unknown or revoked"),
        (new_key().text, {"APIKey": shop.key}, "the Authorization header", "is unknown or revoked"),
        (session, {}, "the Authorization header", "is a SessionID: send it as the parameter SessionID"),
        (None, {"APIKey": mistyped}, "the parameter APIKey", malformed),
        (None, {"APIKey": 7}, "the parameter APIKey", malformed),
        (None, {"APIKey": ""}, "the parameter APIKey", "is empty"),
        (None, {"APIKey": new_key().text}, "the parameter APIKey", "is unknown or revoked"),
        (None, {"SessionID": session}, "the parameter SessionID", "is unknown or logged out"),
        (None, {"SessionID": session[:-1]}, "the parameter SessionID", malformed),
    ]
    for key, sent, place, reason in cases:
        answer = client.call("event.track", key, Event="seen", **sent)
        assert answer.codes == [99998]
        found = hint(answer) or ""
        assert place in found, (sent, found)
        assert reason in found, (sent, found)


def test_an_authorization_header_that_cannot_be_read_is_named(client: InProcess) -> None:
    answer = client.request(
        "POST", "/api/v1/event", headers={"Authorization": "Bearer"}, json={"Event": "seen"}
    )
    assert hint(answer) == "The Authorization header holds no readable key: write 'Authorization: Bearer KEY'"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Authorization": "Basic amFuZTpwYXNzd29yZA=="}, "The Authorization header has the scheme Basic"),
        ({"Authorization": "bAsIc amFuZTpwYXNzd29yZA=="}, "The Authorization header has the scheme Basic"),
        ({"Authorization": "Token amFuZTpwYXNzd29yZA=="}, "The Authorization header has a scheme"),
        ({"X-API-Key": "amFuZTpwYXNzd29yZA=="}, "The header X-API-Key is not read"),
    ],
)
def test_a_credential_in_a_place_that_is_not_read_is_told(
    client: InProcess, capfd: pytest.CaptureFixture[str], headers: dict[str, str], found: str
) -> None:
    for path in ("/api/v1/event", "/api/v1/Event", "/api.php"):
        sent = {"Command": "event.track", "Event": "seen"}
        answer = client.request("POST", path, headers=headers, json=sent)
        assert (answer.status, answer.codes) == (401, [99998])
        told = hint(answer) or ""
        assert told.startswith(found)
        assert "Authorization: Bearer KEY" in told
        assert b"amFuZ" not in answer.raw
    assert "amFuZ" not in "".join(capfd.readouterr())


def test_a_credential_that_is_read_goes_before_one_that_is_not(client: InProcess, shop: Shop) -> None:
    for name, value in (
        ("Authorization", "Basic amFuZTpwYXNzd29yZA=="),
        ("X-API-Key", "amFuZTpwYXNzd29yZA=="),
    ):
        sent = {"Event": "seen", "ListID": shop.list_id, "APIKey": shop.key}
        assert client.request("POST", "/api/v1/event", headers={name: value}, json=sent).status == 200
        wrong = client.request("POST", "/api/v1/event", headers={name: value}, json=sent | {"APIKey": "x"})
        assert "the parameter APIKey" in (hint(wrong) or "")


def test_an_unknown_and_a_revoked_key_are_answered_with_the_same_bytes(client: InProcess, shop: Shop) -> None:
    made = client.services.stores.keys.add_named(shop.user_id, "*", None)
    client.services.stores.keys.revoke(made.prefix)
    answers = [client.call("event.track", key, Event="seen") for key in (made.text, new_key().text)]
    assert answers[0].raw == answers[1].raw
    assert [answer.status for answer in answers] == [401, 401]


def test_sessions_that_ended_and_that_never_were_are_answered_with_the_same_bytes(
    client: InProcess, shop: Shop
) -> None:
    login = client.call("user.login", Username=shop.email, Password=shop.password)
    ended = login.body["SessionID"]
    assert client.call("user.logout", SessionID=ended).status == 200
    answers = [client.call("lists.get", SessionID=session) for session in (ended, new_session_id())]
    assert answers[0].raw == answers[1].raw


@pytest.mark.parametrize(
    ("sent", "near"),
    [
        ("event.tracks", "event.track"),
        ("Event_Track", "event.track"),
        ("website_event.properties", "website_events.properties"),
    ],
)
def test_a_near_command_name_is_given(client: InProcess, shop: Shop, sent: str, near: str) -> None:
    answer = client.call(sent, shop.key)
    assert (answer.status, answer.codes, hint(answer)) == (400, [100003], f"Did you mean {near}?")
    answer = client.request("POST", f"/api/v1/{sent}", shop.key)
    assert (answer.status, answer.codes, hint(answer)) == (404, [100003], f"Did you mean {near}?")


def test_a_name_that_is_near_to_none_has_no_hint(client: InProcess, shop: Shop) -> None:
    for name in ("no.such", "x" * 60_000, "", "\x00", "é" * 30):
        assert hint(client.call(name, shop.key)) is None


def test_without_a_command_the_parameter_is_named(client: InProcess, shop: Shop) -> None:
    answer = client.request("POST", "/api.php", shop.key, json={"Event": "seen"})
    assert hint(answer) == "Name the command in the parameter Command, such as event.track"


def test_a_command_that_differs_from_the_path_is_explained(client: InProcess, shop: Shop) -> None:
    answer = client.request("POST", "/api/v1/event", shop.key, json={"Command": "list.get"})
    assert answer.codes == [100003]
    assert (hint(answer) or "").startswith("The path is that of event.track")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/event/", "/api/v1/event"),
        ("/api/v1//event", "/api/v1/event"),
        ("/api/v1/website_events.properties/", "/api/v1/website_events.properties"),
        ("/api.php/", "/api.php"),
    ],
)
def test_a_slash_too_many_is_named(client: InProcess, shop: Shop, path: str, meant: str) -> None:
    answer = client.request("POST", path, shop.key, json={"Event": "seen"})
    assert (answer.status, answer.codes) == (404, [100003])
    assert hint(answer) == f"A slash too many: the path is {meant}"


@pytest.mark.parametrize("shape", ["{}/", "/{}", "{}.gif/", "/{}/"])
def test_a_slash_too_many_at_the_collect_endpoint_is_named(client: InProcess, shop: Shop, shape: str) -> None:
    tracker_id = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["EventListTrackerID"]
    for each in (tracker_id, new_public_id()):
        answer = client.request("POST", "/t/" + shape.format(each), json={"Event": "seen"})
        assert (answer.status, answer.codes) == (401, [99998])
        assert hint(answer) == f"A slash too many: the path is /t/{shape.strip('/').format(each)}"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        got = client.request("GET", "/t/" + shape.format(each))
        assert (got.status, got.codes, hint(got)) == (405, [100001], hint(answer))
    other = client.request("POST", "/t/no such id/", json={"Event": "seen"})
    assert hint(other) == "No list has this EventListTrackerID"


def test_the_accepted_forms_of_a_time_are_given(client: InProcess, shop: Shop, track: Track) -> None:
    for name in ("Timestamp", "SentAt"):
        assert hint(track(**{name: "yesterday"})) == TIME_FORMS
    events = client.call("subscriber.events", shop.key, ListID=shop.list_id, SubscriberID=1, From="yesterday")
    assert hint(events) == TIME_FORMS
    batch = client.call("event.batch", shop.key, Events=[{"Event": "seen", "Timestamp": "now"}])
    assert batch.body["results"][0]["Errors"][0]["Hint"] == TIME_FORMS


def test_rows_without_a_hint_have_two_keys(track: Track) -> None:
    assert track(Event="").body == {"Errors": [{"Code": 5, "Message": "Missing event parameter"}]}


def test_an_unknown_parameter_is_named_with_the_near_name(
    client: InProcess, shop: Shop, track: Track
) -> None:
    assert track(list_id=1).headers[NOTES] == "unknown parameter list_id: did you mean ListID?"
    assert track(colour="red").headers[NOTES] == "unknown parameter colour"
    assert NOTES not in track(eVENTID="a-1", timestamp="2026-01-31T09:30:00Z").headers
    wrong = track(Event=..., EvntID="1")
    assert (wrong.codes, wrong.headers[NOTES]) == ([5], "unknown parameter EvntID: did you mean EventID?")
    unknown = client.call("event.track", Event="seen", api_key=shop.key)
    assert (unknown.codes, unknown.headers[NOTES]) == (
        [99998],
        "unknown parameter api_key: did you mean APIKey?",
    )


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("user_id", "ID"),
        ("customerId", "ID"),
        ("uid", "ID or UUID"),
        ("distinct_id", "ID or UUID"),
        ("anonymousId", "UUID"),
        ("visitor-id", "UUID"),
        ("traits", "IdentifyProperties"),
        ("uuids", "UUID"),
        ("e_mail", "Email"),
    ],
)
def test_words_of_other_trackers_are_known(track: Track, sent: str, meant: str) -> None:
    assert track(**{sent: "1"}).headers[NOTES] == f"unknown parameter {sent}: did you mean {meant}?"


@pytest.mark.parametrize("name", ["sid", "pid", "cid", "tid", "ids", "uud", "i", "_"])
def test_short_names_are_near_to_none(track: Track, name: str) -> None:
    assert track(**{name: "1"}).headers[NOTES] == f"unknown parameter {name}"


def test_a_subscribers_parameters_are_called_as_in_events_too(client: InProcess, shop: Shop) -> None:
    sent = {"Email": "jane@example.com", "user_id": "7"}
    answer = client.call("subscriber.create", shop.key, ListID=shop.list_id, ExternalID="7", **sent)
    assert answer.headers[NOTES] == (
        "unknown parameter Email: did you mean EmailAddress?; unknown parameter user_id: did you mean ExternalID?"
    )
    got = client.call("subscriber.get", shop.key, ListID=shop.list_id, ID="7")
    assert got.headers[NOTES] == "unknown parameter ID: did you mean SubscriberID or ExternalID?"


def test_unknown_parameters_of_a_batchs_events_are_named_once(client: InProcess, shop: Shop) -> None:
    events = [{"Event": "seen", "EvntID": f"e-{n}", "colour": "red"} for n in range(1000)]
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events, colour="red")
    assert {result["status"] for result in answer.body["results"]} == {"ok"}
    assert answer.headers[NOTES] == (
        "unknown parameter colour; unknown parameter EvntID in Events: did you mean EventID?; "
        "unknown parameter colour in Events"
    )
    lines = b'{"event": "seen", "eventid": "a"}\n{"Event": "seen", "user_id": 1}\nno object\n'
    sent = client.request(
        "POST",
        f"/api/v1/events?ListID={shop.list_id}",
        shop.key,
        data=lines,
        content_type="application/x-ndjson",
    )
    assert sent.headers[NOTES] == "unknown parameter user_id in Events: did you mean ID?"


def test_a_batch_whose_names_are_all_known_has_no_notes(client: InProcess, shop: Shop) -> None:
    events = [{"EVENT": "seen", "eventID": "a"}, {"Event": "seen", "Email": None, "gone": None}, 7, {}]
    answer = client.call("event.batch", shop.key, Events=events)
    assert answer.status == 200
    assert NOTES not in answer.headers


def test_notes_on_a_batchs_events_are_bounded(client: InProcess, shop: Shop) -> None:
    hostile = [
        {"Event": "seen", **{f"{n}-{k}\r\nX-Injected: é" + "x" * 300: 1 for k in range(9)}} for n in range(20)
    ]
    answer = client.call(
        "event.batch", shop.key, Events=hostile, **{f"{k}\r\nX-Injected: y": 1 for k in range(9)}
    )
    assert "X-Injected" not in answer.headers
    notes = answer.headers[NOTES]
    assert notes.isascii()
    assert notes.isprintable()
    assert len(notes) <= MAX_NOTES_LENGTH
    few = client.call("event.batch", shop.key, Events=[{"Event": "seen", str(n): 1} for n in range(20)])
    assert few.headers[NOTES].endswith("; further unknown parameters in Events")
    assert few.headers[NOTES].count("unknown parameter ") == MAX_NOTES


def test_the_page_is_told_of_unknown_names_in_its_batch(client: InProcess, shop: Shop) -> None:
    listed = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]
    sent = {"Events": [{"Event": "seen", "Evnt": 1}]}
    answer = client.request("POST", f"/t/{listed['EventListTrackerID']}", json=sent)
    assert answer.headers[NOTES] == "unknown parameter Evnt in Events: did you mean Event?"


def test_a_page_of_another_origin_may_read_the_notes(client: InProcess, shop: Shop) -> None:
    listed = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]
    answer = client.request("POST", f"/t/{listed['EventListTrackerID']}", json={"Event": "seen", "Evnt": 1})
    assert answer.headers[NOTES] == "unknown parameter Evnt: did you mean Event?"
    assert NOTES in answer.headers["Access-Control-Expose-Headers"]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), max_size=8), st.data())
def test_notes_are_bounded_and_fit_into_a_header(names: list[str], data: st.DataObject) -> None:
    hostile = data.draw(st.sampled_from(["a\r\nSet-Cookie: b=c", "\x00", "\ud800", "é" * 100, "x" * 5000]))
    found = NearNames(("ListID", "Event")).notes([hostile, *names])
    assert found
    assert len(found) <= MAX_NOTES_LENGTH
    assert found.isascii()
    assert found.isprintable()
    assert found.count("unknown parameter ") <= MAX_NOTES
    assert all(len(note) <= MAX_NAME + 60 for note in found.split("; unknown parameter "))


@pytest.mark.parametrize("name", ["a\r\nX-Injected: yes", "\x7f\x00", "é☃", "k" * 3000])
def test_hostile_names_come_back_as_plain_text(track: Track, name: str) -> None:
    answer = track(**{name: 1})
    assert answer.status == 200
    assert "X-Injected" not in answer.headers
    assert answer.headers[NOTES].isascii()
    assert answer.headers[NOTES].isprintable()
    assert len(answer.headers[NOTES]) <= MAX_NOTES_LENGTH


def test_no_more_names_are_looked_at_than_are_told() -> None:
    taken: list[int] = []

    def names() -> Any:
        for number in range(20_000):
            taken.append(number)
            yield f"unknown{number}"

    assert NearNames(("Event",)).notes(names()).endswith("; further unknown parameters")
    assert len(taken) == MAX_NOTES + 1
