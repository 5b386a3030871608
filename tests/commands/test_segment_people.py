"""`segment.people` and its kin of the real engine: who is in a segment, whatever has happened to people since."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop
from tests.commands.custom_fields import Field
from tests.commands.real_engine import ON_ONE_DATABASE, RealEngine
from tests.commands.segments import in_, make_segment

ANN, BEN, CAT = "ann@example.com", "ben@example.com", "cat@example.com"
BROWSER = "0f8fad5b-d9cb-469f-a165-70867728950e"


def event(name: str, at: str | None = None, **more: Any) -> dict[str, Any]:
    return {"Event": name, **({} if at is None else {"Timestamp": at}), **more}


def names(real: RealEngine, rule: Any, **params: Any) -> list[str | None]:
    """Who is in the segment of a rule, in a fixed order; of all commands the numbers are equal."""
    sent = {"SegmentID": rule} if isinstance(rule, int) else {"Rule": rule}
    counted = real.ask("segment.count", **sent)
    people = real.ask("segment.people", **sent, **params)
    assert counted["People"] == people["Total"] == len(people["People"]) >= len(counted["Examples"])
    assert counted["Examples"] == people["People"][:5]
    return sorted((one["EmailAddress"] for one in people["People"]), key=lambda name: name or "")


def test_segments_follow_what_happens_to_people(
    client: InProcess, shop: Shop, real: RealEngine, field: Field
) -> None:
    field("plan")
    real.track(
        event("view_product", UUID=BROWSER, Properties={"price": 12}),
        event("view_product", Email=BEN, Properties={"price": "8"}),
        event("view_product", Email=CAT, Properties={"price": 30}),
        event("signed_up", "2026-01-10T09:00:00Z", Email=CAT),
    )
    product = {"Of": "person", "Event": "view_product"}
    dear = [{**product, "Property": "price", "Is": "at least", "Value": 10}]
    named = {"ListID": shop.list_id}
    dear_id = make_segment(client, shop, "Dear", dear)
    cheap_id = make_segment(client, shop, "Cheap", [in_(dear_id, "not in")])
    assert names(real, dear_id) == [None, CAT]
    assert names(real, cheap_id) == [BEN]
    club = [{"Of": "person", "Field": "plan", "Is": "equals", "Value": "club"}]
    assert names(real, club) == []

    # The browser becomes Ann's: her past is hers.
    real.track(event("identify", UUID=BROWSER, Email=ANN))
    assert names(real, dear_id) == [ANN, CAT]
    client.ok("subscriber.update", shop.key, **named, EmailAddress=ANN, CustomFields={"plan": "club"})
    real.changed()
    assert names(real, club) == [ANN]
    assert names(real, [[*club, in_(cheap_id)]]) == [ANN, BEN]
    assert names(real, [in_(dear_id), {"Of": "person", "Event": "signed_up", "Is": "did not happen"}]) == [
        ANN
    ]

    # A report, a listing and an export of the same people.
    assert real.total("people", SegmentID=dear_id) == 2
    assert real.total("people", Where=[in_(dear_id, "not in")]) == 1
    assert [each["EmailAddress"] for each in real.ask("reports.people", SegmentID=cheap_id)["People"]] == [
        BEN
    ]
    assert real.ask("visits.get", SegmentID=dear_id)["Total"] == 2
    assert {
        each["Value"] for each in real.ask("reports.values", SegmentID=cheap_id, By="price")["Values"]
    } == {"8", None}
    assert sum('"view_product"' in line for line in real.lines(SegmentID=dear_id, From="2026-01-01")) == 2
    listed = real.ask("segments.get", WithCounts=True)
    assert (listed["Of"], [each["People"] for each in listed["Segments"]]) == (3, [2, 1])
    ann = client.ok("subscriber.get", shop.key, **named, EmailAddress=ANN)["SubscriberInformation"][
        "SubscriberID"
    ]
    assert [each["IsIn"] for each in real.ask("segments.get", SubscriberID=ann)["Segments"]] == [True, False]
    both = real.ask("segment.people", SegmentID=dear_id, SubscriberIDs=[ann, 7], OnlySubscribers=True)
    assert [each["EmailAddress"] for each in both["People"]] == [ANN]

    # The link is taken back: the past belongs to nobody again, and Ann has seen nothing.
    client.ok("subscriber.unmerge", shop.key, **named, EmailAddress=ANN, UUID=BROWSER)
    real.changed()
    assert names(real, dear_id) == [None, CAT]
    client.ok("subscriber.forget", shop.key, **named, EmailAddress=CAT)
    real.changed()
    assert names(real, dear_id) == [None]


@ON_ONE_DATABASE
def test_days_count_back_from_now_whatever_the_range(real: RealEngine) -> None:
    real.track(
        event("seen", "2026-01-10T09:00:00Z", Email=ANN),
        event("seen", Email=BEN),
        event("seen", Email=CAT),
        event("seen", "2026-01-10T09:00:00Z", Email=CAT),
    )
    seen = {"type": "website-events", "event": "seen"}
    lately, long_ago = {**seen, "operator": "happened in the last 2 days"}, {**seen, "operator": "Did Not Happen in the last X days", "value": 2}  # fmt: skip
    assert names(real, lately) == [BEN, CAT]
    assert names(real, [long_ago]) == [ANN]
    january = {"From": "2026-01-01", "To": "2026-01-31"}
    made = make_segment(real.client, real.shop, rule=lately)
    assert real.total("people", **january) == 2
    assert real.total("people", **january, SegmentID=made) == 1


@ON_ONE_DATABASE
def test_a_table_has_all_people_and_robots_are_in_no_segment(
    client: InProcess, shop: Shop, real: RealEngine
) -> None:
    real.track(
        *(event("seen", Email=f"p{number}@example.com") for number in range(7)),
    )
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    sent = {"EventListTrackerID": found.tracker_id, "Event": "seen"}
    robot = {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    assert client.request("POST", "/api/v1/event.collect", headers=robot, json=sent).status == 200
    real.changed()
    anybody = [{"Of": "person", "Event": "bought", "Is": "did not happen"}]
    counted = real.ask("segment.count", Rule=anybody)
    assert (counted["People"], counted["Of"], len(counted["Examples"])) == (7, 7, 5)
    table = real.reply("segment.people", Rule=anybody, Format="csv").text.splitlines()
    assert len(table) == 8
    assert table[0].startswith("SubscriberID,EmailAddress,")
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(4):
        page = real.ask("segment.people", Rule=anybody, Limit=2, Sort="Events", **cursor)
        seen += [one["EmailAddress"] for one in page["People"]]
        cursor = {"Cursor": page["Cursor"]}
    assert (len(set(seen)), page["Cursor"]) == (7, None)
    assert real.reply("segment.people", Rule=anybody, Sort="Revenue", **cursor | {"Cursor": "x"}).codes == [
        25
    ]
