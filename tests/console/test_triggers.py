"""Triggers pages: what is there and how it does, a form whose answer shows the secret once, and each delivery with its bodies."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.client import InProcess
from tests.commands.segments import make_segment
from tests.commands.triggers import PUBLIC_URL, add_deliveries, make_trigger
from tests.console.test_overview import Console, words
from tests.console.visitor import token_in
from tracker.outgoing import Poster, PostResult
from tracker.storage.triggers import PausedBy


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("triggers")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Console(client)


@pytest.fixture
def path(console: Console, request: pytest.FixtureRequest) -> str:
    """The page of a new trigger."""
    made = make_trigger(console.client, console.user, PUBLIC_URL, Name=request.node.name[:100])
    return f"{console.path}/triggers/{made['TriggerID']}"


def test_a_trigger_is_made_and_its_secret_shown_once(console: Console) -> None:
    page = console.get(f"{console.path}/triggers")
    form = {
        "token": token_in(page),
        "Name": "To the CRM",
        "Event": "signed_up",
        "URL": "https://crm.invalid/x",
    }
    made = console.ask("POST", f"{console.path}/triggers", data=form)
    assert "whsec_" in made.text
    later = console.get(f"{console.path}/triggers")
    assert "whsec_" not in later.text
    assert "To the CRM signed_up https://crm.invalid/x Active" in words(later)
    again = console.ask("POST", f"{console.path}/triggers", data=form | {"URL": "http://127.0.0.1/"})
    assert again.status == 422
    assert "that no other trigger of this list has" in words(again) or "administrator" in words(again)


def test_conditions_are_added_and_removed_and_narrow_it_down(console: Console) -> None:
    page = console.get(f"{console.path}/triggers")
    form = {
        "token": token_in(page),
        "Name": "Orders",
        "start": "event",
        "Event": "order",
        "URL": "https://crm.invalid/x",
    }
    price = {"property": "price", "is": "at least", "value": "10"}
    page = console.ask("POST", f"{console.path}/triggers/draft", data=form | price)
    assert "price is at least 10 ×" in words(page)
    where = html.unescape(re.search(r'name="Where" value="([^"]+)"', page.text)[1])  # type: ignore[index]
    page = console.ask("POST", f"{console.path}/triggers/draft", data=form | {"Where": where, "remove": "0"})
    assert "price is" not in words(page)
    plan = {"property": "plan", "is": "equals", "value": "pro"}
    console.ask("POST", f"{console.path}/triggers", data=form | plan | {"Where": where})
    told = "order , only if price is at least 10 and plan is pro"
    assert f"Orders {told} https://crm.invalid/x Active" in words(console.get(f"{console.path}/triggers"))
    wrong = {"property": "price", "is": "matches regex", "value": "("}
    refused = console.ask("POST", f"{console.path}/triggers", data=form | wrong | {"Name": "Other"})
    assert (refused.status, "no regular expression" in words(refused)) == (422, True)


def test_a_trigger_on_a_segment_is_made_and_says_how_it_does(console: Console) -> None:
    page = console.get(f"{console.path}/triggers")
    assert "There is none yet" in words(page)
    segment = make_segment(console.client, console.user, "Regulars")
    form = {
        "token": token_in(page),
        "Name": "Gone",
        "start": "exit",
        "URL": "https://crm.invalid/x",
        "Event": "kept for later",
    }
    refused = console.ask("POST", f"{console.path}/triggers", data=form | {"SegmentID": "x"})
    assert (refused.status, "A segment of this list." in words(refused)) == (422, True)
    console.ask("POST", f"{console.path}/triggers", data=form | {"SegmentID": str(segment)})
    page = console.get(f"{console.path}/triggers")
    assert "Gone Somebody leaves Regulars https://crm.invalid/x Active" in words(page)
    path = re.search(r'href="([^"]+)">Gone</a>', page.text)[1]  # type: ignore[index]
    one = words(console.get(path))
    assert "Somebody leaves Regulars , to https://crm.invalid/x" in one
    assert "The next subscriber who leaves the segment is." in one
    change = "UPDATE triggers SET look_failure = ?, looked_at = ? WHERE id = ?"
    number = int(path.rpartition("/")[2])
    for values, said in (
        ((b"it is late", 0), "cannot be looked at: it is late."),
        ((None, 1), "was looked at"),
    ):
        console.client.services.storage.write(lambda t, values=values: t.execute(change, (*values, number)))
        assert said in words(console.get(path))


def test_what_the_buttons_say_is_done(console: Console, path: str) -> None:
    form = {"token": token_in(console.get(path))}
    console.ask("POST", path, data=form | {"do": "pause"})
    assert "It is paused: nothing starts it" in words(console.get(path))
    console.ask("POST", path, data=form | {"do": "go"})
    assert "It is paused" not in words(console.get(path))
    assert "whsec_" in console.ask("POST", path, data=form | {"do": "secret"}).text
    assert console.ask("POST", f"{path}/delete", data=form).status == 303
    assert console.get(path).status == 404


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (PostResult(204, b"", None, 87), "has accepted a test in 87 ms: 204."),
        (PostResult(500, b"", None, 1), "has not accepted a test: its answer was 500."),
        (PostResult(None, b"", "no answer", 1), "has not accepted a test: no answer."),
    ],
)
def test_a_test_is_sent(
    console: Console, path: str, monkeypatch: pytest.MonkeyPatch, result: PostResult, told: str
) -> None:
    monkeypatch.setattr(Poster, "post", lambda *_: result)
    page = console.ask("POST", f"{path}/test", data={"token": token_in(console.get(path))})
    assert told in words(page)


def test_deliveries_are_shown_and_sent_again(console: Console, path: str) -> None:
    assert "Nothing was sent yet" in words(console.get(path))
    number = int(path.rpartition("/")[2])
    [accepted] = add_deliveries(console.client, console.user, number, 1, is_accepted=True)
    page = console.get(path)
    assert "Accepted 204 1 Send again" in words(page)
    one = console.get(f"{path}/deliveries/{accepted}")
    assert '{ "n": 0 }' in words(one)
    again = f"{path}/deliveries/{accepted}/retry"
    assert console.ask("POST", again, data={"token": token_in(page)}).status == 303
    assert "Waiting" in words(console.get(path))


@pytest.mark.parametrize("reason", [PausedBy.FAILURES, PausedBy.BACKLOG, PausedBy.CONDITIONS])
def test_a_paused_trigger_says_why(console: Console, path: str, reason: PausedBy) -> None:
    sql = "UPDATE triggers SET is_active = 0, paused_by = ?, failing_since = 1, last_failure = ? WHERE id = ?"
    values = (int(reason), b"the answer was 500", int(path.rpartition("/")[2]))
    console.client.services.storage.write(lambda transaction: transaction.execute(sql, values))
    page = words(console.get(path))
    assert "It is paused:" in page
    assert "The last delivery has failed: the answer was 500." in page
    assert "Paused" in words(console.get(f"{console.path}/triggers"))
