"""`alert.update`: what is not sent stays, and what is looked at stays whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.alerts import alerts_of, make_alert, watched_alert
from tests.commands.stub_engine import StubEngine


@pytest.fixture(autouse=True)
def _answering(engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}


def update(client: InProcess, shop: Shop, made: dict[str, Any], **params: Any) -> Any:
    about = {"ListID": shop.list_id, "AlertID": made["AlertID"]}
    return client.ok("alert.update", shop.key, **about, **params)["Secret"]


def test_what_is_not_sent_stays(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop, To=["ada@example.com", "bea@example.com"])
    assert update(client, shop, made, Name="Sales stopped") is None
    assert update(client, shop, made, Is="less than usual", Value=30) is None
    [one] = alerts_of(client, shop)
    assert (one["Name"], one["Event"], one["Hours"]) == ("Sales stopped", "order", 3)
    assert (one["Is"], one["Value"], one["Minimum"]) == ("less than usual", 30.0, 20)
    assert len(one["To"]) == 2
    update(client, shop, made, Is="not seen", To=["cy@example.com"])
    [one] = alerts_of(client, shop)
    assert (one["Is"], one["Value"], one["Minimum"]) == ("not seen", None, None)
    assert [to["EmailAddress"] for to in one["To"]] == ["cy@example.com"]


def test_another_kind_is_given_anew(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop)
    where = [{"Property": "plan", "Is": "equals", "Value": "pro"}]
    update(client, shop, made, Kind="number", Is="above", Value="1.5", Where=where, Measure="people")
    [one] = alerts_of(client, shop)
    assert (one["Kind"], one["Event"], one["Hours"], one["Value"]) == ("number", None, 24, 1.5)
    assert (one["Where"], one["Measure"]) == (where, "people")
    update(client, shop, made, Where=[])
    assert alerts_of(client, shop)[0]["Where"] == []
    update(client, shop, made, Event="order", SegmentID=None)
    update(client, shop, made, Kind="number", Is="above", Value=2)
    [one] = alerts_of(client, shop)
    assert (one["Event"], one["Measure"], one["Value"]) == (None, "events", 2.0)


def test_what_is_said_again_begins_nothing_anew(client: InProcess, shop: Shop) -> None:
    """A form that is saved has all of the rule; an alarm goes on if only its name or its addresses were changed."""
    number = watched_alert(client, shop.list_id)
    about = {"AlertID": number}
    same = {"Kind": "silence", "Is": "not seen", "Event": "order", "Hours": 3}
    update(client, shop, about, **same, Name="Other", To=["bea@example.com"])
    [one] = alerts_of(client, shop)
    assert (one["Name"], one["State"], one["Found"]) == ("Other", "firing", "It is 0")
    update(client, shop, about, **{**same, "Hours": 4})
    [one] = alerts_of(client, shop)
    assert (one["State"], one["Found"]) == ("ok", None)


def test_a_url_is_taken_out_while_somebody_is_told(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop, URL="https://crm.invalid/hook")
    assert update(client, shop, made, URL="") is None
    assert alerts_of(client, shop)[0]["URL"] is None
    assert update(client, shop, made, URL="https://crm.invalid/hook", To=[]) is None
    sent = {"ListID": shop.list_id, "AlertID": made["AlertID"], "URL": ""}
    assert client.call("alert.update", shop.key, **sent).refusal == (422, [30])


def test_a_secret_is_shown_once_and_exchanged(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop)
    first = update(client, shop, made, URL="https://crm.invalid/hook")
    assert first.startswith("whsec_")
    assert update(client, shop, made, URL="https://crm.invalid/other") is None
    assert update(client, shop, made, NewSecret=True) not in (None, first)


def test_an_alert_is_paused_and_set_going(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop)
    for is_active in (False, True):
        update(client, shop, made, IsActive=is_active)
        assert alerts_of(client, shop)[0]["IsActive"] is is_active


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"AlertID": "x"}, 9),
        ({"AlertID": 2**62}, 10),
        ({"AlertID": None}, 13),
        ({"Kind": "refusals"}, 15),
        ({"Value": 5}, 26),
        ({"To": []}, 30),
        ({"NewSecret": "x"}, 32),
        ({"URL": "http://10.0.0.1/"}, 29),
        ({"Kind": "number", "Is": "above", "Value": 1, "GoalID": 10**6}, 27),
    ],
)
def test_what_is_wrong_has_its_number_and_changes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    made = make_alert(client, shop)
    before = alerts_of(client, shop)
    sent = {"ListID": shop.list_id, "AlertID": made["AlertID"], "Name": "Other", **params}
    assert client.call("alert.update", shop.key, **sent).refusal == (422, [code])
    assert alerts_of(client, shop) == before


def test_a_name_is_not_anothers(client: InProcess, shop: Shop) -> None:
    make_alert(client, shop, Name="First")
    made = make_alert(client, shop, Name="Second")
    sent = {"ListID": shop.list_id, "AlertID": made["AlertID"], "Name": "first"}
    assert client.call("alert.update", shop.key, **sent).refusal == (422, [7])
