"""Does the setup page hand out lines that work, and know when an event has come?"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from typing import Any

import pytest

from tests.console.visitor import Visitor, words
from tests.served import Account, Tracker


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


def shown(browser: Visitor, path: str, name: str) -> str:
    """What stands to be copied."""
    [text] = re.findall(rf'<pre id="{name}"[^>]*>(.*?)</pre>', browser.get(path).text, re.DOTALL)
    return html.unescape(text)


def test_it_turns_when_an_event_has_come(tracker: Tracker, jane: Account, browser: Visitor) -> None:
    path = f"/lists/{jane.list_id}/setup"
    assert "Waiting for the first event" in words(browser.get(path))
    assert browser.get(f"{path}/status").json() == {"LastEventTrackedAt": None}
    tracker.call("event.track", jane.key, ListID=jane.list_id, Event="seen")
    told: Any = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    assert browser.get(f"{path}/status").json() == {"LastEventTrackedAt": told["LastEventTrackedAt"]}
    assert "An event has been received" in words(browser.get(path))
    assert "Waiting" not in re.sub(r"hidden.*", "", browser.get(path).text)


def test_its_lines_work(tracker: Tracker, jane: Account, browser: Visitor) -> None:
    list_id = tracker.call("list.create", jane.key, SubscriberListName="Fresh").body["ListID"]
    path = f"/lists/{list_id}/setup"
    described = tracker.call("list.get", jane.key, ListID=list_id).body["List"]
    assert shown(browser, path, "snippet") == described["EventTrackerJS"]
    pinned = shown(browser, path, "pinned")
    [source], [integrity] = re.findall(r'src="([^"]+)"', pinned), re.findall(r'integrity="([^"]+)"', pinned)
    script = tracker.get(source.removeprefix(tracker.url))
    assert integrity == "sha384-" + base64.b64encode(hashlib.sha384(script.raw).digest()).decode()
    assert 'crossorigin="anonymous"' in pinned
    [pixel] = re.findall(r'src="([^"]+)"', shown(browser, path, "pixel"))
    assert tracker.get(pixel.removeprefix(tracker.url), headers={"User-Agent": "Mozilla/5.0"}).status == 200
    assert browser.get(f"{path}/status").json()["LastEventTrackedAt"] is not None


def test_a_list_that_honours_the_signal_says_so_in_every_line(
    tracker: Tracker, jane: Account, browser: Visitor
) -> None:
    made = tracker.call("list.create", jane.key, SubscriberListName="Honours").body["ListID"]
    tracker.call("list.update", jane.key, ListID=made, HonourPrivacySignal=True)
    for name in ("snippet", "pinned"):
        assert 'data-gpc="1"' in shown(browser, f"/lists/{made}/setup", name)
