"""Are event and property names kept byte by byte, the same on every database?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Track
from tests.examples import examples

Listing = Callable[[], dict[str, list[str]]]

#: What one collation or another takes for the same name.
LOOK_ALIKES = [
    "Price", "price", "PRICE", "prìce", "pri\u0300ce", "price ", "price  ", " price", "price\t", "price\u00a0", "pricé",
    "price\u200b", "ｐｒｉｃｅ", "ﬁ", "fi", "ß", "ss", "ẞ", "ı", "i", "İ", "i\u0307", "\u212b", "\u00c5", "A\u030a",
    "😀", "😃", "🏳️‍🌈", "🏳️", "👩‍👩‍👧", "\u0301", "é", "e\u0301", "ё", "е", "\u1112\u1161\u11ab", "한", "a\u0327\u0301",
    "a\u0301\u0327", "%", "_", "\\", "'", '"', "`", "--", "?", "%s", "\x01", "\x7f", "a\u2028", "\ufeff", "\U0010ffff",
]  # fmt: skip


def test_names_that_look_alike_stay_apart(track: Track, listing: Listing) -> None:
    for name in LOOK_ALIKES:
        assert track(Event=name, Properties=dict.fromkeys(LOOK_ALIKES, 1)).status == 200, name
    listed = listing()
    expected = sorted(LOOK_ALIKES, key=str.encode)
    assert list(listed) == expected
    assert all(properties == expected for properties in listed.values())


@pytest.mark.parametrize("name", ["price ", "Price", "prìce", "price"])
def test_a_name_does_not_find_anothers_entry(track: Track, listing: Listing, name: str) -> None:
    others = [other for other in ("price ", "Price", "prìce", "price") if other != name]
    for other in others:
        track(Event=other, Properties={other: 1})
    track(Event=name, Properties={name: 1})
    assert listing() == {each: [each] for each in (*others, name)}


def test_nul_is_refused_and_other_control_characters_are_kept(track: Track, listing: Listing) -> None:
    assert track(Event="a\0").codes == [11]
    assert track(Properties={"\0": 1}).codes == [12]
    assert track(Event="a\x01\x1f", Properties={"\n": 1}).status == 200
    assert listing() == {"a\x01\x1f": ["\n"]}


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=40)


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20), TEXT
)
def test_any_name_comes_back_as_it_was_sent(track: Track, listing: Listing, event: str, name: str) -> None:
    answer = track(Event=f"e{event}", Properties={name: 1})
    assert answer.status == 200
    assert name in listing()[f"e{event}"]
