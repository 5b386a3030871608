"""`savedreport.create`: a report is kept as it was sent, without what is no part of it; what its command refuses is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.saved import PARAMS, save, saved
from tracker.storage.accounts import MAX_PINNED, MAX_SAVED_REPORTS

HELD = {"Of": "event", "Property": "x", "Is": "equals", "Value": 1}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": " "}, 4),
        ({"Name": "x" * 101}, 4),
        ({"Report": 5}, 5),
        ({"Report": "reports.nothing"}, 5),
        ({"Report": "reports.people"}, 5),
        ({"Report": "savedreport.create"}, 5),
        ({"Report": "events.export"}, 5),
        ({"Params": "x"}, 6),
        ({"Params": {}}, 6),
        ({"Params": {"By": "x", "Where": "nothing"}}, 6),
        ({"Params": {"By": "x", "Where": [{**HELD, "Is": "is"}]}}, 6),
        ({"Params": {"By": "x", "Measures": ["x"] * 100}}, 6),
        ({"Params": {"By": "x", "Where": [{**HELD, "Value": ["y" * 900] * 20}]}}, 6),
        ({"Params": {**PARAMS, "SegmentID": 999}}, 6),
        ({"Params": {**PARAMS, "GoalID": 999}}, 6),
        ({"Params": {**PARAMS, "From": "today", "To": "2020-01-01"}}, 6),
        ({"Params": {"By": "person:nofield"}}, 6),
        ({"Params": {"Steps": [{"GoalID": 999}, "x"]}, "Report": "reports.funnel"}, 6),
        ({"Params": {"By": "x", "Where": [{"Of": "person", "Field": "None", "Is": "is set"}]}}, 6),
        ({"Name": "CHANNELS"}, 7),
        ({"IsPinned": "x"}, 14),
    ],
)
def test_what_cannot_be_saved_has_its_number_and_is_not(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    save(client, shop)
    sent = {
        "ListID": shop.list_id,
        "Name": "Other",
        "Report": "reports.breakdown",
        "Params": PARAMS,
        **params,
    }
    answer = client.call("savedreport.create", shop.key, **sent)
    assert answer.refusal == (422, [code])
    assert len(saved(client, shop)) == 1


def test_the_commands_own_words_say_what_is_wrong(client: InProcess, shop: Shop) -> None:
    sent = {"ListID": shop.list_id, "Name": "x", "Report": "reports.breakdown"}
    [row] = client.call("savedreport.create", shop.key, **sent).body["Errors"]
    assert row["Message"] == "Invalid Params parameter: Missing By parameter (error 26)"
    [row] = client.call("savedreport.create", shop.key, **sent | {"Report": "x"}).body["Errors"]
    assert row["Hint"].startswith("The reports are: reports.attribution, reports.breakdown, ")


def test_a_report_is_kept_as_it_was_sent(client: InProcess, shop: Shop) -> None:
    params = {**PARAMS, "Where": [HELD, [HELD, HELD]], "Sort": "people"}
    made = save(client, shop, "Ünïcode 📈 <b>", Params=params, IsPinned=True)
    [report] = saved(client, shop)
    assert report.pop("CreatedOn").endswith("Z")
    assert report == {
        "SavedReportID": made,
        "Name": "Ünïcode 📈 <b>",
        "Report": "reports.breakdown",
        "Params": params,
        "IsPinned": True,
    }
    assert last_entry(client, shop) == ("savedreport.create", f"list:{shop.list_id} savedreport:{made}")


def test_no_credential_and_no_list_is_kept(client: InProcess, shop: Shop) -> None:
    more = {
        "APIKey": shop.key, "SessionID": "trs_x", "EventListTrackerID": "x", "Command": "user.logout", "ListID": 1,
        "Format": "csv", "Cursor": "x", "unknown": shop.key, "measures": ["visits"], "Event": None,
    }  # fmt: skip
    save(client, shop, Params={"By": "x", **more})
    assert saved(client, shop)[0]["Params"] == {"By": "x", "Measures": ["visits"]}


def test_parameters_and_conditions_may_be_the_text_of_their_json(client: InProcess, shop: Shop) -> None:
    save(client, shop, Params=json.dumps({"By": "x", "Where": json.dumps([HELD])}))
    assert saved(client, shop)[0]["Params"] == {"By": "x", "Where": [HELD]}


def test_a_list_has_up_to_a_hundred_of_which_few_are_pinned(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "name", "folded_name", "command", "params", "is_pinned", "created_at")
    rows = [
        (shop.list_id, b"%d" % n, b"%d" % n, b"reports.trend", b"{}", int(n < MAX_PINNED), 0)
        for n in range(MAX_SAVED_REPORTS - 1)
    ]
    client.services.storage.write(lambda transaction: transaction.insert("saved_reports", columns, rows))
    sent = {"ListID": shop.list_id, "Report": "reports.trend"}
    assert client.call("savedreport.create", shop.key, **sent, Name="Pinned", IsPinned=True).codes == [15]
    client.ok("savedreport.create", shop.key, **sent, Name="The last")
    assert client.call("savedreport.create", shop.key, **sent, Name="One more").codes == [8]


def test_a_name_may_be_used_on_another_list_and_again(client: InProcess, shop: Shop, owner: Shop) -> None:
    first = save(client, shop)
    save(client, owner)
    client.ok("savedreport.delete", shop.key, ListID=shop.list_id, SavedReportID=first)
    assert save(client, shop) > first, "a number is never given twice"
