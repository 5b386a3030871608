"""Does the live view show what a list has received, and go on with what comes?"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.console.conftest import account
from tests.console.somebody import somebody, track
from tests.console.visitor import SESSION, Visitor, words
from tests.served import Account, Tracker

Enter = Callable[[Account], Visitor]


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


def live(account: Account) -> str:
    return f"/lists/{account.list_id}/live"


def followed(answer: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """The server-sent events of an answer: name and fields."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines(chunk_size=1):
        if line:
            name, _, value = line.decode().partition(":")
            fields[name] = value.strip()
        else:
            yield fields.get("event", ""), fields
            fields = {}


def test_an_empty_list_says_what_to_do(browser: Visitor, fresh: Account) -> None:
    page = browser.get(live(fresh))
    assert "Nothing has arrived yet" in words(page)
    assert f'href="/lists/{fresh.list_id}/setup"' in page.text
    assert 'id="older" hidden' in page.text
    assert "Nothing older" in words(browser.get(live(fresh), params={"cursor": cursor_of(browser, fresh)}))


def cursor_of(browser: Visitor, fresh: Account) -> str:
    """A place before which there is nothing: its first event is then forgotten with whom it named."""
    for number in range(51):
        track(
            browser.tracker,
            fresh,
            Event="many",
            Email="gone@example.com" if number < 1 else "kept@example.com",
        )
    cursor: str = browser.get(f"{live(fresh)}/rows").json()["cursor"]
    who = {"ListID": fresh.list_id, "EmailAddress": "gone@example.com"}
    assert browser.tracker.call("subscriber.forget", fresh.key, **who).status == 200
    return cursor


def opened(browser: Visitor, page: Any, name: str) -> Any:
    """The page of an event, to which its row leads."""
    path = re.search(rf'class="event-name given" href="([^"]+)">{re.escape(name)}<', page.text)
    assert path, name
    return browser.get(path[1])


