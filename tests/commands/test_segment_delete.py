"""`segment.delete`: a segment is gone at once, unless another is made of it; nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.alerts import make_alert
from tests.commands.goals import last_entry
from tests.commands.segments import in_, make_segment, segments_of
from tests.commands.stub_engine import StubEngine
from tests.commands.triggers import PUBLIC_URL, make_trigger


def test_a_segment_is_gone(client: InProcess, shop: Shop) -> None:
    first, second = make_segment(client, shop), make_segment(client, shop, "Second")
    named = {"ListID": shop.list_id, "SegmentID": first}
    assert client.ok("segment.delete", shop.key, **named) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert last_entry(client, shop) == ("segment.delete", f"list:{shop.list_id} segment:{first}")
    assert [each["SegmentID"] for each in segments_of(client, shop)] == [second]
    for command in ("segment.delete", "segment.update", "segment.count", "segment.people", "reports.trend"):
        assert client.call(command, shop.key, **named).codes == [15], command


def test_one_that_others_are_made_of_stays_and_they_are_named(client: InProcess, shop: Shop) -> None:
    first = make_segment(client, shop)
    users = [make_segment(client, shop, name, [[in_(first, "not in")]]) for name in ("Lookers", "Others")]
    named = {"ListID": shop.list_id, "SegmentID": first}
    answer = client.call("segment.delete", shop.key, **named)
    assert answer.codes == [17]
    assert "segment `Lookers`, segment `Others`" in answer.text
    assert segments_of(client, shop)[0]["UsedBy"] == users
    for user in users:
        client.ok("segment.delete", shop.key, ListID=shop.list_id, SegmentID=user)
    client.ok("segment.delete", shop.key, **named)
    assert segments_of(client, shop) == []


def test_one_that_reports_and_links_use_stays_and_they_are_named(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    about, first = {"ListID": shop.list_id}, make_segment(client, shop)
    asked = {"Report": "reports.trend", "Params": {"Measures": ["people"], "SegmentID": first}}
    saved = client.ok("savedreport.create", shop.key, **about, Name="Sales", **asked)["SavedReportID"]
    client.ok("schedule.create", shop.key, **about, SavedReportID=saved, Every="week", To=["ada@example.com"])
    where = [in_(first)]
    made = client.ok("share.create", shop.key, **about, Overview=True, Where=where)["ShareID"]
    answer = client.call("segment.delete", shop.key, **about, SegmentID=first)
    assert answer.codes == [17]
    assert f"saved report `Sales`, share link {made}, schedule `Sales`" in answer.text
    client.ok("savedreport.delete", shop.key, **about, SavedReportID=saved)
    client.ok("share.revoke", shop.key, **about, ShareID=made)
    client.ok("segment.delete", shop.key, **about, SegmentID=first)


def test_one_that_an_alert_looks_at_stays(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    """By itself, or in its conditions."""
    engine.reply = {"building": 0.5}
    first = make_segment(client, shop)
    number = {"Kind": "number", "Event": None, "Hours": None, "Is": "above", "Value": 1}
    alert = make_alert(client, shop, **number, Name="Of it", SegmentID=first)["AlertID"]
    make_alert(client, shop, **number, Name="By it", Where=[[in_(first)]])
    named = {"ListID": shop.list_id, "SegmentID": first}
    answer = client.call("segment.delete", shop.key, **named)
    assert answer.codes == [17]
    assert "alert `Of it`, alert `By it`" in answer.text
    client.ok("alert.delete", shop.key, ListID=shop.list_id, AlertID=alert)
    assert client.call("segment.delete", shop.key, **named).codes == [17]


def test_one_that_a_trigger_follows_stays_and_it_is_named(client: InProcess, shop: Shop) -> None:
    named = {"ListID": shop.list_id, "SegmentID": make_segment(client, shop)}
    trigger = make_trigger(client, shop, PUBLIC_URL, SegmentID=named["SegmentID"], Name="New buyers")
    answer = client.call("segment.delete", shop.key, **named)
    assert answer.codes == [17]
    assert "trigger `New buyers`" in answer.text
    client.ok("trigger.delete", shop.key, ListID=shop.list_id, TriggerID=trigger["TriggerID"])
    client.ok("segment.delete", shop.key, **named)


def test_a_segment_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = make_segment(client, owner, f"Of list {shop.list_id}")
    named = {"ListID": shop.list_id, "SegmentID": theirs}
    for command in ("segment.delete", "segment.update", "segment.count", "segment.people"):
        assert client.call(command, shop.key, **named).codes == [15]
    assert theirs in [each["SegmentID"] for each in segments_of(client, owner)]
