"""`schedule.create`: what is sent is what may be shown, at times and to addresses that there are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import save
from tests.commands.schedules import schedule, schedules
from tests.commands.stub_engine import StubEngine
from tracker.storage.accounts import MAX_SCHEDULES


@pytest.fixture(autouse=True)
def _answering(engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"SavedReportID": "x", "Overview": False}, 4),
        ({"SavedReportID": 2**62, "Overview": False}, 5),
        ({"Overview": "x"}, 6),
        ({"Overview": False}, 7),
        ({"SavedReportID": 1}, 7),
        ({"Every": "hour"}, 8),
        ({"At": 24}, 11),
        ({"At": 8.5}, 11),
        ({"To": "ada@example.com"}, 12),
        ({"To": []}, 12),
        ({"To": ["a@b.example"] * 21}, 12),
        ({"To": ["ada"]}, 12),
        ({"To": [5]}, 12),
        ({"To": ["ada@example.com\r\nBcc: eve@example.com"]}, 12),
        ({"To": ['"ada" <ada@example.com>']}, 12),
        ({"To": ["jürgen@example.com"]}, 12),
        ({"Format": "pdf"}, 13),
        ({"Every": None}, 17),
        ({"To": None}, 18),
    ],
)
def test_what_is_no_schedule_has_its_number_and_is_none(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    sent = {"ListID": shop.list_id, "Overview": True, "Every": "day", "To": ["ada@example.com"], **params}
    answer = client.call("schedule.create", shop.key, **sent)
    assert answer.refusal == (422, [code])
    assert schedules(client, shop) == []


def test_a_schedule_is_kept_with_its_addresses_each_once(client: InProcess, shop: Shop) -> None:
    saved = save(client, shop)
    made = schedule(
        client,
        shop,
        SavedReportID=saved,
        Every="Month",
        Format="csv",
        To=["B@x.example", "a@x.example", "b@X.example"],
    )
    [one] = schedules(client, shop)
    assert (one["ScheduleID"], one["SavedReportID"]) == (made, saved)
    assert (one["Every"], one["At"], one["Format"]) == ("month", 8, "csv")
    never = {"IsUnsubscribed": False, "LastMail": None, "LastMailAt": None, "Failure": None}
    assert one["To"] == [{"EmailAddress": each, **never} for each in ("B@x.example", "a@x.example")]
    assert one["NextMailAt"][8:] == "01T08:00:00.000Z"
    assert last_entry(client, shop) == ("schedule.create", f"list:{shop.list_id} schedule:{made}")


def test_who_may_not_see_the_numbers_cannot_have_them_sent(client: InProcess, shop: Shop) -> None:
    key = client.services.stores.keys.add(shop.user_id, "Shares.Update")
    sent = {"ListID": shop.list_id, "Overview": True, "Every": "day", "To": ["ada@example.com"]}
    assert client.call("schedule.create", key, **sent).status == 403
    assert schedules(client, shop) == []


def test_a_list_has_so_many(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "every", "hour", "is_csv", "secret", "active_from", "created_at")
    rows = [(shop.list_id, b"day", 8, 0, b"x", 0, 0)] * MAX_SCHEDULES
    client.services.storage.write(lambda transaction: transaction.insert("schedules", columns, rows))
    sent = {"ListID": shop.list_id, "Overview": True, "Every": "day", "To": ["ada@example.com"]}
    assert client.call("schedule.create", shop.key, **sent).refusal == (422, [14])
