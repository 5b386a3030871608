"""`event.uses`: what names an event or a property is found in each place, in whichever spelling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.alerts import make_alert
from tests.commands.names import REFUSED, refused
from tests.commands.segments import make_segment
from tests.commands.stub_engine import StubEngine
from tests.commands.tiles import add_tiles


@pytest.mark.parametrize(
    ("change", "code"), [(change, code) for change, code in REFUSED if (change, code) != ({"Event": ...}, 6)]
)
def test_what_names_nothing_has_its_number(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    assert refused(client, shop, "event.uses", {}, change) == [code]


@pytest.fixture
def used(client: InProcess, shop: Shop, engine: StubEngine) -> Shop:
    engine.reply = {"building": 0.5}
    about = {"ListID": shop.list_id}
    is_paid = {"Of": "event", "Property": "plan", "Is": "equals", "Value": "signup"}
    client.ok("goal.create", shop.key, **about, Name="Sign-ups", Event="sign_up", Where=[is_paid])
    client.ok("goal.create", shop.key, **about, Name="signup", Event="other")
    rule = [{"Of": "person", "Event": "signup", "Is": "happened"}]
    segment = client.ok("segment.create", shop.key, **about, Name="New", Rule=rule)
    steps = {"Steps": ["page_view", "signup"]}
    client.ok("savedreport.create", shop.key, **about, Name="Way", Report="reports.funnel", Params=steps)
    summed = {"Measures": ["sum:amount"]}
    client.ok("savedreport.create", shop.key, **about, Name="Sums", Report="reports.trend", Params=summed)
    client.ok("share.create", shop.key, **about, Overview=True)
    summed = {"Measures": ["people"], "By": ["visit:channel"], "SegmentID": segment["SegmentID"]}
    made = client.ok(
        "savedreport.create", shop.key, **about, Name="Who", Report="reports.breakdown", Params=summed
    )
    shown = {"SavedReportID": made["SavedReportID"]}
    is_bought = [{"Of": "event", "Property": "colour", "Is": "is set"}]
    client.ok("share.create", shop.key, **about, **shown, Where=is_bought)
    client.ok("schedule.create", shop.key, **about, **shown, Every="week", To=["ada@example.com"])
    client.ok(
        "alert.create", shop.key, **about, Name="Quiet", Kind="silence", Event="signup", To=["a@x.example"]
    )
    client.ok("list.update", shop.key, ListID=shop.list_id, Products={"Seen": "look", "ID": "sku"})
    client.ok("event.alias", shop.key, **about, Event="sign_up", As="signup")
    return shop


def uses(client: InProcess, shop: Shop, **named: str) -> list[tuple[str, str]]:
    found = client.ok("event.uses", shop.key, ListID=shop.list_id, **named)["Uses"]
    return [(each["Kind"], each["Name"]) for each in found]


@pytest.mark.parametrize(("name", "other"), [("signup", "sign_up"), ("sign_up", "signup")])
def test_an_event_is_found_in_every_spelling(client: InProcess, used: Shop, name: str, other: str) -> None:
    found = [
        ("goal", "Sign-ups"),
        ("segment", "New"),
        ("saved report", "Way"),
        ("alert", "Quiet"),
        ("alias", other),
    ]
    assert uses(client, used, Event=name) == found


def test_properties_are_found_in_conditions_and_measures(client: InProcess, used: Shop) -> None:
    assert uses(client, used, Property="plan") == [("goal", "Sign-ups")]
    assert uses(client, used, Property="amount") == [("saved report", "Sums")]
    assert uses(client, used, Event="never") == []


def test_what_shows_a_report_and_the_products_are_found(client: InProcess, used: Shop) -> None:
    shown = [("share link", "Who"), ("schedule", "Who")]
    assert uses(client, used, Property="channel") == [("saved report", "Who"), *shown]
    assert uses(client, used, Property="colour") == [("share link", "Who")]
    for named in ({"Event": "look"}, {"Property": "sku"}):
        assert uses(client, used, **named) == [("products", None)]
    registry = client.services.registry
    add_tiles(registry)
    try:
        assert uses(client, used, Property="$channel") == [("tile", "Channels")]
    finally:
        registry.tiles.clear()


def test_a_link_that_has_ended_uses_nothing(client: InProcess, used: Shop) -> None:
    database = client.services.storage
    database.write(lambda transaction: transaction.execute("UPDATE shares SET ends_at = 1"))
    assert "share link" not in [kind for kind, _ in uses(client, used)]


def test_without_a_name_it_is_all_of_the_list(client: InProcess, used: Shop) -> None:
    kinds = [kind for kind, _ in uses(client, used)]
    assert kinds == [
        *("goal", "goal", "segment", "saved report", "saved report", "saved report"),
        *("alert", "share link", "share link", "schedule", "products"),
    ]


def test_an_alert_on_a_segment_names_what_the_segment_does(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    rule = [{"Of": "person", "Event": "bought", "Is": "happened"}]
    number = make_segment(client, shop, rule=rule)
    engine.reply = {"building": 0.5}
    make_alert(client, shop, Kind="number", Event=None, Hours=None, Is="above", Value=1, SegmentID=number)
    assert uses(client, shop, Event="bought") == [("segment", "Buyers"), ("alert", "Orders stopped")]
