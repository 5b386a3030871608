"""`share.create`: a link is told once, opens what its maker may see, and is refused where its page could never be shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.custom_fields import Field
from tests.commands.goals import last_entry, make_goal
from tests.commands.saved import save, share, shares
from tests.commands.stub_engine import StubEngine
from tracker.storage.accounts import MAX_SHARES

HELD = {"Of": "event", "Property": "x", "Is": "equals", "Value": 1}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"SavedReportID": "x", "Overview": False}, 4),
        ({"SavedReportID": 2**62, "Overview": False}, 5),
        ({"Overview": "x"}, 6),
        ({"Overview": False}, 7),
        ({"SavedReportID": 1}, 7),
        ({"Where": [5]}, 8),
        ({"Until": "x"}, 11),
        ({"Until": "2020-01-01"}, 11),
        ({"Until": "yesterday"}, 11),
        ({"FrameOrigins": ["shop.example"]}, 12),
        ({"FrameOrigins": ["https://a.example; script-src *"]}, 12),
        ({"FrameOrigins": ["*"]}, 12),
        ({"FrameOrigins": "x"}, 12),
        ({"Password": "short"}, 13),
        ({"Password": 12345678}, 13),
        ({"Where": [{"Of": "person", "Field": "Plan", "Is": "is set"}]}, 15),
    ],
)
def test_what_is_no_link_has_its_number_and_is_none(
    client: InProcess, shop: Shop, engine: StubEngine, field: Field, params: dict[str, Any], code: int
) -> None:
    field("Plan")
    engine.reply = {"building": 0.5}
    answer = client.call("share.create", shop.key, **{"ListID": shop.list_id, "Overview": True, **params})
    assert answer.refusal == (422, [code])
    assert shares(client, shop) == []


def test_a_link_is_told_once(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    saved = save(client, shop)
    sent = {
        "Where": [HELD],
        "Until": "2099-12-31",
        "FrameOrigins": ["https://A.example:443"],
        "Password": "p" * 8,
    }
    made, token = share(client, shop, SavedReportID=saved, **sent)
    [link] = shares(client, shop)
    assert link.pop("CreatedOn").endswith("Z")
    assert link == {
        "ShareID": made,
        "SavedReportID": saved,
        "Where": [HELD],
        "Until": "2100-01-01T00:00:00.000Z",
        "IsOver": False,
        "FrameOrigins": ["https://a.example"],
        "HasPassword": True,
    }
    assert last_entry(client, shop) == ("share.create", f"list:{shop.list_id} share:{made}")
    assert len(token) == 42, "36 characters of 62 are 214 bits; and what is longer than 40 is in no log"
    [row] = client.rows("SELECT * FROM shares WHERE id = ?", made)
    assert not [each for each in row if isinstance(each, bytes) and token.encode() in bytes(each)]
    assert share(client, shop)[1] != token


def test_a_report_is_tried_as_its_link_will_ask_it(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    goal = make_goal(client, shop)
    number = save(client, shop, Params={"By": "plan", "Where": [HELD], "GoalID": goal})
    share(client, shop, SavedReportID=number, Where=[{**HELD, "Value": 2}])
    assert [values for group in engine.question.head.where for values in group[0].values] == ["1", "2"]
    client.ok("goal.delete", shop.key, ListID=shop.list_id, GoalID=goal)
    [row] = client.call("share.create", shop.key, ListID=shop.list_id, SavedReportID=number).body["Errors"]
    assert (row["Code"], row["Message"]) == (
        15,
        "The report cannot be shared: Goal not found (error 10 of reports.breakdown)",
    )


def test_conditions_that_are_too_many_together_make_no_link(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    saved = save(client, shop, Params={"By": "plan", "Where": [HELD] * 30})
    sent = {"ListID": shop.list_id, "SavedReportID": saved, "Where": [HELD] * 21}
    assert client.call("share.create", shop.key, **sent).codes == [15]
    client.ok("share.create", shop.key, **sent | {"Where": [HELD] * 20})


def test_people_are_in_no_link(client: InProcess, shop: Shop, engine: StubEngine, field: Field) -> None:
    field("Plan")
    engine.reply = {"building": 0.5}
    number = save(client, shop, Params={"By": "person:Plan"})
    [row] = client.call("share.create", shop.key, ListID=shop.list_id, SavedReportID=number).body["Errors"]
    assert row["Code"] == 15
    assert row["Hint"] == "Custom fields are seen with the permission Subscribers.Get"


def test_who_may_not_see_numbers_makes_no_link_to_them(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    key = client.services.stores.keys.add(shop.user_id, "Shares.Update,List.Update")
    answer = client.call("share.create", key, ListID=shop.list_id, Overview=True)
    assert answer.refusal == (403, [403])
    assert engine.asked == []
    assert shares(client, shop) == []


def test_while_there_are_no_reports_nothing_is_made(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"error": "unavailable"}
    answer = client.call("share.create", shop.key, ListID=shop.list_id, Overview=True)
    assert answer.refusal == (503, [100014])
    assert shares(client, shop) == []


def test_a_list_has_so_many_and_no_more(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    columns = ("list_id", "token_hash", "rule", "frame_origins", "created_at")
    rows = [(shop.list_id, b"%d/%d" % (shop.list_id, n), b"[]", b"", 0) for n in range(MAX_SHARES)]
    client.services.storage.write(lambda transaction: transaction.insert("shares", columns, rows))
    assert client.call("share.create", shop.key, ListID=shop.list_id, Overview=True).codes == [14]
