"""`trigger.create`: what cannot be a trigger is refused and makes none; its secret is shown once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.segments import make_segment
from tests.commands.triggers import CONDITION, PUBLIC_URL, fill_with_triggers, make_trigger, triggers_of
from tracker.analytics.reports_client import ReportsClient


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"Name": " "}, [4]),
        ({"Name": "x" * 101}, [4]),
        ({"Name": ...}, [11]),
        ({"Event": "\0"}, [5]),
        ({"Event": "x" * 201}, [5]),
        ({"Event": ...}, [12]),
        ({"Where": [{**CONDITION, "Is": "is"}]}, [6]),
        ({"Where": [{**CONDITION, "Of": "person"}]}, [6]),
        ({"Where": [{**CONDITION, "Is": "matches regex", "Value": "(a"}]}, [6]),
        ({"Name": "TOLD"}, [7]),
        ({"URL": ...}, [16]),
        ({"URL": ""}, [17]),
        ({"URL": 5}, [17]),
        ({"URL": "ftp://example.com/"}, [17]),
        ({"URL": "https://u:p@example.com/"}, [17]),
        ({"URL": "http://127.0.0.1/"}, [17]),
        ({"URL": "http://localhost/"}, [17]),
        ({"URL": "http://[::ffff:169.254.169.254]/"}, [17]),
        ({"URL": "https://example.com/" + "x" * 2000}, [17]),
        ({"IsActive": "x"}, [18]),
        ({"SegmentID": 7}, [29]),
        ({"On": "enter"}, [29]),
        ({"Event": ..., "SegmentID": 7, "Where": [CONDITION]}, [29]),
        ({"Event": ..., "SegmentID": 7, "On": "both"}, [28]),
        ({"Event": ..., "SegmentID": "x"}, [14]),
        ({"Event": ..., "SegmentID": 10**12}, [15]),
        ({"ListID": ...}, [1]),
    ],
)
def test_what_cannot_be_a_trigger_has_its_number_and_makes_none(
    client: InProcess, shop: Shop, params: dict[str, Any], codes: list[int]
) -> None:
    make_trigger(client, shop, PUBLIC_URL)
    sent = {"ListID": shop.list_id, "Name": "Other", "Event": "seen", "URL": PUBLIC_URL, **params}
    answer = client.call("trigger.create", shop.key, **{k: v for k, v in sent.items() if v is not ...})
    assert (answer.status, answer.codes) == (422, codes), answer.body
    assert len(triggers_of(client, shop)) == 1


def test_a_trigger_is_kept_and_its_secret_never_shown_again(client: InProcess, shop: Shop) -> None:
    made = make_trigger(client, shop, PUBLIC_URL, Where=[CONDITION])
    assert made["Secret"].startswith("whsec_")
    [trigger] = triggers_of(client, shop)
    assert trigger.pop("CreatedOn").endswith("Z")
    assert trigger == {
        "TriggerID": made["TriggerID"],
        "Name": "Told",
        "Event": "seen",
        "Where": [CONDITION],
        "SegmentID": None,
        "On": None,
        "LookedAt": None,
        "LookFailure": None,
        "URL": PUBLIC_URL,
        "IsActive": True,
        "PausedBy": None,
        "FailingSince": None,
        "LastFailure": None,
    }
    assert last_entry(client, shop) == (
        "trigger.create",
        f"list:{shop.list_id} trigger:{made['TriggerID']}",
    )


def test_a_trigger_on_a_segment_is_kept(client: InProcess, shop: Shop, owner: Shop) -> None:
    segment = make_segment(client, shop)
    make_trigger(client, shop, PUBLIC_URL, SegmentID=segment)
    make_trigger(client, shop, PUBLIC_URL, SegmentID=segment, On="exit", Name="Gone")
    told = [(each["Event"], each["SegmentID"], each["On"]) for each in triggers_of(client, shop)]
    assert told == [(None, segment, "enter"), (None, segment, "exit")]
    theirs = make_segment(client, owner, f"Of list {shop.list_id}")
    sent = {"ListID": shop.list_id, "Name": "Theirs", "SegmentID": theirs, "URL": PUBLIC_URL}
    assert client.call("trigger.create", shop.key, **sent).codes == [15]


def test_a_list_has_up_to_a_hundred(client: InProcess, shop: Shop) -> None:
    fill_with_triggers(client, shop.list_id)
    sent = {"ListID": shop.list_id, "Name": "One more", "Event": "seen", "URL": PUBLIC_URL}
    assert client.call("trigger.create", shop.key, **sent).codes == [8]


def test_conditions_need_the_engine(client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReportsClient, "is_installed", lambda _: False)
    sent = {"ListID": shop.list_id, "Name": "Judged", "Event": "seen", "URL": PUBLIC_URL}
    assert client.call("trigger.create", shop.key, **sent, Where=[CONDITION]).codes == [20]
    segment = {**sent, "SegmentID": make_segment(client, shop)}
    del segment["Event"]
    assert client.call("trigger.create", shop.key, **segment).codes == [20]
    assert client.call("trigger.create", shop.key, **sent).status == 200
