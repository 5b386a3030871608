"""Alerts pages: a form for each kind, how an alert stands, and what was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import orjson
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
    assert "still bad" in shown
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


CONDITION = {"Of": "event", "Property": "plan", "Is": "equals", "Value": "<pro>"}
NUMBER = {
    "Kind": "number", "Name": "Few sales", "Is": "below", "Measure": "conversions", "Event": "order", "Value": "5", "Hours": "24",
}  # fmt: skip


def test_a_number_is_narrowed_and_changed_in_forms(console: Console) -> None:
    """Conditions are added and taken out as in forms of goals; what is not in a form any more is gone from the alert."""
    client, user, path = console.client, console.user, f"{console.path}/alerts"
    about = {"ListID": console.list_id}
    goal = client.ok("goal.create", user.key, **about, Name="<Sale>", Event="order")["GoalID"]
    console.reports.made["goals.get"] = lambda _: {"Goals": [{"GoalID": goal, "Name": "<Sale>"}]}
    rule = [{"Of": "person", "Event": "order", "Is": "happened"}]
    segment = client.ok("segment.create", user.key, **about, Name="Buyers", Rule=rule)["SegmentID"]
    typed = {"property": "plan", "is": "equals", "value": "<pro>"}
    sent = {**NUMBER, "To": "ada@example.com", "URL": "https://crm.invalid/x"}
    chosen = {"GoalID": str(goal), "SegmentID": str(segment)}
    page = console.submit(f"{path}/draft", f"{path}?kind=number", **sent, **typed, **chosen)
    assert "plan is <pro>" in words(page)
    assert alerts_of(client, user) == []
    console.submit(path, f"{path}?kind=number", **sent, **typed, **chosen)
    [made] = alerts_of(client, user)
    assert (made["Where"], made["GoalID"], made["SegmentID"]) == ([CONDITION], goal, segment)
    one = f"{path}/{made['AlertID']}"
    said = "only if plan is <pro> and the goal is <Sale> and somebody is in Buyers"
    assert said in words(console.get(one))
    assert said in words(console.get(path))
    form = console.get(f"{one}/edit")
    for name, value in {"Name": "Few sales", "Event": "order", "Value": "5", "To": "ada@example.com"}.items():
        assert (
            f'name="{name}" type="text" value="{value}"' in form.text
            or f'name="{name}" value="{value}"' in form.text
        )
    assert f'<option value="{segment}" selected>' in form.text
    where = orjson.dumps([CONDITION]).decode()
    less = console.submit(f"{one}/edit/draft", f"{one}/edit", **sent, Where=where, remove="0")
    assert "plan is" not in words(less)
    changed = console.submit(f"{one}/edit", f"{one}/edit", **{**sent, "URL": "", "Value": "7"})
    assert (changed.status, changed.headers["Location"]) == (303, one)
    [after] = alerts_of(client, user)
    assert (after["Where"], after["GoalID"], after["SegmentID"], after["URL"]) == ([], None, None, None)
    assert after["Value"] == 7.0
    assert "whsec_" not in console.submit(f"{one}/edit", f"{one}/edit", **sent).text
    refused = console.submit(f"{one}/edit", f"{one}/edit", **{**sent, "Value": "x"})
    assert refused.status == 422
    assert "A number that is not negative. (error 17)" in words(refused)


def test_what_an_alert_has_that_no_form_offers_stays(console: Console) -> None:
    """Hours, a measure and a currency of the API, and a goal that is gone, are there in the form, so that saving keeps them."""
    client, user = console.client, console.user
    about = {"ListID": console.list_id}
    goal = client.ok("goal.create", user.key, **about, Name="Gone", Event="order")["GoalID"]
    rule = {"Kind": "number", "Event": None, "Is": "above", "Value": 2.5, "Hours": 48}
    made = make_alert(client, user, **rule, Measure="conversions", GoalID=goal, Currency="EUR")
    client.ok("goal.delete", user.key, **about, GoalID=goal)
    console.reports.made["goals.get"] = lambda _: {"Goals": []}
    page = f"{console.path}/alerts/{made['AlertID']}"
    assert "the goal is one that is gone" in words(console.get(page))
    form = console.get(f"{page}/edit").text
    for there in (
        '<option value="48" selected>the last 48 hours',
        f'<option value="{goal}" selected>one that is gone',
        'name="Currency" value="EUR"',
        'value="2.5"',
    ):
        assert there in form
    assert console.get(f"{console.path}/alerts/x/edit").status == 404
