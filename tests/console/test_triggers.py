"""Triggers pages: what is there and how it does, a form whose answer shows the secret once, and each delivery with its bodies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.client import InProcess
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


def test_what_the_buttons_say_is_done(console: Console, path: str) -> None:
    form = {"token": token_in(console.get(path))}
    console.ask("POST", path, data=form | {"do": "pause"})
    assert "It is paused: events start nothing" in words(console.get(path))
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
