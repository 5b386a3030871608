"""Docs tests: all that can be set or called is written down, and pages and examples are answered as they say."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from marshmallow import EXCLUDE

from tests.client import InProcess, Shop, in_query, when_built
from tests.commands.alerts import watched_alert
from tests.commands.triggers import add_deliveries
from tests.contract.objects import refused
from tests.conventions.likeness import Likeness
from tests.conventions.pages import blocks, cells, command_lines, curl
from tests.conventions.sources import ROOT
from tests.example_world import EMAIL, Baskets, furnish
from tests.reply_schemas import tracked_in
from tracker.api.share_params import SHARE_EXAMPLE
from tracker.config import SETTINGS
from tracker.delivery.mail_worker import MailWorker
from tracker.demo.account import make_demo
from tracker.errors import COMMON
from tracker.live.sse import cursor_at
from tracker.mail import Delivered, MailOutcome
from tracker.outgoing import Poster, PostResult
from tracker.plugins import load_commands
from tracker.registry import Entry, EventStream, NdjsonStream, asked_by

_numbers = itertools.count(1)
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


def answered(client: InProcess, page: Path, like: Likeness) -> Iterator[tuple[Any, Any]]:
    """Call each curl line of a page, in order, as the demo account; gives what the page says and what came, in its words.

    Said is None where the page shows no answer. A stream ends at once instead of after a minute.
    """
    demo = make_demo(client.services.stores)
    assert demo is not None
    shown = blocks(page)
    is_for_all = "key that may do everything" in page.read_text()
    key = client.services.stores.keys.add(demo_user(client), "*") if is_for_all else demo.key
    values = {"KEY": key, "LIST": demo.list_id}
    for number, block in enumerate(shown):
        for line in command_lines(block.text) if block.language == "sh" else []:
            if not line.startswith("curl "):
                continue
            sent = curl(line.replace("Seconds=60", "Seconds=0"), values)
            answer = when_built(
                partial(client.request, sent.method, sent.path, headers=sent.headers, data=sent.body)
            )
            client.services.ingest.flush()
            follows = shown[number + 1 :][:1]
            said = json.loads(follows[0].text) if follows and follows[0].language == "json" else None
            assert said is not None or answer.status == 200, answer.text
            yield said, None if said is None else like.as_shown(said, answer.body)


def demo_user(client: InProcess) -> int:
    [(number,)] = client.rows("SELECT id FROM users")
    return int(number)


#: Its lines ask for reports: that starts a process.
API_PAGE = pytest.param(API, id="api", marks=pytest.mark.processes)
SHARING_PAGE = pytest.param(ROOT / "docs/sharing.md", id="sharing", marks=pytest.mark.processes)


@pytest.mark.parametrize("page", [pytest.param(README, id="README"), API_PAGE, SHARING_PAGE])
def test_curl_lines_are_answered_as_the_page_says(page: Path, client: InProcess) -> None:
    found = list(answered(client, page, Likeness()))
    assert len([said for said, _ in found if said is not None]) >= 2
    for said, came in found:
        assert said == came


def test_the_curl_lines_of_privacy_are_answered(client: InProcess) -> None:
    """Both name the subscriber of the README's event, who is there once only."""
    demo = make_demo(client.services.stores)
    assert demo is not None
    lines = [line for block in blocks(PRIVACY, "sh") for line in command_lines(block.text)]
    requests = [
        curl(line, {"KEY": demo.key, "LIST": demo.list_id}) for line in lines if line.startswith("curl ")
    ]
    assert [request.path for request in requests] == [
        "/api/v1/subscriber.export",
        "/api/v1/subscriber.forget",
    ]
    client.ok("event.track", demo.key, ListID=demo.list_id, Event="visit", Email="subscriber@example.com")
    for sent in requests:
        answer = client.request(sent.method, sent.path, headers=sent.headers, data=sent.body)
        assert answer.status == 200, answer.text


def names(entry: Entry) -> str:
    return entry.command.name


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """One Tracker for all examples, each of which has a user and a list of its own."""
    folder = tmp_path_factory.mktemp("examples")
    accepted = PostResult(204, b"", None, 87)
    with (
        closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as house,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Poster, "post", lambda *_: accepted)  # the examples' target is made up
        patch.setattr(MailWorker, "trial", lambda *_: Delivered(MailOutcome.ACCEPTED, None, ("< 250 OK",)))
        house.services.registry.add_tile(Baskets, "the examples")
        yield house


def furnished(house: InProcess) -> Shop:
    """The person of the examples under another address, with a list that has seen their events."""
    user = house.open_shop(
        f"jane{next(_numbers)}@example.com", "*,Administrator", is_admin=True, list_name="Web shop"
    )
    furnish(lambda command, **params: house.ok(command, user.key, **params), user.list_id)
    house.services.ingest.flush()
    return user


