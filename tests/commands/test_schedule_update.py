"""`schedule.update`: what is sent changes, what is not sent stays, and who has unsubscribed stays so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.schedules import recipients, schedule, schedules
from tests.commands.stub_engine import StubEngine


@pytest.fixture(autouse=True)
def _answering(engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Every": "year"}, 8),
        ({"ScheduleID": "x"}, 9),
        ({"ScheduleID": 2**40}, 10),
        ({"At": -1}, 11),
        ({"To": []}, 12),
        ({"Format": "x"}, 13),
        ({"ScheduleID": None}, 16),
    ],
)
def test_a_wrong_change_has_its_number_and_changes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    made = schedule(client, shop)
    before = schedules(client, shop)
    answer = client.call(
        "schedule.update", shop.key, **{"ListID": shop.list_id, "ScheduleID": made, **params}
    )
    assert answer.refusal == (422, [code])
    assert schedules(client, shop) == before


def test_only_what_is_sent_changes(client: InProcess, shop: Shop) -> None:
    about = {"ListID": shop.list_id, "ScheduleID": schedule(client, shop)}
    [before] = schedules(client, shop)
    client.ok("schedule.update", shop.key, **about, Every="week", At=0, Format="csv")
    [after] = schedules(client, shop)
    assert (after["Every"], after["At"], after["Format"], after["To"]) == ("week", 0, "csv", before["To"])
    client.ok("schedule.update", shop.key, **about, To=["cy@example.com"])
    assert recipients(client, shop, "EmailAddress") == ["cy@example.com"]


def test_who_has_unsubscribed_stays_so_when_named_again(client: InProcess, shop: Shop) -> None:
    made = schedule(client, shop)
    client.services.stores.schedules.unsubscribe(shop.list_id, made, "ada@example.com")
    for to in (["cy@example.com"], ["cy@example.com", "ADA@example.com"]):
        client.ok("schedule.update", shop.key, ListID=shop.list_id, ScheduleID=made, To=to)
        [one] = schedules(client, shop)
        said = {each["EmailAddress"].lower(): each["IsUnsubscribed"] for each in one["To"]}
        assert said == {"cy@example.com": False, "ada@example.com": True}
