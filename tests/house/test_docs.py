"""Is everything that can be set or called written down, and in force as written?"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from marshmallow import EXCLUDE

from tests.commands.api import Api, User, last_of
from tests.example_world import EMAIL, PASSWORD, furnish
from tests.house.sources import ROOT
from tracker.config import SETTINGS
from tracker.live.sse import place_of
from tracker.plugins import load_commands
from tracker.registry import Entry, EventStream

ENTRIES = list(load_commands())


def settings_in_readme() -> list[tuple[str, str, str]]:
    """The rows of the README's settings table: name, default, meaning."""
    rows = re.findall(
        r"^\| `((?:TRACKER_|PORT|SHOP_|WEB_)\w*)` \|([^|]*)\|(.*)\|$", (ROOT / "README.md").read_text(), re.M
    )
    return [(name, default.strip(), meaning.strip()) for name, default, meaning in rows]


def test_the_readme_lists_every_setting_as_it_is() -> None:
    declared = [(row.name, f"`{row.default}`" if row.default else "", row.meaning) for row in SETTINGS]
    assert settings_in_readme() == declared


def test_the_readmes_plugin_is_the_one_that_is_tested() -> None:
    [shown] = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert shown == (ROOT / "tests/plugins/examples/ping.py").read_text()


def test_the_readmes_event_and_listing_are_answered_as_it_says(api: Api) -> None:
    """Its two curl lines carry these, with the key and list that `make run` prints."""
    readme = (ROOT / "README.md").read_text()
    [event] = re.findall(r"-d '(\{.*?\})'$", readme, re.M | re.S)
    [said, listed] = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", readme, re.M | re.S)]
    user = api.add_user("readme@example.com")
    list_id = api.services.stores.lists.add(user.id, "Demo")
    answer = api.ok("event.track", user.key, **json.loads(event.replace("'$LIST'", str(list_id))))
    assert {**answer, "uuid": said["uuid"]} == said
    listing = api.ok("website_events.properties", user.key, ListID=list_id)
    assert {**listing, "ListID": listed["ListID"]} == listed


def names(entry: Entry) -> str:
    return entry.command.name


@pytest.fixture
def jane(api: Api) -> User:
    """The person of the examples, with a list that has seen their events."""
    user = api.add_user(EMAIL, is_admin=True)
    list_id = api.services.stores.lists.add(user.id, "Web shop")
    furnish(partial(api.ok, key=user.key), list_id)
    api.services.ingest.flush()
    return user


@pytest.fixture
def real(api: Api, jane: User) -> dict[str, Any]:
    """What stands for the made-up numbers and secrets of the examples."""
    stores = api.services.stores
    [(found, _)] = stores.lists.page(jane.id).lists
    [field] = stores.fields.of_list(found.id)
    return {
        "ListID": found.id,
        "SubscriberListID": found.id,
        "CustomFieldID": field.id,
        "EventListTrackerID": found.tracker_id,
        "After": place_of(found.id, 0),
        "SessionID": stores.sessions.open(jane.id),
        "Password": PASSWORD,
        "Prefix": api.ok("apikey.create", jane.key, Name="Reports")["Prefix"],
    }


def with_real(value: Any, real: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [with_real(each, real) for each in value]
    if isinstance(value, dict):
        return {key: real[key] if key in real else with_real(each, real) for key, each in value.items()}
    return value


def sent_by(entry: Entry, real: dict[str, Any]) -> dict[str, Any]:
    """The example's request. A stream that begins now would have nothing to show."""
    assert entry.command.example is not None
    lasts = entry.command.media_type == EventStream.media_type
    sent: dict[str, Any] = with_real(entry.command.example[0] | ({"After": ...} if lasts else {}), real)
    return sent


def shape(value: Any) -> Any:
    """What two answers have in common that differ in their values: keys and types; keys that are data count as values."""
    if isinstance(value, dict):
        shapes = {key: shape(each) for key, each in value.items()}
        lists = [each for each in shapes.values() if each != []]
        return "lists of names" if lists and all(each == ["str"] for each in lists) else shapes
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_every_example_is_answered_as_it_says(
    entry: Entry, api: Api, jane: User, real: dict[str, Any]
) -> None:
    assert entry.command.example is not None
    request, answer = entry.command.example
    has_credential = "SessionID" in request or "APIKey" in request
    sent = sent_by(entry, real)
    got = api.ok(entry.command.name, None if has_credential else jane.key, **sent)
    assert shape(got) == shape(answer)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if "GET" in entry.methods], ids=names)
def test_every_example_that_changes_nothing_is_answered_to_get(
    entry: Entry, api: Api, jane: User, real: dict[str, Any]
) -> None:
    assert entry.command.example is not None
    answer, query = entry.command.example[1], urlencode(sent_by(entry, real))
    path = f"/api/v1/{entry.command.path or entry.command.name}?{query}"
    got = api.send("GET", path, headers={"Authorization": f"Bearer {jane.key}"})
    assert got.status_code == 200
    assert shape(got.json or last_of(got)) == shape(answer)


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_every_example_says_all_that_is_declared(entry: Entry) -> None:
    """An example leaves out nothing that an answer always has, and has nothing that is not declared."""
    assert entry.command.example is not None
    answer = entry.command.Answer
    if answer is not None:
        shown, declared = entry.command.example[1], answer(unknown=EXCLUDE).fields
        assert shown.keys() <= declared.keys()
        assert {name for name, field in declared.items() if field.required} <= shown.keys()