def test_every_event_is_there_in_full_without_any_script(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    who = somebody(tracker, fresh)
    properties = {
        "n": 2**62 + 1,
        "c": "a\0b\x1b",
        "t": "x",
        "e": "",
        "l": [1, {"a": None}],
        "b": True,
        "isSilent": True,
    }
    track(
        tracker,
        fresh,
        Event="<b>full</b>",
        UUID=who["uuid"],
        ID="id-1",
        Properties=properties,
    )
    page = browser.get(live(fresh))
    said = words(page)
    assert said.index("<b>full</b>") < said.index("bought") < said.index("seen")
    row = said[said.index("<b>full</b>") : said.index("bought")]
    assert "Silent" in row
    assert "id-1" in row
    assert who["uuid"][:8] not in row, "who it is says more"
    whole = opened(browser, page, "&lt;b&gt;full&lt;/b&gt;")
    for text in ("Silent", "Person id-1", who["uuid"], "Sent with ID id-1", f"n {2**62 + 1} number", "t x text",
        "c a␀b␛ text", "e empty text",
                 '"a": null', "list", "b true yes or no", "Received"):  # fmt: skip
        assert text in words(whole), text
    bought = opened(browser, page, "bought")
    assert f"Person {who['email']}" in words(bought)
    for each in (page, bought):
        assert f'href="/lists/{fresh.list_id}/people/{who["subscriber_id"]}"' in each.text
    assert browser.get(f"{live(fresh).replace('live', 'events')}/{2**62}").status_code == 404


def test_a_row_says_who_and_on_which_device(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    device = {"$browser": "Chrome", "$os": "Linux"}
    track(tracker, fresh, Event="a", UUID="7c9e6679-7425-40de-944b-e07fc1f90ae7", Properties=device)
    track(tracker, fresh, Event="b", ID="customer 7", Properties=device)
    track(tracker, fresh, Event="c", ID="customer 7", Email="ada@example.com")
    said = words(browser.get(live(fresh)))
    assert re.search(r"\bb ada@example.com|b .*Chrome, Linux ada@example.com", said)
    assert "Chrome, Linux 7c9e6679" in said
    seen = browser.get(f"{live(fresh)}/rows").json()["events"]
    assert [(each["name"], each["person"], each["device"]) for each in seen if each["name"] in "abc"] == [
        ("c", "ada@example.com", ""),
        ("b", "ada@example.com", "Chrome, Linux"),
        ("a", "", "Chrome, Linux"),
    ]


def test_the_page_of_a_full_list_is_light(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    """Rows without details: 40 KB before it is packed."""
    properties = {
        "$current_url": f"https://shop.example/products/{'a' * 80}",
        "$pathname": "/products/teapot-1",
        "$browser": "Chrome Mobile",
        "$os": "Android",
        **{name: f"value of {name}" for name in ("product_id", "campaign", "size")},
        **{f"$property_{number}": "x" * 40 for number in range(20)},
    }
    events = [
        {"Event": "product_view", "Email": f"somebody-{number}@example.com", "Properties": properties}
        for number in range(200)
    ]
    sent = tracker.call("event.batch", fresh.key, ListID=fresh.list_id, Events=events)
    assert sent.status == 200, sent.text
    page = browser.get(live(fresh))
    assert page.text.count('<li class="event"') == 51, "and the one that scripts copy"
    assert len(page.content) <= 40_000
    assert int(page.raw.headers["Content-Length"]) <= 8_000


def test_robots_and_repeats_are_marked(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    conversion = {
        "conversion-id": "7",
        "conversion-name": "sale",
        "conversion-value": "9.5",
        "conversion-currency": "EUR",
    }
    for _ in range(2):
        track(tracker, fresh, Event="conversion", Properties=conversion)
    public = tracker.call("list.get", fresh.key, ListID=fresh.list_id).body["List"]["EventListTrackerID"]
    tracker.get(f"/t/{public}.gif?Event=opened", headers={"User-Agent": "Googlebot/2.1"})
    said = words(browser.get(live(fresh)))
    assert said.count("Repeated conversion") == 1
    assert said.count("Robot") == 1 + 1, "the row's, and the one that scripts copy"
    assert "sale €9.50" in said
    assert "9.5 EUR" not in said


def test_older_events_are_pages_and_rows(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    for number in range(51):
        track(tracker, fresh, Event=f"e{number:02}")
    first = browser.get(live(fresh))
    assert len(re.findall(r'<li class="event" data-id="\d', first.text)) == 50
    older = re.search(r'href="([^"]*\?cursor=[^"]+)"', first.text)[1]  # type: ignore[index]
    page = browser.get(older)
    assert re.findall(r'class="event-name[^>]*>(\w+)<', page.text.split("<template")[0]) == ["e00"]
    assert "Older events. Back to the newest" in words(page)
    assert "live.js" not in page.text
    rows = browser.get(older.replace("/live?", "/live/rows?")).json()
    assert ([each["name"] for each in rows["events"]], rows["cursor"]) == (["e00"], None)


def test_events_are_kept_by_name(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    for name in ("wanted", "other", "wanted"):
        track(tracker, fresh, Event=name)
    names = re.findall(
        r'class="event-name[^>]*>(\w+)<', browser.get(live(fresh), params={"event": "wanted"}).text
    )
    assert names == ["wanted", "wanted"]
    assert "No such event yet" in words(browser.get(live(fresh), params={"event": "none of these"}))
    for name in ("x" * 201, "a\0b"):
        answer = browser.get(live(fresh), params={"event": name})
        assert (answer.status_code, "A name has at most 200 characters. (error 6)" in words(answer)) == (
            422,
            True,
        )
    assert browser.get(live(fresh), params={"cursor": "made up"}).status_code == 404


def test_events_without_a_list_have_no_people(tracker: Tracker, enter: Enter) -> None:
    jim = account(tracker, "jim@example.com", "Jim's shop")
    browser = enter(jim)
    assert "Nothing has arrived without a list" in words(browser.get("/lists/none/live"))
    assert tracker.call("event.track", jim.key, Event="ping").status == 200
    page = browser.get("/lists/none/live")
    assert "ping" in words(page)
    assert "/people" not in page.text
    assert "/visitors" not in page.text


def test_what_comes_is_sent_on_as_the_page_shows_it(
    tracker: Tracker, browser: Visitor, fresh: Account
) -> None:
    track(tracker, fresh, Event="before")
    with browser.get(f"{live(fresh)}/events", stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        events = followed(answer)
        next(events)
        track(tracker, fresh, Event="first", Properties={"n": 2**62 + 1, "two\nlines": "a\nb\rc\u2028d"})
        told = next(fields for name, fields in events if name == "tracked")
    row = json.loads(told["data"])
    assert row == browser.get(f"{live(fresh)}/rows").json()["events"][0]
    assert row["summary"][0] == {"name": "n", "value": str(2**62 + 1)}
    track(tracker, fresh, Event="meanwhile")
    for again in ({"headers": {"Last-Event-ID": told["id"]}}, {"params": {"after": told["id"]}}):
        with browser.get(f"{live(fresh)}/events", stream=True, **again) as answer:
            names = [json.loads(fields["data"])["name"] for name, fields in _some(followed(answer), 3)]
            assert names[-2:] == ["first", "meanwhile"]


def test_what_the_website_said_comes_first(tracker: Tracker, browser: Visitor, fresh: Account) -> None:
    """In full all of it, in the row what is said in a word; a list only where there is nothing else."""
    track(tracker, fresh, Event="checkout", Properties={"$a": 1, "items": [1], "value": 2, "$b": 3})
    track(tracker, fresh, Event="seen", Properties={"$a": 1, "items": [1]})
    seen, checkout = browser.get(f"{live(fresh)}/rows").json()["events"]
    whole = re.findall(r'<dt class="given mono">([^<]+)<', browser.get(checkout["path"]).text)
    assert [name for name in whole if name in ("$a", "items", "value", "$b")] == [
        "items",
        "value",
        "$a",
        "$b",
    ]
    assert checkout["summary"] == [{"name": "value", "value": "2"}]
    assert seen["summary"] == [{"name": "items", "value": "[ 1 ]"}]


def _some(events: Iterator[tuple[str, dict[str, str]]], count: int) -> list[tuple[str, dict[str, str]]]:
    tracked = (each for each in events if each[0] == "tracked")
    return [next(tracked) for _ in range(count)]


def test_it_ends_with_the_session(tracker: Tracker, enter: Enter, jane: Account) -> None:
    browser = enter(jane)
    with browser.get(f"{live(jane)}/events", stream=True) as answer:
        events = followed(answer)
        next(events)
        tracker.call("user.logout", SessionID=browser.session_id)
        ended_after = time.monotonic()
        list(events)
        assert time.monotonic() - ended_after < 5
    refused = browser.get(f"{live(jane)}/events", headers={"Accept": "text/event-stream"})
    assert (refused.status_code, refused.json()["Title"]) == (401, "You are signed out")


def test_too_many_are_told_so(tracker: Tracker, enter: Enter) -> None:
    """20 of one user at a time."""
    joan = account(tracker, "joan@example.com", "Joan's shop")
    browser = enter(joan)
    with ExitStack() as watching:
        for _ in range(20):
            other = Visitor(tracker)
            cookie = {"Cookie": f"{SESSION}={browser.session_id}"}
            watching.enter_context(other.get(f"{live(joan)}/events", stream=True, headers=cookie))
        refused = browser.get(f"{live(joan)}/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert refused.json() == {"Text": "Too many are watching at once. Close another live view."}
