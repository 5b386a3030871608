"""Does the page Tracking turn red when a page is refused, name the fix, and mend it by a click?"""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest

from tests.console.conftest import ADMIN, PASSWORD
from tests.console.visitor import Visitor, words
from tests.processes import until
from tests.served import Account, Tracker

SHOP, WWW = "https://shop.example", "https://www.shop.example"
#: Twice the seconds that are promised: tests run on busy machines.
SECONDS = 20


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


@pytest.fixture(scope="module")
def path(jane: Account) -> str:
    return f"/lists/{jane.list_id}/tracking"


@pytest.fixture(scope="module")
def door(tracker: Tracker, jane: Account) -> str:
    described = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    return f"/t/{described['EventListTrackerID']}"


def send(tracker: Tracker, door: str, origin: str, **event: Any) -> int:
    sent = {"Event": "page_view", **event}
    return tracker.post(door, headers={"Origin": origin}, json=sent).status


def test_it_turns_red_when_a_page_is_refused_and_mends_it(
    tracker: Tracker, jane: Account, browser: Visitor, path: str, door: str
) -> None:
    assert "Nothing was refused" in words(browser.get(path))
    tracker.call("list.update", jane.key, ListID=jane.list_id, AllowedOrigins=[SHOP])
    until(lambda: send(tracker, door, WWW) == 403, SECONDS, "the setting")
    assert send(tracker, door, SHOP) == 200
    begun = time.monotonic()
    until(lambda: browser.get(f"{path}/status").json()["State"] == "bad", SECONDS, "the red state")
    assert time.monotonic() - begun < SECONDS
    page = browser.get(path)
    assert "Something does not work" in words(page)
    assert f"{WWW} is refused" in words(page)
    assert f"Add {WWW} to AllowedOrigins" in words(page)
    assert "allow pages that you know" in words(page)
    assert 'class="dot bad"' in page.text
    assert browser.submit(f"{path}/allow", path, origin=WWW).status_code == 303
    listed = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    assert (listed["AllowedOrigins"], listed["TrackingState"]) == ([SHOP, WWW], "ok")
    assert browser.get(f"{path}/status").json()["State"] == "ok"


def test_settings_warn_before_they_refuse_pages_that_send(
    tracker: Tracker, jane: Account, browser: Visitor, path: str, door: str
) -> None:
    settings = path.replace("tracking", "settings")
    tracker.call("list.update", jane.key, ListID=jane.list_id, AllowedOrigins=[SHOP, WWW])
    until(lambda: send(tracker, door, WWW) == 200, SECONDS, "the setting")
    send(tracker, door, "null")  # the next test finds it written
    asked = {"ListID": jane.list_id, "Probe": False}
    until(
        lambda: WWW in str([e for e in tracker.ok("setup.check", jane.key, **asked)["Origins"] if e["Seen"]]),
        SECONDS,
        "the count",
    )
    form = {
        "SubscriberListName": "Shop", "ConversionIdIs": "order", "RetentionDays": "0", "Timezone": "UTC",
        "AllowedOrigins": SHOP,
    }  # fmt: skip
    warned = browser.submit(settings, **form)
    assert (warned.status_code, f"would be refused: {WWW}" in words(warned)) == (422, True)
    listed = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    assert listed["AllowedOrigins"] == [SHOP, WWW]
    assert browser.submit(settings, **form, refuse="1").status_code == 303


def test_what_cannot_be_allowed_has_no_button(
    tracker: Tracker, jane: Account, browser: Visitor, path: str, door: str
) -> None:
    tracker.call("list.update", jane.key, ListID=jane.list_id, AllowedOrigins=[SHOP, WWW])
    until(lambda: send(tracker, door, "null") == 403, SECONDS, "the setting")
    until(lambda: 'value="null"' in browser.get(path).text, SECONDS, "the refused page")
    page = browser.get(path)
    assert "have no origin, and cannot be allowed" in words(page)
    assert "Allow it" not in words(page)
    refused = browser.submit(f"{path}/allow", path, origin="null")
    assert (refused.status_code, "null cannot be allowed: " in words(refused)) == (422, True)
    listed = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    assert listed["AllowedOrigins"] == [SHOP, WWW]


def test_a_refused_event_is_mended_and_sent_again(
    tracker: Tracker, jane: Account, browser: Visitor, path: str
) -> None:
    event = {"ListID": jane.list_id, "Event": "signup", "Email": "no address"}
    assert tracker.call("event.track", jane.key, **event).codes == [7]
    until(lambda: "Invalid email parameter" in browser.get(path).text, SECONDS, "the refused event")
    [place] = re.findall(rf'href="({path}/[0-9]+)">Invalid email', browser.get(path).text)
    page = browser.get(place)
    assert "Its values were not kept" in words(page)
    [number] = re.findall(r'name="BodyID" value="([0-9]+)"', page.text)
    [text] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    body = html.unescape(text)
    still = browser.submit(place, BodyID=number, Body=body)
    assert (still.status_code, "Invalid email parameter (error 7)" in words(still)) == (422, True)
    mended = body.replace("(text, 10)", "someone@example.com")
    assert browser.submit(place, BodyID=number, Body=mended).headers["Location"].endswith("?sent=1")
    found = tracker.call("subscriber.get", jane.key, ListID=jane.list_id, EmailAddress="someone@example.com")
    assert found.status == 200
    assert browser.submit(f"{place}/dismiss", place).status_code == 303
    assert "Invalid email parameter" not in browser.get(path).text


def test_a_test_event_goes_through_the_public_address(
    tracker: Tracker, jane: Account, browser: Visitor, path: str
) -> None:
    before = tracker.ok("events.recent", jane.key, ListID=jane.list_id)["Events"]
    assert "A test event went through" in words(browser.get(f"{path}?probe=1"))
    assert tracker.ok("events.recent", jane.key, ListID=jane.list_id)["Events"] == before
    assert browser.get(f"{path}/x").status_code == browser.get(f"{path}/5").status_code == 404


def test_administrators_see_what_strangers_send(tracker: Tracker, jane: Account, browser: Visitor) -> None:
    tracker.post("/t/AAAAAAAAAAAAAAAA", headers={"Origin": "https://typo.example"}, json={"Event": "x"})
    tracker.call("event.track", jane.key, Event="signup", list_id=jane.list_id)
    none = "/lists/none/tracking"
    until(lambda: "list_id" in words(browser.get(none)), SECONDS, "the call without a list")
    assert "https://typo.example" not in browser.get(none).text
    admin = Visitor(tracker).sign_in(Account(ADMIN, PASSWORD, "", 0))
    until(lambda: "https://typo.example" in admin.get(none).text, SECONDS, "the stranger")
    assert "Of strangers" in words(admin.get(none))
