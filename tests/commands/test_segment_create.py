"""`segment.create`: what cannot be a rule is refused with its place and makes none; rules are kept as they were sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.segments import RULE, in_, make_segment, segments_of

HELD = {"Of": "person", "Property": "x", "Is": "equals", "Value": 1}
OCTETH = {"type": "website-events", "event": "x", "operator": "happened"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": ""}, 4),
        ({"Name": "\u2003"}, 4),
        ({"Name": "x" * 101}, 4),
        ({"Rule": 5}, 6),
        ({"Rule": []}, 6),
        ({"Rule": "["}, 6),
        ({"Rule": "{}"}, 6),
        ({"Rule": [[]]}, 6),
        ({"Rule": [[[HELD]]]}, 6),
        ({"Rule": [HELD] * 51}, 6),
        ({"Rule": [HELD] * 11}, 6),
        ({"Rule": [{**HELD, "Is": "is"}]}, 6),
        ({"Rule": [{**HELD, "Is": "matches regex", "Value": "(a"}]}, 6),
        ({"Rule": [{"Of": "person", "Field": "NoSuchField", "Is": "is set"}]}, 6),
        ({"Rule": [in_(10**9)]}, 6),
        ({"Rule": [{"Of": "event", "Segment": 1, "Is": "in"}]}, 6),
        ({"Rule": [{**in_(1), "Event": "x"}]}, 6),
        ({"Rule": [{**in_(1), "Is": "equals"}]}, 6),
        ({"Rule": [{"Of": "person", "Event": "x", "Is": "in"}]}, 6),
        ({"Rule": {**OCTETH, "operator": "was"}}, 6),
        ({"Rule": {**OCTETH, "type": "email-opens"}}, 6),
        ({"Rule": [HELD, {**OCTETH, "event": ""}]}, 6),
        ({"Rule": {**OCTETH, "operator": "matches regex", "event_parameter": "x", "value": "(a"}}, 6),
        ({"Name": "BUYERS"}, 7),
    ],
)
def test_what_cannot_be_a_segment_has_its_number_and_makes_none(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    make_segment(client, shop)
    sent = {"ListID": shop.list_id, "Name": "Other", "Rule": RULE, **params}
    answer = client.call("segment.create", shop.key, **sent)
    assert (answer.status, answer.codes) == (422, [code])
    assert len(segments_of(client, shop)) == 1


@pytest.mark.parametrize(
    "rule",
    [
        [[*RULE, HELD], HELD],
        [OCTETH, [HELD, OCTETH]],
        [{"Of": "event", "Property": "plan", "Is": "is set"}, {"Of": "visit", "Property": "$channel", "Is": "is set"}],
    ],
)  # fmt: skip
def test_a_rule_is_kept_as_it_was_sent(client: InProcess, shop: Shop, rule: list[Any]) -> None:
    made = make_segment(client, shop, "Ünïcode 🎯", rule)
    as_text = make_segment(client, shop, "As text", json.dumps(rule))
    first, second = segments_of(client, shop)
    assert first.pop("CreatedOn") == first.pop("UpdatedOn")
    assert first == {
        "SegmentID": made, "Name": "Ünïcode 🎯", "Rule": rule, "UsedBy": [], "People": None, "IsIn": None,
    }  # fmt: skip
    assert second["Rule"] == rule
    assert last_entry(client, shop) == ("segment.create", f"list:{shop.list_id} segment:{as_text}")


def test_an_octeth_rule_alone_is_a_list_of_one(client: InProcess, shop: Shop) -> None:
    make_segment(client, shop, rule=OCTETH)
    assert segments_of(client, shop)[0]["Rule"] == [OCTETH]


def test_a_list_has_up_to_a_hundred(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "name", "folded_name", "rule", "created_at", "updated_at")
    rows = [(shop.list_id, b"%d" % n, b"%d" % n, b"[]", 0, 0) for n in range(100)]
    client.services.storage.write(lambda transaction: transaction.insert("segments", columns, rows))
    answer = client.call("segment.create", shop.key, ListID=shop.list_id, Name="One more", Rule=RULE)
    assert answer.codes == [8]


def test_those_who_make_segments_at_once_make_them_all(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments, names = client.services.stores.segments, iter("abcdefghijkl")
    read = segments.of_list

    def overtaken(list_id: int, deadline: float | None = None) -> Any:
        kept = read(list_id, deadline)
        if name := next(names, None):
            segments.add(list_id, name, b"[]", lambda *_: None, deadline, lambda _: None)
        return kept

    monkeypatch.setattr(segments, "of_list", overtaken)
    make_segment(client, shop)
    assert len(segments_of(client, shop)) == 13


def test_segments_are_made_of_segments_five_deep(client: InProcess, shop: Shop) -> None:
    made = make_segment(client, shop, "1")
    for depth in "2345":
        made = make_segment(client, shop, depth, [in_(made, "not in")])
    answer = client.call("segment.create", shop.key, ListID=shop.list_id, Name="6", Rule=[in_(made)])
    assert answer.codes == [6]
    assert "5 deep at most" in answer.text


def test_segments_of_segments_have_fifty_conditions_at_most(client: InProcess, shop: Shop) -> None:
    """However they are put together: a question never becomes larger than one that is sent whole."""
    ten = [[HELD] * 5] * 2
    made = [make_segment(client, shop, str(n), ten) for n in range(6)]
    whole = make_segment(client, shop, "Fifty", [in_(each) for each in made[:5]])
    for number, rule in enumerate(
        ([in_(each) for each in made], [in_(whole), HELD], [in_(whole), in_(made[5])])
    ):
        answer = client.call("segment.create", shop.key, ListID=shop.list_id, Name=f"x{number}", Rule=rule)
        assert answer.codes == [6]
    assert "50 are the most" in answer.text


def test_a_segment_of_another_list_is_as_one_that_is_not_there(
    client: InProcess, shop: Shop, owner: Shop
) -> None:
    stranger = client.open_shop("segments-stranger@example.com")
    for other in (owner, stranger):
        theirs = make_segment(client, other, f"Of list {shop.list_id}")
        answers = []
        for number in (theirs, 2**61):
            sent = {"ListID": shop.list_id, "Name": "x", "Rule": [in_(number)]}
            answers.append(client.call("segment.create", shop.key, **sent).raw)
        assert answers[0] == answers[1]
    assert segments_of(client, shop) == []
