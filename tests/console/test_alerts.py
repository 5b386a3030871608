"""Alerts pages: a form for each kind, how an alert stands, and what was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.client import InProcess
from tests.commands.alerts import alerts_of, make_alert
from tests.console.made_up_console import Console
from tests.console.visitor import words
from tracker.domain.alert_rule import AlertReading


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("alerts")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Console(client)


@pytest.fixture
def console(shared: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(shared.client.services.analytics, "ask", lambda *_: {"building": 0.5})
    yield shared
    for alert in alerts_of(shared.client, shared.user):
        shared.client.ok("alert.delete", shared.user.key, ListID=shared.list_id, AlertID=alert["AlertID"])


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        (
            {"Kind": "silence", "Is": "not seen", "Event": "order", "Hours": "3", "Value": "9"},
            "“order” not seen in the last 3 hours",
        ),
        (
            {"Kind": "silence", "Is": "less than usual", "Event": "order", "Hours": "6"},
            "“order” in the last 6 hours less than 50 % of what is usual",
        ),
        (
            {"Kind": "number", "Is": "down", "Measure": "revenue", "Value": "30", "Minimum": "100"},
            "Revenue down by 30 % or more in the last 24 hours",
        ),
        (
            {"Kind": "number", "Is": "below", "Measure": "people", "Value": "5", "Event": "order"},
            "People of “order” below 5 in the last 24 hours",
        ),
        (
            {"Kind": "refusals", "Is": "new origin"},
            "A website refused in the last 24 hours that was not refused before",
        ),
        (
            {"Kind": "refusals", "Is": "above", "Value": "10", "Hours": "168"},
            "Refused events above 10 in the last 7 days",
        ),
    ],
)
def test_a_form_of_each_kind_makes_an_alert(console: Console, form: dict[str, str], rule: str) -> None:
    path = f"{console.path}/alerts"
    sent = {
        "Hours": "24",
        "Value": "",
        "Minimum": "",
        "Name": "Watched",
        "To": "ada@example.com, bea@example.com",
        **form,
    }
    done = console.submit(path, f"{path}?kind={form['Kind']}", **sent)
    [made] = alerts_of(console.client, console.user)
    assert (done.status, done.headers["Location"]) == (303, f"{path}/{made['AlertID']}")
    assert made["Rule"] == rule
    assert [to["EmailAddress"] for to in made["To"]] == ["ada@example.com", "bea@example.com"]
    assert f"Watched {rule} – 2 addresses New" in words(console.get(path))
    assert "It is looked at for the first time in a moment." in words(
        console.get(f"{path}/{made['AlertID']}")
    )


def test_a_secret_is_shown_once(console: Console) -> None:
    path = f"{console.path}/alerts"
    form = {
        "Kind": "silence",
        "Is": "not seen",
        "Event": "order",
        "Name": "<b>x</b>",
        "URL": "https://crm.invalid/x",
    }
    done = console.submit(path, **form)
    assert "whsec_" in done.text
    assert "<b>x</b>" not in done.text
    assert "whsec_" not in console.get(path).text
    [made] = alerts_of(console.client, console.user)
    one = f"{path}/{made['AlertID']}"
    assert "whsec_" in console.submit(one, do="secret").text
    assert "whsec_" not in console.get(one).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"To": "ada"}, "Up to 20 addresses, with blanks between them. (error 28)"),
        ({"To": ""}, "To or URL is needed"),
        ({"To": "a@x.example", "Event": ""}, "Missing Event parameter"),
        (
            {"To": "a@x.example", "URL": "http://127.0.0.1/"},
            "its address is not one that the administrator allows",
        ),
        (
            {"To": "a@x.example", "Kind": "number", "Is": "above", "Value": "x"},
            "A number that is not negative. (error 17)",
        ),
    ],
)
def test_a_form_that_is_refused_is_shown_again(console: Console, form: dict[str, str], said: str) -> None:
    sent = {"Kind": "silence", "Is": "not seen", "Event": "order", "Name": "<i>Mine</i>", **form}
    done = console.submit(f"{console.path}/alerts", **sent)
    assert done.status == 422
    assert said in words(done)
    assert 'value="&lt;i&gt;Mine&lt;/i&gt;"' in done.text
    assert alerts_of(console.client, console.user) == []


def test_how_it_stands_and_what_was_told_is_shown(console: Console) -> None:
    made = make_alert(console.client, console.user)
    page = f"{console.path}/alerts/{made['AlertID']}"
    alerts = console.client.services.alerts
    alerts.read = lambda *_: AlertReading("0", words="It is <0>")
    assert alerts.decide()
    shown = words(console.get(page))
    assert "Alarm. It is <0>." in shown
    assert "lasts" in shown
    assert "Alarm ada@example.com Waiting" in shown
    assert "Alarm" in words(console.get(f"{console.path}/alerts"))
    tested = console.submit(f"{page}/test", page)
    assert "A test is on its way to 1 address." in words(tested)
    console.submit(page, do="pause")
    assert "It is paused" in words(console.get(page))
    console.submit(page, do="go")
    assert console.submit(f"{page}/delete", page).status == 303
    assert console.get(page).status == 404
    assert console.get(f"{console.path}/alerts/x").status == 404
