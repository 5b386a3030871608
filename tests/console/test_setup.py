"""Does the setup page hand out lines that work, and know when an event has come?"""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.console.visitor import Visitor, words
from tests.served import Account, Tracker
from tracker.plugins import load_adapters


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


def lines_of(answer: Any, name: str) -> str:
    [text] = re.findall(rf'<pre id="send-{name}"[^>]*>(.*?)</pre>', answer.text, re.DOTALL)
    return html.unescape(text)


@pytest.fixture(scope="module")
def keyed(tracker: Tracker, jane: Account, browser: Visitor) -> tuple[int, Any]:
    """A list, and its setup page after a key was made for the lines."""
    made = tracker.call("list.create", jane.key, SubscriberListName="Back ends").body["ListID"]
    path = f"/lists/{made}/setup"
    assert "Bearer YOUR_KEY" in lines_of(browser.get(path), "curl")
    return made, browser.submit(f"{path}/key", at=path)


#: How each of the lines is run, by the program that it needs and the name of its file.
PROGRAMS = {
    "curl": (["bash", "lines"], "curl"),
    "python": ([sys.executable, "lines"], sys.executable),
    "php": (["php", "lines"], "php"),
    "node": (["node", "lines.mjs"], "node"),
    "ruby": (["ruby", "lines"], "ruby"),
    "go": (["go", "run", "lines.go"], "go"),
}


@pytest.mark.parametrize("name", [name for name, (_, program) in PROGRAMS.items() if shutil.which(program)])
def test_lines_of_back_ends_run_and_store_the_event(
    tracker: Tracker, jane: Account, keyed: tuple[int, Any], tmp_path: Path, name: str
) -> None:
    """Each where its interpreter exists."""
    list_id, page = keyed
    command, _ = PROGRAMS[name]
    (tmp_path / command[-1]).write_text(lines_of(page, name))
    environ = {**os.environ, "no_proxy": "*", "NO_PROXY": "*"}
    before = len(signed_up(tracker, jane, list_id))
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"status":"success"' in done.stdout
    assert len(signed_up(tracker, jane, list_id)) == before + 1


def test_those_programs_are_here_that_every_machine_with_these_tests_has() -> None:
    assert [name for name in ("curl", "python", "node") if not shutil.which(PROGRAMS[name][1])] == []


def signed_up(tracker: Tracker, jane: Account, list_id: int) -> list[dict[str, Any]]:
    found = tracker.call("events.recent", jane.key, ListID=list_id).body["Events"]
    return [each for each in found if each["Event"] == "signed up"]


def test_the_key_is_shown_once_and_can_send_events_alone(
    tracker: Tracker, browser: Visitor, keyed: tuple[int, Any]
) -> None:
    list_id, page = keyed
    [key] = set(re.findall(r"trk_\w+_[\w-]+", html.unescape(page.text)))
    assert tracker.call("lists.get", key).status == 403
    assert key not in browser.get(f"/lists/{list_id}/setup").text
    assert page.headers["Cache-Control"] == "no-store"


def test_lines_for_pages_have_the_snippet_and_no_key(
    tracker: Tracker, jane: Account, keyed: tuple[int, Any]
) -> None:
    list_id, page = keyed
    described = tracker.call("list.get", jane.key, ListID=list_id).body["List"]
    for name in ("gtm", "wordpress", "shopify", "shopify-orders"):
        lines = lines_of(page, name)
        assert described["EventListTrackerID"] in lines
        assert "trk_" not in lines
        assert "@" not in lines
    for name in ("wordpress", "shopify"):
        assert described["EventTrackerJS"] in lines_of(page, name)
    assert '"data-to": "http' in lines_of(page, "gtm")


def test_a_test_event_is_taken_and_not_stored(tracker: Tracker, jane: Account, browser: Visitor) -> None:
    made = tracker.call("list.create", jane.key, SubscriberListName="Tested").body["ListID"]
    path = f"/lists/{made}/setup"
    answer = browser.submit(f"{path}/test", at=path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?tested=1")
    assert "The test event was taken" in words(browser.get(answer.headers["Location"]))
    assert browser.get(f"{path}/status").json() == {"LastEventTrackedAt": None}


def settings_of(answer: Any, family: str) -> list[str]:
    found = re.findall(rf'<pre id="sdk-{family}-\d+"[^>]*>(.*?)</pre>', answer.text, re.DOTALL)
    return [html.unescape(lines) for lines in found]


def test_settings_of_every_family_have_its_address_and_key(
    tracker: Tracker, jane: Account, keyed: tuple[int, Any]
) -> None:
    list_id, page = keyed
    public_id = tracker.call("list.get", jane.key, ListID=list_id).body["List"]["EventListTrackerID"]
    [key] = set(re.findall(r"trk_\w+_[\w-]+", html.unescape(page.text)))
    for listed in load_adapters():
        family, lines = listed.adapter.family, settings_of(page, listed.adapter.family)
        assert lines, family
        assert all(
            f"/sdk/{family}" in each and (public_id in each or each.count("url_base")) for each in lines
        )
        assert not any(each.startswith("address: ") for each in lines), f"{family}: no lines of its own"
        assert not any("@" in each for each in lines)
    pages, servers, _ = settings_of(page, "segment")
    assert f'writeKey: "{public_id}"' in pages
    assert f'writeKey: "{public_id}:{key}"' in servers
    assert f"Authorization: Bearer {key}" in settings_of(page, "ga4")[0]
    assert f'token_auth: "{key}"' in settings_of(page, "matomo")[1]


def test_the_sdks_that_a_list_receives_from_are_named(
    tracker: Tracker, jane: Account, browser: Visitor
) -> None:
    made = tracker.call("list.create", jane.key, SubscriberListName="Keeps its SDK").body["ListID"]
    public_id = tracker.call("list.get", jane.key, ListID=made).body["List"]["EventListTrackerID"]
    path = f"/lists/{made}/setup"
    assert "receives from" not in browser.get(path).text
    library = {"name": "analytics-node", "version": "3.1.0"}
    message = {"type": "track", "event": "Seen", "userId": "u-1", "context": {"library": library}}
    basic = base64.b64encode(f"{public_id}:{jane.key}:".encode()).decode()
    sent = {"batch": [{**message, "messageId": "m-1"}, {**message, "messageId": "m-2"}]}
    reply = tracker.post("/sdk/segment/v1/batch", json=sent, headers={"Authorization": f"Basic {basic}"})
    assert reply.status == 200
    tracker.call("event.track", jane.key, ListID=made, Event="own", Properties={"$lib": 7})
    found = words(browser.get(path))
    assert found.count("analytics-node 3.1.0, ") == 1
