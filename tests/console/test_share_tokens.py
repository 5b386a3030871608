"""Does a share token open nothing but its own page? Every command and every page, with the token wherever a stranger could put it."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tests.client import InProcess, Shop
from tests.console.routes import FORMS, Path, missing_parts, parts_of, paths
from tests.served import Account
from tracker.auth.share_access import ShareAccess
from tracker.call import Call
from tracker.caller import Caller
from tracker.console.page_context import EXTENSION
from tracker.plugins import load_commands
from tracker.registry import Command, anyone, public_list

COMMANDS = [entry.command for entry in load_commands()]
#: Where a token could be sent: the headers and the parameters that hold it.
PLACES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "bearer": ({"Authorization": "Bearer {}"}, ()),
    "basic": ({"Authorization": "Basic {}"}, ()),
    "X-API-Key": ({"X-API-Key": "{}"}, ()),
    "cookies": ({"Cookie": "tracker_session={0}; tracker_share={0}; tracker_form={0}"}, ()),
    "parameters": ({}, ("APIKey", "SessionID", "EventListTrackerID", "Token", "ShareID")),
    "everywhere": (
        {"Authorization": "Bearer {}", "Cookie": "tracker_session={0}; tracker_share={0}"},
        ("APIKey", "SessionID", "EventListTrackerID"),
    ),
}


class Opened(NamedTuple):
    """A share link that works, and whose numbers it shows."""

    client: InProcess
    shop: Shop
    token: str


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder: pathlib.Path = tmp_path_factory.mktemp("tokens")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        client.services.analytics.ask = lambda *_: {"building": 0.5}  # type: ignore[method-assign]
        shop = client.open_shop("jane@example.com")
        url = client.ok("share.create", shop.key, ListID=shop.list_id, Overview=True)["URL"]
        token = url.rpartition("/")[2]
        assert client.get(f"/s/{token}").status == 503, "it opens its page, whose copy is being built"
        yield Opened(client, shop, token)


def sent(command: type[Command], opened: Opened) -> dict[str, Any]:
    """The parameters of a right call about the list of the link."""
    assert command.example is not None
    named = dict.fromkeys(("ListID", "SubscriberListID"), opened.shop.list_id)
    return {name: named.get(name, value) for name, value in command.example[0].items()}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_no_command_takes_a_token(command: type[Command], opened: Opened) -> None:
    for place, (headers, params) in PLACES.items():
        answer = opened.client.post(
            "/api.php",
            headers={name: value.format(opened.token) for name, value in headers.items()},
            json={"Command": command.name, **sent(command, opened), **dict.fromkeys(params, opened.token)},
        )
        refused = (401, [99998])
        if command.permission is anyone:  # a login with another's name: the token adds nothing
            refused = (422, answer.codes)
        assert answer.refusal == refused, place
    if command.permission is public_list:
        path = f"/t/{opened.token}"
        assert opened.client.post(path, json={"Event": "x"}).status == 401


@pytest.mark.parametrize("path", paths(), ids=str)
def test_no_page_takes_a_token(path: Path, opened: Opened) -> None:
    account = Account(opened.shop.email, opened.shop.password, opened.shop.key, opened.shop.list_id)
    address = path.at(missing_parts(path, 1) | parts_of(account))
    before = opened.client.rows("SELECT COUNT(*), MAX(id) FROM audit_log")
    for place, (headers, params) in PLACES.items():
        form = {**FORMS.get(path.rule, {}), **dict.fromkeys(params, opened.token), "token": opened.token}
        answer = opened.client.request(
            path.method,
            address,
            headers={name: value.format(opened.token) for name, value in headers.items()},
            **({"data": form} if path.method == "POST" else {"params": dict.fromkeys(params, opened.token)}),
        )
        if path.rule == "/sign-in":
            assert answer.status in (200, 303, 403), place
            assert answer.headers.get("Location", "/") == "/", "where nobody is signed in either"
        else:
            assert answer.status in (303, 403), (place, answer.text)
            assert answer.headers.get("Location", "/sign-in").startswith(("/sign-in", "/"))
            assert "Shop" not in answer.text, place
    assert opened.client.rows("SELECT COUNT(*), MAX(id) FROM audit_log") == before


def test_the_caller_of_a_link_may_ask_reports_of_its_list_alone(opened: Opened) -> None:
    """What the page itself calls with: even there only reports are open."""
    client, dispatcher = opened.client, opened.client.app.extensions[EXTENSION].dispatcher
    shares = client.services.stores.shares
    found = shares.opened(opened.token)
    assert found is not None
    access = ShareAccess(shares, None, lambda: 0)  # type: ignore[arg-type]
    caller = access.caller(found, "127.0.0.1", "test")
    other = client.open_shop("john@example.com")
    mine = client.services.stores.lists.add(opened.shop.user_id, "Another of hers")

    def asked(command: type[Command], list_id: int, caller: Caller = caller) -> Any:
        params = sent(command, opened) | {"ListID": list_id}
        call = Call(command.name, "POST", params, None, "127.0.0.1", "test", caller=caller)
        call.deadline = time.monotonic() + 5
        return dispatcher.answer(call)

    reports = [command for command in COMMANDS if command.is_report]
    assert reports
    for command in COMMANDS:
        answer = asked(command, opened.shop.list_id)
        if command in reports:
            assert answer.status == 200, answer.body
            for elsewhere in (other.list_id, mine):
                assert asked(command, elsewhere).body["Errors"][0]["Code"] == 3
        else:
            assert answer.status == 403, command.name
            assert answer.body["Errors"][0]["Code"] == 403
