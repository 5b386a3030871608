"""`savedreport.update`: what is sent is changed, all else stays, and parameters are checked by the command they are for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import PARAMS, save, saved
from tracker.storage.accounts import MAX_PINNED


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, {}),
        ({"Name": "channels"}, {"Name": "channels"}),
        ({"IsPinned": "1"}, {"IsPinned": True}),
        ({"Params": {"By": "Event"}}, {"Params": {"By": "Event"}}),
        (
            {"Report": "reports.trend", "Params": {"Top": 3}},
            {"Report": "reports.trend", "Params": {"Top": 3}},
        ),
        ({"Report": "Reports.Trend"}, {"Report": "reports.trend"}),
    ],
)
def test_what_is_sent_is_changed(
    client: InProcess, shop: Shop, change: dict[str, Any], after: dict[str, Any]
) -> None:
    made = save(client, shop)
    [before] = saved(client, shop)
    client.ok("savedreport.update", shop.key, ListID=shop.list_id, SavedReportID=made, **change)
    assert saved(client, shop) == [before | after]
    assert last_entry(client, shop) == ("savedreport.update", f"list:{shop.list_id} savedreport:{made}")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Name": ""}, 4),
        ({"Report": "audit.get"}, 5),
        ({"Params": {"By": ""}}, 6),
        ({"Name": "OTHER"}, 7),
        ({"SavedReportID": 0}, 9),
        ({"SavedReportID": 2**62}, 10),
        ({"IsPinned": 7}, 14),
        ({"IsPinned": True}, 15),
    ],
)
def test_what_cannot_be_changes_nothing(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    made = save(client, shop)
    save(client, shop, "Other")
    for number in range(MAX_PINNED):
        save(client, shop, f"Pinned {number}", IsPinned=True)
    before = saved(client, shop)
    sent = {"ListID": shop.list_id, "SavedReportID": made, **change}
    assert client.call("savedreport.update", shop.key, **sent).refusal == (422, [code])
    assert saved(client, shop) == before


def test_one_that_is_pinned_already_stays_so(client: InProcess, shop: Shop) -> None:
    made = [save(client, shop, f"Pinned {number}", IsPinned=True) for number in range(MAX_PINNED)]
    sent = {"ListID": shop.list_id, "SavedReportID": made[0], "IsPinned": True, "Params": PARAMS}
    client.ok("savedreport.update", shop.key, **sent)
