"""`segments.get`: the segments of a list with their sizes and a person's membership; permissions and other people's lists of all six."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.segments import RULE, in_, make_segment, segments_of
from tests.commands.stub_engine import StubEngine
from tracker.questions import Operator

CALLS: dict[str, dict[str, Any]] = {
    "segment.create": {"Name": "x", "Rule": RULE},
    "segment.delete": {"SegmentID": 1},
    "segment.update": {"SegmentID": 1},
    "segments.get": {},
    "segment.count": {"Rule": RULE},
    "segment.people": {"Rule": RULE},
}
NEEDED = {"segments.get": "List.Get", "segment.count": "Reports.Get", "segment.people": "Subscribers.Get"}


def test_segments_are_listed_as_they_were_made(client: InProcess, shop: Shop) -> None:
    assert segments_of(client, shop, WithCounts=True) == []
    made = [make_segment(client, shop, name) for name in ("b", "a", "c")]
    found = segments_of(client, shop)
    assert [(each["SegmentID"], each["Name"]) for each in found] == list(zip(made, "bac", strict=True))


def test_sizes_are_asked_in_one_question_and_membership_in_another(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    first = make_segment(client, shop)
    make_segment(client, shop, "Others", [in_(first, "not in")])
    engine.first = [{"answer": {"sizes": [3, 4], "of": 7, "people": [], "scope": {"as_of": 0}}}]
    engine.answers(sizes=[0, 1], of=1, people=[])
    sent = {"ListID": shop.list_id, "EmailAddress": "jane@example.com"}
    jane = client.ok("subscriber.create", shop.key, **sent)["SubscriberID"]
    answer = client.ok("segments.get", shop.key, ListID=shop.list_id, WithCounts=True, SubscriberID=jane)
    told = [(each["People"], each["IsIn"]) for each in answer["Segments"]]
    assert (answer["Of"], told) == (7, [(3, False), (4, True)])
    counts, membership = engine.asked
    assert (counts.subscriber, membership.subscriber) == (None, int(jane))
    [[inner]] = counts.segments[1].rule
    assert inner.operator is Operator.NOT_IN
    assert inner.rule == counts.segments[0].rule


def test_what_cannot_be_told_is_null(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    """Of a segment whose custom field is gone, and of one with custom fields to a key that may not see people."""
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Plan", "MergeTagAlias": "plan"}
    field = client.ok("customfield.create", shop.key, **sent)["CustomFieldID"]
    make_segment(client, shop)
    make_segment(client, shop, "Club", [{"Of": "person", "Field": "plan", "Is": "is set"}])
    weak = client.services.stores.keys.add(shop.user_id, "List.Get,Reports.Get")
    engine.answers(sizes=[3], of=7, people=[])
    counted = {"ListID": shop.list_id, "WithCounts": True}
    told = client.ok("segments.get", weak, **counted)["Segments"]
    assert [each["People"] for each in told] == [3, None]
    named = {"ListID": shop.list_id, "SegmentID": told[1]["SegmentID"]}
    for command in ("segment.count", "reports.trend"):
        assert client.call(command, weak, **named).codes == [403]
    client.ok("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=field)
    told = client.ok("segments.get", shop.key, **counted)["Segments"]
    assert [each["People"] for each in told] == [3, None]
    for command in ("segment.count", "segment.people", "reports.trend"):
        answer = client.call(command, shop.key, **named)
        assert answer.codes == [14]
        assert "no custom field of the list" in answer.text


def test_while_the_copy_is_built_nothing_is_counted(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    make_segment(client, shop)
    engine.reply = {"building": 0.4}
    answer = client.ok("segments.get", shop.key, ListID=shop.list_id, WithCounts=True)
    assert (answer["Status"], answer["Progress"], answer["Of"]) == ("building", 0.4, None)
    assert answer["Segments"][0]["People"] is None
    counted = client.ok("segment.count", shop.key, ListID=shop.list_id, Rule=RULE)
    assert (counted["Status"], counted["People"], counted["AsOf"]) == ("building", 0, None)


@pytest.mark.parametrize("command", CALLS)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**62, client.services.stores.lists.hidden_id(shop.user_id)]
    answers = {client.call(command, shop.key, ListID=number, **CALLS[command]).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert segments_of(client, stranger) == []
    assert client.call(command, shop.key, ListID="x", **CALLS[command]).codes == [2]


@pytest.mark.parametrize("command", CALLS)
def test_permissions(client: InProcess, shop: Shop, command: str) -> None:
    needed, keys = NEEDED.get(command, "List.Update"), client.services.stores.keys
    others = {"Reports.Get", "List.Get", "List.Update", "Subscribers.Get"} - {needed}
    assert client.call(command, keys.add(shop.user_id, ",".join(others))).codes == [403]
    assert client.call(command, keys.add(shop.user_id, needed)).status == 422


def test_numbers_and_members_need_the_permissions_for_numbers_and_people(
    client: InProcess, shop: Shop
) -> None:
    keys, about = client.services.stores.keys, {"ListID": shop.list_id}
    for weak, more in (("List.Get", {"WithCounts": True}), ("List.Get,Reports.Get", {"SubscriberID": 1})):
        assert client.call("segments.get", keys.add(shop.user_id, weak), **about, **more).codes == [403]
        assert client.ok("segments.get", keys.add(shop.user_id, weak), **about)["Segments"] == []
