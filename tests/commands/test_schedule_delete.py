"""`schedule.delete`: a schedule goes away with its addresses, also with its saved report."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.saved import save
from tests.commands.schedules import schedule, schedules
from tests.commands.stub_engine import StubEngine


@pytest.fixture(autouse=True)
def _answering(engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}


def addresses(client: InProcess, shop: Shop) -> list[bytes]:
    sql = "SELECT address FROM schedule_recipients WHERE list_id = ?"
    return [bytes(row[0]) for row in client.rows(sql, shop.list_id)]


def test_a_schedule_goes_with_its_addresses(client: InProcess, shop: Shop) -> None:
    made = schedule(client, shop)
    about = {"ListID": shop.list_id, "ScheduleID": made}
    client.ok("schedule.delete", shop.key, **about)
    assert (schedules(client, shop), addresses(client, shop)) == ([], [])
    assert client.call("schedule.delete", shop.key, **about).refusal == (422, [10])


@pytest.mark.parametrize(("number", "code"), [("x", 9), (0, 9), (None, 16)])
def test_a_wrong_number_is_refused(client: InProcess, shop: Shop, number: object, code: int) -> None:
    answer = client.call("schedule.delete", shop.key, ListID=shop.list_id, ScheduleID=number)
    assert answer.refusal == (422, [code])


def test_it_ends_with_its_saved_report_and_no_other_does(client: InProcess, shop: Shop) -> None:
    saved, other = save(client, shop), save(client, shop, "Other")
    schedule(client, shop, SavedReportID=saved)
    kept = schedule(client, shop, SavedReportID=other, To=["cy@example.com"])
    client.ok("savedreport.delete", shop.key, ListID=shop.list_id, SavedReportID=saved)
    assert [each["ScheduleID"] for each in schedules(client, shop)] == [kept]
    assert addresses(client, shop) == [b"cy@example.com"]
