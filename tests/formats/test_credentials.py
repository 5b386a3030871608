"""Is a mistyped key known for one without asking anybody?"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tracker.formats.credentials import (
    ALPHABET,
    is_session_id,
    key_prefix,
    new_key,
    new_public_id,
    new_session_id,
)

KEY = new_key()
SESSION = new_session_id()


def test_new_credentials_are_well_formed_and_differ() -> None:
    keys = [new_key() for _ in range(100)]
    assert all(key_prefix(key.text) == key.prefix and f"trk_{key.prefix}_" in key.text for key in keys)
    assert all(is_session_id(new_session_id()) for _ in range(100))
    assert len({key.text for key in keys}) == len({key.prefix for key in keys}) == 100
    assert len({new_public_id() for _ in range(100)}) == 100
    assert re.fullmatch(r"trk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", KEY.text)


@given(st.integers(0, len(KEY.text) - 1), st.sampled_from(ALPHABET + "_ é"))
def test_one_wrong_character_is_found(position: int, character: str) -> None:
    mistyped = KEY.text[:position] + character + KEY.text[position + 1 :]
    assert (key_prefix(mistyped) is None) == (mistyped != KEY.text)


@given(st.integers(0, len(SESSION) - 2))
def test_two_swapped_characters_are_found(position: int) -> None:
    first, second = SESSION[position : position + 2]
    mistyped = SESSION[:position] + second + first + SESSION[position + 2 :]
    assert is_session_id(mistyped) == (first == second)


@given(st.one_of(st.text(), st.text(ALPHABET + "trk_s")))
def test_no_other_text_is_a_credential(text: str) -> None:
    assert key_prefix(text) is None
    assert not is_session_id(text)


def test_a_key_is_no_session_and_a_part_is_no_whole() -> None:
    assert not is_session_id(KEY.text)
    assert key_prefix(SESSION) is None
    for almost in (KEY.text[:-1], KEY.text + "0", KEY.text + "\n", " " + KEY.text, KEY.text.lower()):
        assert key_prefix(almost) is None