def numbers_of(house: InProcess, jane: Shop) -> dict[str, Any]:
    """What stands for the made-up numbers and secrets of the examples."""
    stores = house.services.stores
    found = stores.lists.owned(jane.user_id, jane.list_id)
    assert found is not None
    [field] = stores.fields.of_list(found.id)
    trigger = stores.triggers.of_list(found.id)[0].id
    rejection, body = refused(house, jane)
    return {
        "ListID": found.id,
        "SubscriberListID": found.id,
        "CustomFieldID": field.id,
        "GoalID": stores.goals.of_list(found.id)[0].id,
        "SavedReportID": stores.saved_reports.of_list(found.id)[0].id,
        "AnnotationID": stores.annotations.of_list(found.id)[0].id,
        "ShareID": link(house, found.id),
        "SegmentID": stores.segments.of_list(found.id)[0].id,
        "ScheduleID": mailed(house, found.id),
        "AlertID": watched_alert(house, found.id),
        "TriggerID": trigger,
        "DeliveryID": add_deliveries(house, replace(jane, list_id=found.id), trigger, 1, is_accepted=True)[0],
        "EventID": house.rows("SELECT MAX(id) FROM events WHERE list_id = ?", found.id)[0][0],
        "RejectionID": rejection,
        "BodyID": body,
        "EventListTrackerID": found.tracker_id,
        "After": cursor_at(found.id, 0),
        "SessionID": stores.sessions.open(jane.user_id),
        "Username": jane.email,
        "Password": jane.password,
        "Prefix": house.ok("apikey.create", jane.key, Name="Reports")["Prefix"],
    }


@pytest.fixture(scope="module")
def readers(house: InProcess) -> tuple[Shop, dict[str, Any]]:
    """Whom the examples that change nothing share, with a list whose copy is made once."""
    jane = furnished(house)
    return jane, numbers_of(house, jane)


@pytest.fixture
def examined(request: pytest.FixtureRequest, house: InProcess, entry: Entry) -> tuple[Shop, dict[str, Any]]:
    """Who sends the example of a command, and what stands for its made-up numbers and secrets."""
    if "GET" in entry.methods:
        shared: tuple[Shop, dict[str, Any]] = request.getfixturevalue("readers")
        return shared
    jane = furnished(house)
    return jane, numbers_of(house, jane)


def link(house: InProcess, list_id: int) -> int:
    """The number of a share link of the list, written as it is stored: its command would ask the engine, which takes a while."""
    stores = house.services.stores
    columns = {
        "token_hash": b"%d" % list_id,
        "saved_report_id": stores.saved_reports.of_list(list_id)[0].id,
        "rule": json.dumps(SHARE_EXAMPLE["Where"]).encode(),
        "ends_at": 4_102_444_800_000,
        "frame_origins": b"https://intranet.example.com",
        "password_hash": "none",
    }
    return stores.shares.insert(list_id, columns, lambda *_: None)


def mailed(house: InProcess, list_id: int) -> int:
    """The number of a schedule of the list whose last mail was accepted, written as it is stored."""
    stores = house.services.stores
    saved = stores.saved_reports.of_list(list_id)[0].id
    columns = {"saved_report_id": saved, "every": b"week", "hour": 8, "is_csv": False}
    address = ("ada@example.com", "ada@example.com")
    made = stores.schedules.make(list_id, columns, [address], lambda *_: None)
    sql = "UPDATE schedule_recipients SET state = 2, tried_at = 1 WHERE list_id = ?"
    house.services.storage.write(lambda transaction: transaction.execute(sql, (list_id,)))
    return made


def with_real(value: Any, real: dict[str, Any]) -> Any:
    if value == EMAIL:
        return real["Username"]
    if isinstance(value, list):
        return [with_real(each, real) for each in value]
    if isinstance(value, dict):
        return {
            key: real[key] if key in real and not is_given(key, each) else with_real(each, real)
            for key, each in value.items()
        }
    return value


def is_given(key: str, value: Any) -> bool:
    """Whether the client gives the name itself: an EventID that is a text is its own."""
    return key == "Username" or (key == "EventID" and isinstance(value, str))


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


def said(house: InProcess, entry: Entry, key: str, sent: dict[str, Any], method: str) -> Any:
    """The JSON of the answer, of the last event of one that lasts, or of the first line."""
    path = f"/api/v1/{entry.command.path or entry.command.name}"
    if entry.command.media_type == EventStream.media_type:
        return json.loads(tracked_in(b"".join(house.parts(path, key, sent)))[-1])
    if entry.command.media_type == NdjsonStream.media_type:
        exported = when_built(partial(house.call, entry.command.name, key, **sent))
        return json.loads(exported.raw.splitlines()[0])
    has_credential = "SessionID" in sent or "APIKey" in sent
    if method == "POST":
        posted = when_built(partial(house.call, entry.command.name, None if has_credential else key, **sent))
        assert posted.status == 200, posted.text
        return posted.body
    got = when_built(partial(house.get, path, key, params=in_query(sent)))
    assert got.status == 200, got.text
    return got.body


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_every_example_is_answered_as_it_says(
    entry: Entry, house: InProcess, examined: tuple[Shop, dict[str, Any]]
) -> None:
    jane, real = examined
    assert entry.command.example is not None
    got = said(house, entry, jane.key, sent_by(entry, real), "POST")
    assert shape(got) == shape(entry.command.example[1])


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if "GET" in entry.methods], ids=names)
def test_every_example_that_changes_nothing_is_answered_to_get(
    entry: Entry, house: InProcess, examined: tuple[Shop, dict[str, Any]]
) -> None:
    jane, real = examined
    assert entry.command.example is not None
    got = said(house, entry, jane.key, sent_by(entry, real), "GET")
    assert shape(got) == shape(entry.command.example[1])


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_every_example_says_all_that_is_declared(entry: Entry) -> None:
    """An example leaves out nothing that an answer always has, and has nothing that is not declared."""
    assert entry.command.example is not None
    answer = entry.command.Answer
    if answer is not None:
        shown, declared = entry.command.example[1], answer(unknown=EXCLUDE).fields
        assert shown.keys() <= declared.keys()
        assert {name for name, field in declared.items() if field.required} <= shown.keys()
