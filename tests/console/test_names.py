"""Names pages: what a name is used by, spellings treated as one and told apart, hidden, described, and its events deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.visitor import Visitor, words
from tests.served import Account, Tracker


@pytest.fixture
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


@pytest.fixture
def place(tracker: Tracker, jane: Account) -> dict[str, Any]:
    """A list of this test's with three events, and its path."""
    number = tracker.call("list.create", jane.key, SubscriberListName="Names").body["ListID"]
    for name in ("pageView", "page_view", "ux <b>test"):
        tracker.call("event.track", jane.key, ListID=number, Event=name)
    return {"ListID": number, "path": f"/lists/{number}"}


def noted(tracker: Tracker, jane: Account, place: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = tracker.call("eventnames.get", jane.key, ListID=place["ListID"]).body["Names"]
    return [tuple(each.values()) for each in names]


def test_look_alikes_are_treated_as_one_and_told_apart_again(
    browser: Visitor, tracker: Tracker, jane: Account, place: dict[str, Any]
) -> None:
    tracker.call("goal.create", jane.key, ListID=place["ListID"], Name="Views", Event="pageView")
    page = browser.get(f"{place['path']}/events")
    assert "Treat as one" in words(page)
    page = browser.get(f"{place['path']}/names/one?kind=event&name=pageView&name=page_view")
    assert "Views" in words(page), "what uses it is told before"
    form = {"kind": "event", "name": ["pageView", "page_view"], "as": "page_view"}
    answer = browser.post(f"{place['path']}/names/merge", data={**form, "token": browser.token()})
    assert answer.status_code == 303
    assert noted(tracker, jane, place) == [("event", "pageView", "page_view", False, "")]
    assert "Tell apart again" in words(browser.get(f"{place['path']}/names?done=merged"))
    form = {"kind": "event", "name": "pageView", "token": browser.token()}
    assert browser.post(f"{place['path']}/names/part", data=form).status_code == 303
    assert noted(tracker, jane, place) == []


def test_a_name_is_described_and_hidden_and_its_events_go(
    browser: Visitor, tracker: Tracker, jane: Account, place: dict[str, Any]
) -> None:
    about = {"kind": "event", "name": "ux <b>test", "token": browser.token()}
    assert "ux <b>test" in words(browser.get(f"{place['path']}/names/one?kind=event&name=ux+%3Cb%3Etest"))
    browser.post(f"{place['path']}/names/describe", data={**about, "description": "A <i>trial"})
    browser.post(f"{place['path']}/names/hide", data={**about, "hidden": "1"})
    assert noted(tracker, jane, place) == [("event", "ux <b>test", None, True, "A <i>trial")]
    assert "A <i>trial" in words(browser.get(f"{place['path']}/names"))
    wrong = browser.post(f"{place['path']}/names/delete", data={**about, "typed": "ux"})
    assert (wrong.status_code, "letter by letter" in words(wrong)) == (422, True)
    late = browser.post(
        f"{place['path']}/names/delete", data={**about, "typed": about["name"], "From": "soon"}
    )
    assert late.status_code == 422
    gone = browser.post(f"{place['path']}/names/delete", data={**about, "typed": about["name"]})
    assert gone.status_code == 303
    found = tracker.call("events.recent", jane.key, ListID=place["ListID"], Event=about["name"]).body
    assert found["Events"] == []


def test_what_cannot_be_one_is_said_beside_the_form(browser: Visitor, place: dict[str, Any]) -> None:
    form = {"kind": "event", "name": "page_view", "other": "page_view", "token": browser.token()}
    assert browser.post(f"{place['path']}/names/merge", data=form).status_code == 303, (
        "it is that one already"
    )
    refused = browser.post(f"{place['path']}/names/merge", data={**form, "other": "identify"})
    assert (refused.status_code, "error 11" in words(refused)) == (422, True)
    assert 'value="identify"' in refused.text, "what was typed stays"


def test_what_uses_a_name_is_told_with_its_place(
    browser: Visitor, tracker: Tracker, jane: Account, place: dict[str, Any]
) -> None:
    about = {"ListID": place["ListID"]}
    rule = [{"Of": "person", "Event": "page_view", "Is": "happened"}]
    made = tracker.call("segment.create", jane.key, **about, Name="Lookers", Rule=rule).body["SegmentID"]
    page = browser.get(f"{place['path']}/names/one?kind=event&name=page_view")
    assert f'href="{place["path"]}/segments/{made}">Lookers</a>' in page.text


def test_names_of_trackers_own_are_not_treated_as_one(
    browser: Visitor, tracker: Tracker, jane: Account, place: dict[str, Any]
) -> None:
    sent = {"$plan": "a", "plan": "b", "size": 1, "Size": 2}
    tracker.call("event.track", jane.key, ListID=place["ListID"], Event="page_view", Properties=sent)
    page = browser.get(f"{place['path']}/events").text
    assert ("name=Size&amp;name=size" in page, "name=plan" in page) == (True, False)
    form = {"kind": "property", "name": "$plan", "other": "plan", "token": browser.token()}
    assert "error 11" in words(browser.post(f"{place['path']}/names/merge", data=form))


def test_a_list_goes_after_its_name_was_typed(
    browser: Visitor, tracker: Tracker, jane: Account, place: dict[str, Any]
) -> None:
    form = {"Name": "names", "token": browser.token()}
    wrong = browser.post(f"{place['path']}/delete", data=form)
    assert (wrong.status_code, "not the name of this list" in words(wrong)) == (422, True)
    answer = browser.post(f"{place['path']}/delete", data={**form, "Name": "Names"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lists?deleted=1")
    assert tracker.call("list.get", jane.key, ListID=place["ListID"]).codes == [3]
    assert browser.get(place["path"]).status_code == 404
