"""Are names that are one thing spelled twice found, and no others?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.similar_names import MAX_GROUPS, MAX_IN_GROUP, folded, similar_names

Spell = Callable[[list[str]], str]
words = st.lists(st.text("abcxyzéñß0189", min_size=1, max_size=5), min_size=1, max_size=4)


def camel(parts: list[str]) -> str:
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


SPELLINGS: tuple[Spell, ...] = (
    camel,
    "_".join,
    "-".join,
    " ".join,
    lambda parts: "$" + "_".join(parts),
    lambda parts: "_".join(parts).upper(),
    lambda parts: "_".join(parts).replace("é", "e").replace("ñ", "n"),
    lambda parts: "_".join(parts).replace("é", "e\u0301"),
)


@pytest.mark.parametrize(
    "names",
    [
        ["productId", "product_id"],
        ["pageView", "page_view"],
        ["$pageTitle", "$page_title", "page title"],
        ["Größe", "grosse"],
        ["cafe", "café"],
        ["conversion-id", "conversionId"],
        ["İstanbul", "istanbul"],
    ],
)
def test_one_thing_spelled_twice(names: list[str]) -> None:
    assert similar_names([*names, "something else"]) == [sorted(names)]


@pytest.mark.parametrize(
    "names", [["price", "prices"], ["id", "id2"], ["_", "$"], ["-", "--"], ["a.b", "ab"], ["x", "x"], []]
)
def test_different_things(names: list[str]) -> None:
    assert similar_names(names) == []


@given(words, st.sampled_from(SPELLINGS), st.sampled_from(SPELLINGS))
def test_spellings_of_the_same_words_are_one_group(parts: list[str], one: Spell, other: Spell) -> None:
    names = {one(parts), other(parts)}
    assert similar_names(names) == ([sorted(names)] if len(names) > 1 else [])


@given(st.lists(st.text(max_size=8), max_size=30))
def test_groups_are_a_partition_of_what_is_folded_alike(names: list[str]) -> None:
    groups = similar_names(names)
    members = [name for group in groups for name in group]
    assert len(members) == len(set(members))
    assert set(members) <= set(names)
    assert groups == sorted(groups)
    for group in groups:
        assert len(group) > 1
        assert len({folded(name) for name in group}) == 1
    alone = set(names) - set(members)
    assert len({folded(name) for name in alone} | {folded(group[0]) for group in groups}) == len(alone) + len(
        groups
    )


@given(st.text())
def test_folding_twice_is_folding_once(name: str) -> None:
    assert folded(folded(name)) == folded(name)


def test_a_catalogue_full_of_spellings_is_told_in_part() -> None:
    few = similar_names(f"{'_' * length}name{number}" for number in range(150) for length in range(30))
    assert len(few) == MAX_GROUPS
    assert {len(group) for group in few} == {MAX_IN_GROUP}
