"""`segment.update`: what is not sent stays; circles, and what segments made of it cannot stand, are refused and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.segments import RULE, in_, make_segment, segments_of

OTHER = [{"Of": "person", "Event": "seen", "Is": "happened"}]


@pytest.mark.parametrize(
    ("params", "changed"),
    [
        ({}, {}),
        ({"Name": "Larger"}, {"Name": "Larger"}),
        ({"Name": "BUYERS"}, {"Name": "BUYERS"}),
        ({"Rule": OTHER}, {"Rule": OTHER}),
        ({"Rule": OTHER, "Name": "Seen"}, {"Rule": OTHER, "Name": "Seen"}),
    ],
)
def test_what_is_not_sent_stays(
    client: InProcess, shop: Shop, params: dict[str, Any], changed: dict[str, Any]
) -> None:
    segment = make_segment(client, shop)
    [before] = segments_of(client, shop)
    client.ok("segment.update", shop.key, ListID=shop.list_id, SegmentID=segment, **params)
    [after] = segments_of(client, shop)
    assert after.pop("UpdatedOn") >= before.pop("UpdatedOn")
    assert after == before | changed
    assert last_entry(client, shop) == ("segment.update", f"list:{shop.list_id} segment:{segment}")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": " "}, 4),
        ({"Rule": []}, 6),
        ({"Rule": [in_(2**40)]}, 6),
        ({"Name": "THE other"}, 7),
        ({"SegmentID": "x"}, 14),
        ({"SegmentID": 2**62}, 15),
        ({"SegmentID": 2**62, "Rule": OTHER}, 15),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    segment = make_segment(client, shop)
    make_segment(client, shop, "The other")
    before = segments_of(client, shop)
    sent = {"ListID": shop.list_id, "SegmentID": segment, **params}
    assert client.call("segment.update", shop.key, **sent).codes == [code]
    assert segments_of(client, shop) == before


def test_a_segment_cannot_be_made_of_itself(client: InProcess, shop: Shop) -> None:
    first = make_segment(client, shop, "1")
    second = make_segment(client, shop, "2", [[in_(first), *OTHER]])
    third = make_segment(client, shop, "3", [in_(second, "not in")])
    before = segments_of(client, shop)
    for number in (first, second, third):
        sent = {"ListID": shop.list_id, "SegmentID": first, "Rule": [*RULE, in_(number)]}
        for command in ("segment.update", "segment.count", "segment.people"):
            assert client.call(command, shop.key, **sent).codes == [16], command
    assert segments_of(client, shop) == before


def test_what_segments_that_are_made_of_it_cannot_stand_is_refused(client: InProcess, shop: Shop) -> None:
    deep = make_segment(client, shop, "deep 1")
    for depth in "234":
        deep = make_segment(client, shop, f"deep {depth}", [in_(deep)])
    first = make_segment(client, shop, "first")
    second = make_segment(client, shop, "second", [in_(first)])
    make_segment(client, shop, "third", [in_(second)])
    answer = client.call("segment.update", shop.key, ListID=shop.list_id, SegmentID=first, Rule=[in_(deep)])
    assert answer.codes == [6]
    assert "`second` is made of this segment" in answer.text
    assert [each["UsedBy"] for each in segments_of(client, shop) if each["SegmentID"] == first] == [[second]]
