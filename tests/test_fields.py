"""Do our fields take exactly what the wire allows?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from marshmallow.fields import Field

from tracker.fields import (
    MAX_INTEGER,
    MAX_PERMISSIONS,
    Choice,
    EmailAddress,
    KeyName,
    ListID,
    ListName,
    Permissions,
    Text,
    WholeNumber,
)  # fmt: skip

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text("0123456789+-_. e\n٣²１"), st.binary(),
    st.lists(st.integers()), st.dictionaries(st.text(), st.integers()),
)  # fmt: skip


def takes(field: Field[Any], value: object) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), ("1", 1), ("007", 7), (MAX_INTEGER, MAX_INTEGER), (str(MAX_INTEGER), MAX_INTEGER)],
)
def test_a_list_is_named_by_an_integer_or_ascii_digits(value: object, number: int) -> None:
    assert ListID().deserialize(value) == number


@given(ANYTHING)
def test_nothing_else_names_a_list(value: object) -> None:
    is_digits = type(value) is str and value.isascii() and value.isdigit() and len(value) < 20
    is_number = is_digits or type(value) is int
    assert takes(ListID(), value) == (is_number and 1 <= int(value) <= MAX_INTEGER)  # type: ignore[call-overload]


def test_whole_numbers_have_bounds() -> None:
    field = WholeNumber(3, 5)
    assert [number for number in range(8) if takes(field, number) and takes(field, str(number))] == [3, 4, 5]
    assert not takes(field, "9" * 5000)


@given(ANYTHING)
def test_a_text_is_what_was_sent_or_refused(value: object) -> None:
    if takes(Text(), value):
        assert Text().deserialize(value) is value
        assert b"\0" not in str(value).encode()
    else:
        assert not isinstance(value, str) or "\0" in value


def test_a_text_that_is_no_unicode_is_refused() -> None:
    assert not takes(Text(), "a\ud800")
    assert not takes(Text(), "\udfff\u00fc")
    assert takes(Text(), "𝒳")


def test_a_text_has_lengths_and_may_have_to_be_visible() -> None:
    field = Text(2, 3)
    assert [size for size in range(6) if takes(field, "é" * size)] == [2, 3]
    assert takes(Text(), " ")
    assert not takes(Text(is_blank_allowed=False), "\u2003\t")
    assert not takes(Text(is_blank_allowed=False), "")


def test_the_name_of_a_list() -> None:
    assert takes(ListName(), "x" * 250)
    assert [takes(ListName(), name) for name in ("", " ", "x" * 251, "\0")] == [False] * 4


def test_a_choice_is_made_in_any_letter_case() -> None:
    field = Choice("ListID", "Name")
    assert [field.deserialize(word) for word in ("listid", "NAME")] == ["ListID", "Name"]
    assert not any(takes(field, word) for word in ("", "Name ", 1, None, ["Name"]))


def test_the_bounds_are_declared_for_the_reference() -> None:
    assert ListID(metadata={"description": "d"}).metadata == {
        "minimum": 1,
        "maximum": MAX_INTEGER,
        "description": "d",
    }
    assert ListName().metadata == {"minLength": 1, "maxLength": 250}
    assert Choice("ASC", "DESC").metadata == {"enum": ["ASC", "DESC"]}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("", ""), ("*", "*"), ("A.B", "A.B"), ("A.B,C.D", "A.B,C.D"), (" A.B , C.D,A.B", "A.B,C.D"), ("x" * MAX_PERMISSIONS, "x" * MAX_PERMISSIONS)],
)  # fmt: skip
def test_permissions_are_names_between_commas_each_once(sent: str, kept: str) -> None:
    assert Permissions().deserialize(sent) == kept


@pytest.mark.parametrize(
    "sent",
    [",", "A,", "A,,B", " ", "A B", "A\tB", "Ü", "A\0", "x" * (MAX_PERMISSIONS + 1), 1, ["A"], {"A": 1}],
)
def test_nothing_else_is_a_set_of_permissions(sent: object) -> None:
    assert not takes(Permissions(), sent)
    assert not takes(Permissions(1), "")


def test_an_address_is_given_as_shown_and_as_compared() -> None:
    assert EmailAddress().deserialize(" Jane@Bücher.example ") == (
        "Jane@Bücher.example",
        "jane@xn--bcher-kva.example",
    )
    assert not takes(EmailAddress(), "jane")
    assert not takes(EmailAddress(), ["jane@example.com"])


def test_a_key_may_be_called_anything_of_its_length() -> None:
    assert [takes(KeyName(), name) for name in ("", "é" * 250, "x" * 251, "a\0b", 5)] == [
        True,
        True,
        False,
        False,
        False,
    ]
