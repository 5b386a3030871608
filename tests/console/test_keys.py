"""Can keys be made that do what was chosen, shown once, and revoked?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.client import InProcess
from tests.console.visitor import Visitor, signed_in, token_in, words
from tests.served import Account, Tracker
from tracker.console.permissions import MEANINGS, offered
from tracker.plugins import load_commands


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


def made(answer: Any) -> str:
    """The key that the answer shows."""
    [key] = re.findall(r">(trk_\w+_[\w-]+)<", answer.text)
    return str(key)


def statuses(tracker: Tracker, key: str) -> list[int]:
    calls: list[tuple[str, dict[str, Any]]] = [("event.track", {"Event": "seen"}), ("lists.get", {}), ("apikeys.get", {})]  # fmt: skip
    return [tracker.call(name, key, **params).status for name, params in calls]


@pytest.mark.parametrize(
    ("form", "wanted", "shown"),
    [
        ({"may": "events"}, [200, 403, 403], "Send events"),
        ({"may": "events", "permission": ["Lists.Get"]}, [200, 403, 403], "Send events"),
        ({"may": "all"}, [200, 200, 200], "Everything you may"),
        ({"may": "some", "permission": ["Lists.Get", "List.Get"]}, [200, 200, 403], "Lists.Get List.Get"),
    ],
)
def test_a_key_may_what_was_chosen(
    tracker: Tracker, browser: Visitor, form: dict[str, Any], wanted: list[int], shown: str
) -> None:
    answer = browser.submit("/keys", name="<i>Till</i>", **form)
    assert answer.status_code == 200
    key = made(answer)
    assert statuses(tracker, key) == wanted
    assert "&lt;i&gt;Till&lt;/i&gt;" in answer.text
    later = browser.get("/keys")
    assert key not in later.text
    assert f"<i>Till</i> trk_{key.split('_')[1]}… {shown}" in words(later)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "x" * 251, "may": "events"}, "A name has at most 250 characters. (error 2)"),
        ({"name": "Till", "may": "some"}, "Choose at least one permission."),
        ({"name": "Till"}, "Choose at least one permission."),
        (
            {"name": "Till", "may": "some", "permission": ["not a permission"]},
            "Choose at least one permission. (error 1)",
        ),
    ],
)
def test_what_makes_no_key_is_told(browser: Visitor, form: dict[str, Any], said: str) -> None:
    before = browser.get("/keys").text.count("trk_")
    answer = browser.submit("/keys", **form)
    assert answer.status_code == 422
    assert said in words(answer)
    assert form["name"] in answer.text
    assert browser.get("/keys").text.count("trk_") == before


def test_a_key_is_revoked_when_that_was_confirmed(tracker: Tracker, jane: Account, browser: Visitor) -> None:
    key = made(browser.submit("/keys", name="Till", may="all"))
    path = f"/keys/{key.split('_')[1]}/revoke"
    asked = browser.get(path)
    assert "Revoke this key? Till" in words(asked)
    assert tracker.call("lists.get", key).status == 200, "to be asked is not to have said so"
    answer = browser.submit(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/keys?revoked=1")
    assert "The key is revoked." in words(browser.get("/keys?revoked=1"))
    assert browser.get(path).status_code == 404
    keys = tracker.call("apikeys.get", jane.key).body["APIKeys"]
    assert [each["RevokedOn"] is not None for each in keys if each["Prefix"] in path] == [True]


@pytest.fixture
def client(sqlite_url: str, tmp_path: Path) -> Iterator[InProcess]:
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        yield client


def test_nobody_gives_a_key_more_than_they_may(client: InProcess) -> None:
    ask = signed_in(client, client.open_shop("weak@example.com", may="APIKey.Create,APIKeys.Get"))
    form = {"token": token_in(ask("GET", "/keys")), "may": "some", "permission": "Lists.Get"}
    answer = ask("POST", "/keys", data=form)
    assert answer.status == 422
    assert "Your own account lacks one of these permissions. (error 3)" in words(answer)


def test_a_made_key_is_shown_whatever_can_be_said_of_the_others(client: InProcess) -> None:
    """It is shown this once: an error page in its place would lose it."""
    ask = signed_in(client, client.open_shop("maker@example.com", may="APIKey.Create"))
    refused = ask("GET", "/keys")
    assert refused.status == 403
    answer = ask("POST", "/keys", data={"token": token_in(refused), "may": "events"})
    assert answer.status == 200
    assert client.call("lists.get", made(answer)).status == 403, "a key, good for events alone"
    assert "No keys yet" not in words(answer)


def test_every_permission_of_a_built_in_command_has_a_meaning() -> None:
    assert {each.name for each in offered(load_commands())} == set(MEANINGS)
