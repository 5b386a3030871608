"""Docs tests: all that can be set or called is written down, and pages and examples are answered as they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from marshmallow import EXCLUDE

from tests.commands.api import Api, User, last_of
from tests.conventions.likeness import Likeness
from tests.conventions.pages import blocks, cells, command_lines, curl
from tests.conventions.sources import ROOT
from tests.example_world import EMAIL, PASSWORD, furnish
from tracker.config import SETTINGS
from tracker.demo.account import make_demo
from tracker.errors import COMMON
from tracker.live.sse import cursor_at
from tracker.plugins import load_commands
from tracker.registry import Entry, EventStream, asked_by

ENTRIES = list(load_commands())
README = ROOT / "README.md"
API, OPERATIONS, PRIVACY = (ROOT / "docs" / name for name in ("api.md", "operations.md", "privacy.md"))


def test_operations_lists_every_setting_as_it_is() -> None:
    """The settings table of docs/operations.md: name, default, meaning."""
    shown = [(name.strip("`"), default, meaning) for name, default, meaning in cells(OPERATIONS, "Settings")]
    declared = [(row.name, f"`{row.default}`" if row.default else "", row.meaning) for row in SETTINGS]
    assert shown == declared


def test_the_api_lists_every_permission_and_who_needs_it() -> None:
    """The permissions table of docs/api.md, held against the registry; plugins are in no page."""
    shown = {
        command: permission.strip("`")
        for permission, commands in cells(API, "Permissions")
        for command in re.findall(r"`([a-z_]+\.[a-z_]+)`", commands)
    }
    spelled = {
        "any credential": "none: any key or session",
        "administrator": "an administrator",
        "anyone": "no credential at all",
        "public_list": "a list's public id",
    }
    asked = {entry.command.name: asked_by(entry.command) for entry in ENTRIES}
    assert shown == {name: spelled.get(permission, permission) for name, permission in asked.items()}


def test_the_api_lists_the_errors_of_all_commands() -> None:
    shown = {int(code): int(status) for code, status, *_ in cells(API, "Errors")}
    assert shown == {code: error.status for code, error in COMMON.items()}


def answered(api: Api, page: Path, like: Likeness) -> Iterator[tuple[Any, Any]]:
    """Call each curl line of a page, in order, as the demo account; gives what the page says and what came, in its words.

    Said is None where the page shows no answer. A stream ends at once instead of after a minute.
    """
    demo = make_demo(api.services.stores)
    assert demo is not None
    shown = blocks(page)
    values = {"KEY": demo.key, "LIST": demo.list_id}
    for number, block in enumerate(shown):
        for line in command_lines(block.text) if block.language == "sh" else []:
            if not line.startswith("curl "):
                continue
            sent = curl(line.replace("Seconds=60", "Seconds=0"), values)
            answer = api.send(sent.method, sent.path, headers=sent.headers, data=sent.body)
            api.services.ingest.flush()
            follows = shown[number + 1 :][:1]
            said = json.loads(follows[0].text) if follows and follows[0].language == "json" else None
            assert said is not None or answer.status_code == 200, answer.text
            yield said, None if said is None else like.as_shown(said, answer.json)


@pytest.mark.parametrize("page", [README, API], ids=["README", "api"])
def test_curl_lines_are_answered_as_the_page_says(page: Path, api: Api) -> None:
    found = list(answered(api, page, Likeness()))
    assert len([said for said, _ in found if said is not None]) >= 2
    for said, came in found:
        assert said == came


def test_the_curl_lines_of_privacy_are_answered(api: Api) -> None:
    """Both name the subscriber of the README's event, who is there once only."""
    demo = make_demo(api.services.stores)
    assert demo is not None
    lines = [line for block in blocks(PRIVACY, "sh") for line in command_lines(block.text)]
    requests = [
        curl(line, {"KEY": demo.key, "LIST": demo.list_id}) for line in lines if line.startswith("curl ")
    ]
    assert [request.path for request in requests] == [
        "/api/v1/subscriber.export",
        "/api/v1/subscriber.forget",
    ]
    api.ok("event.track", demo.key, ListID=demo.list_id, Event="visit", Email="subscriber@example.com")
    for sent in requests:
        answer = api.send(sent.method, sent.path, headers=sent.headers, data=sent.body)
        assert answer.status_code == 200, answer.text


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
        "After": cursor_at(found.id, 0),
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
