"""`schedules.get`: a list's schedules, oldest first, and whether mails are sent at all."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.schedules import TO, schedule, schedules
from tests.commands.stub_engine import StubEngine


def test_schedules_are_listed_with_their_times_by_the_lists_clock(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    client.ok("list.update", shop.key, ListID=shop.list_id, Timezone="Asia/Kathmandu")
    made = [schedule(client, shop, Every=every) for every in ("day", "week", "month")]
    found = schedules(client, shop)
    assert [each["ScheduleID"] for each in found] == made
    assert {each["NextMailAt"][11:] for each in found} == {"02:15:00.000Z"}
    assert [to["EmailAddress"] for to in found[0]["To"]] == TO
    assert client.ok("schedules.get", shop.key, ListID=shop.list_id)["IsMailSent"] is False
