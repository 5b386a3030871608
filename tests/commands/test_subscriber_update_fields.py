"""`subscriber.update` with custom fields: what fits the type is kept, anything else changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.custom_fields import EMAIL, Field, Say, values_of


@pytest.mark.parametrize(
    ("data_type", "sent", "shown"),
    [
        ("text", "Jane", "Jane"),
        ("text", " 😀\n\u2028", " 😀\n\u2028"),
        ("text", "x" * 8192, "x" * 8192),
        ("text", 123, "123"),
        ("text", 1.5, "1.5"),
        ("number", 42, 42),
        ("number", -(2**63), -(2**63)),
        ("number", 2**63 - 1, 2**63 - 1),
        ("number", 1.5, 1.5),
        ("number", "42", 42),
        ("number", " -1.50 ", -1.5),
        ("number", "1e3", 1000.0),
        ("boolean", True, True),
        ("boolean", "False", False),
        ("boolean", "1", True),
        ("boolean", 1, True),
        ("boolean", 0, False),
        ("boolean", 1.0, True),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "0001-01-01", "0001-01-01"),
        ("datetime", "2026-01-31T10:30:00.125+01:00", "2026-01-31T09:30:00.125Z"),
        ("datetime", "1066-10-14 09:00Z", "1066-10-14T09:00:00.000Z"),
        ("datetime", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_what_fits_is_kept(
    client: InProcess, shop: Shop, field: Field, say: Say, data_type: str, sent: Any, shown: Any
) -> None:
    field("x", DataType=data_type)
    assert values_of(client, shop) == {"x": None}
    assert say({"x": sent}).status == 200
    found = values_of(client, shop)
    assert found == {"x": shown}
    assert type(found["x"]) is type(shown)


@pytest.mark.parametrize(
    ("data_type", "values"),
    [
        ("text", [True, [], {}, "\0", "x" * 8193, "é" * 4097]),
        ("number", ["x", "1_000", "１２", "0x1", "1e999", "NaN", "9" * 19, True, [], {"a": 1}, " "]),
        ("boolean", [2, -1, 0.5, "yes", "tRUe ", [], "ﬀ"]),
        ("date", ["2026-02-30", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", 5, True, "0000-01-01", "２０26-01-01"]),
        ("datetime", ["2026-01-31", "2026-01-31T09:30:00", 5, "1769851800", "9999-12-31T23:59:59-14:00", True, []]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_10_and_changes_nothing(
    client: InProcess, shop: Shop, field: Field, say: Say, data_type: str, values: list[Any]
) -> None:
    field("x", DataType=data_type), field("y")
    for value in values:
        answer = say({"x": value, "y": "new"})
        assert (answer.status, answer.codes) == (422, [10]), value
        assert answer.body["Errors"][0]["Message"].startswith("Invalid CustomFields parameter: x: ")
    assert values_of(client, shop) == {"x": None, "y": None}


def test_all_values_that_do_not_fit_are_told_at_once(field: Field, say: Say) -> None:
    field("x", DataType="number"), field("y", DataType="date")
    answer = say({"x": "a", "y": "b"})
    assert [row["Message"] for row in answer.body["Errors"]] == [
        "Invalid CustomFields parameter: x: it must be a finite number",
        "Invalid CustomFields parameter: y: it must be a date such as 2026-01-31",
    ]


@pytest.mark.parametrize("empty", ["", None])
def test_null_and_empty_text_empty_a_field(
    client: InProcess, shop: Shop, field: Field, say: Say, empty: Any
) -> None:
    field("x"), field("n", DataType="number")
    say({"x": "a", "n": 0})
    say({"x": empty})
    assert values_of(client, shop) == {"x": None, "n": 0}
    say({"n": empty})
    assert values_of(client, shop) == {"x": None, "n": None}
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []


def test_a_field_is_addressed_by_alias_or_number_and_the_alias_wins(
    client: InProcess, shop: Shop, field: Field, say: Say
) -> None:
    number, bare = field("First-Name"), field()
    for sent in (
        {f"CustomField{number}": "Jane"},
        {f"customfield{number}": "Jane"},
        {"first-NAME": "Jane"},
        {"First-Name": "Jane", f"CustomField{number}": "Joe"},
        {f"CustomField{number}": 5, "First-Name": "Jane"},
        {"first-name": "Joe", "First-Name": "Jane", "FIRST-NAME": "Jim"},
    ):
        say({"First-Name": ""})
        assert "IgnoredCustomFields" not in say(sent).body
        assert values_of(client, shop) == {"First-Name": "Jane", f"CustomField{bare}": None}
    say({f"CustomField{bare}": "by number"})
    assert values_of(client, shop)[f"CustomField{bare}"] == "by number"


def test_unknown_names_are_dropped_and_listed(client: InProcess, shop: Shop, field: Field, say: Say) -> None:
    number = field("First-Name")
    stranger = replace(shop, list_id=client.services.stores.lists.add(shop.user_id, "Another"))
    other = client.call(
        "customfield.create",
        shop.key,
        SubscriberListID=stranger.list_id,
        FieldName="x",
        MergeTagAlias="Other",
    ).body["CustomFieldID"]
    names = [
        "Other",
        f"CustomField{other}",
        f"CustomField0{number}",
        "First Name",
        "",
        "first-nAme ",
        "ﬁrst-name",
        "CuſtomField1",
    ]
    answer = say({**dict.fromkeys(names, "x"), "First-Name": "Jane"})
    assert (answer.status, answer.body["IgnoredCustomFields"]) == (200, names)
    assert values_of(client, shop) == {"First-Name": "Jane"}


def test_fields_come_in_a_form_too(client: InProcess, shop: Shop, field: Field, say: Say) -> None:
    field("First-Name"), field("Age", DataType="number")
    form = {
        "Command": "subscriber.update", "ListID": shop.list_id, "EmailAddress": EMAIL, "CustomFields[First-Name]": "Jane",
        "CustomFields[Age]": "42",
    }  # fmt: skip
    assert client.request("POST", "/api.php", shop.key, data=form).status == 200
    assert values_of(client, shop) == {"First-Name": "Jane", "Age": 42}
    for same in ([], "[]", '{"Age": 43}', {}):
        answer = say(same)  # type: ignore[arg-type]
        assert answer.status == (422 if same == "[]" else 200)
    assert values_of(client, shop) == {"First-Name": "Jane", "Age": 43}


@pytest.mark.parametrize("value", [5, "x", [1], True, "[]"])
def test_custom_fields_are_an_object(say: Say, value: Any) -> None:
    assert say(value).codes == [10]
