"""Are custom fields made, listed and deleted, and do they hold what fits their type and nothing else?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.client import Client, Reply, Shop
from tracker.storage.subscribers.field_values import STRIDE

Field = Callable[..., int]
Say = Callable[[dict[str, Any]], Reply]
EMAIL = "a@example.com"


@pytest.fixture
def field(client: Client, shop: Shop) -> Field:
    """`field(alias, …)`: make a field of the test's list and give its number."""

    def make(alias: str | None = None, **params: Any) -> int:
        named = {} if alias is None else {"MergeTagAlias": alias}
        answer = client.call(
            "customfield.create",
            shop.key,
            SubscriberListID=shop.list_id,
            FieldName="A field",
            **named,
            **params,
        )
        assert answer.status == 200, answer.body
        made: int = answer.body["CustomFieldID"]
        return made

    return make


@pytest.fixture
def say(client: Client, shop: Shop) -> Say:
    """`say(values)`: write them to the one subscriber of the list."""
    client.call("subscriber.create", shop.key, ListID=shop.list_id, EmailAddress=EMAIL)

    def update(values: dict[str, Any]) -> Reply:
        return client.call(
            "subscriber.update", shop.key, ListID=shop.list_id, EmailAddress=EMAIL, CustomFields=values
        )

    return update


def values_of(client: Client, shop: Shop) -> dict[str, Any]:
    answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=EMAIL)
    found: dict[str, Any] = answer.body["SubscriberInformation"]["CustomFields"]
    return found


def fields_of(client: Client, shop: Shop) -> list[dict[str, Any]]:
    answer = client.call("customfields.get", shop.key, SubscriberListID=shop.list_id).body
    assert answer["TotalFieldCount"] == len(answer["CustomFields"])
    rows: list[dict[str, Any]] = answer["CustomFields"]
    return rows


def test_fields_are_listed_as_they_were_made(client: Client, shop: Shop, field: Field) -> None:
    assert fields_of(client, shop) == []
    first, second = field("First-Name"), field(DataType="NUMBER", UniqueIdentifier=False)
    third = field("Customer", UniqueIdentifier="true")
    rows = fields_of(client, shop)
    assert {row.pop("FieldName") for row in rows} == {"A field"}
    assert all(row.pop("CreatedOn") for row in rows)
    assert rows == [
        {
            "CustomFieldID": first,
            "MergeTagAlias": "First-Name",
            "DataType": "text",
            "UniqueIdentifier": False,
        },
        {"CustomFieldID": second, "MergeTagAlias": None, "DataType": "number", "UniqueIdentifier": False},
        {"CustomFieldID": third, "MergeTagAlias": "Customer", "DataType": "text", "UniqueIdentifier": True},
    ]


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
    client: Client, shop: Shop, field: Field, say: Say, data_type: str, sent: Any, shown: Any
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
    client: Client, shop: Shop, field: Field, say: Say, data_type: str, values: list[Any]
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
    client: Client, shop: Shop, field: Field, say: Say, empty: Any
) -> None:
    field("x"), field("n", DataType="number")
    say({"x": "a", "n": 0})
    say({"x": empty})
    assert values_of(client, shop) == {"x": None, "n": 0}
    say({"n": empty})
    assert values_of(client, shop) == {"x": None, "n": None}
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []


def test_a_field_is_addressed_by_alias_or_number_and_the_alias_wins(
    client: Client, shop: Shop, field: Field, say: Say
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


def test_unknown_names_are_dropped_and_listed(client: Client, shop: Shop, field: Field, say: Say) -> None:
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


def test_fields_come_in_a_form_too(client: Client, shop: Shop, field: Field, say: Say) -> None:
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


# Making and deleting


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"FieldName": ""}, 4),
        ({"FieldName": " "}, 4),
        ({"FieldName": "x" * 251}, 4),
        ({"FieldName": 5}, 4),
        ({"FieldName": "\0"}, 4),
        ({"MergeTagAlias": ""}, 5),
        ({"MergeTagAlias": "a b"}, 5),
        ({"MergeTagAlias": "é"}, 5),
        ({"MergeTagAlias": "x" * 65}, 5),
        ({"MergeTagAlias": "CustomField12"}, 5),
        ({"MergeTagAlias": "customfield12"}, 5),
        ({"MergeTagAlias": 5}, 5),
        ({"DataType": "varchar"}, 6),
        ({"DataType": ""}, 6),
        ({"DataType": 5}, 6),
        ({"UniqueIdentifier": "yes"}, 7),
        ({"UniqueIdentifier": 2}, 7),
        ({"UniqueIdentifier": True, "DataType": "number"}, 7),
        ({"MergeTagAlias": "FIRST-name"}, 8),
        ({"UniqueIdentifier": True}, 9),
    ],
)
def test_what_cannot_be_a_field_has_its_number_and_makes_none(
    client: Client, shop: Shop, field: Field, params: dict[str, Any], code: int
) -> None:
    field("First-Name", UniqueIdentifier=True)
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Field", **params}
    answer = client.call("customfield.create", shop.key, **sent)
    assert (answer.status, answer.codes) == (422, [code])
    assert len(fields_of(client, shop)) == 1


def test_an_alias_belongs_to_a_list_and_is_free_again(
    client: Client, shop: Shop, field: Field, say: Say
) -> None:
    first = field("x")
    say({"x": "old"})
    assert client.call(
        "customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=first
    ).body == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert values_of(client, shop) == {}
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []
    second = field("x")
    assert second > first, "a number is never given twice"
    assert values_of(client, shop) == {"x": None}
    assert say({f"CustomField{first}": "x"}).body["IgnoredCustomFields"] == [f"CustomField{first}"]


def test_deleting_a_field_leaves_the_others_of_all_subscribers(
    client: Client, shop: Shop, field: Field, say: Say
) -> None:
    gone, kept = field("gone"), field("kept")
    say({"gone": "1", "kept": "2"})
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=gone)
    sql = "SELECT field_id FROM subscriber_fields WHERE list_id = ?"
    assert client.rows(sql, shop.list_id) == [(kept,)]
    assert values_of(client, shop) == {"kept": "2"}


def test_the_values_of_many_subscribers_go_and_those_left_by_a_kill_too(
    client: Client, shop: Shop, field: Field, say: Say
) -> None:
    gone, kept = field("gone"), field("kept")
    people = range(1, 2 * STRIDE + 2)

    def fill(transaction: Any) -> None:
        columns = ("list_id", "id", "own_uuid", "created_at")
        persons = [(shop.list_id, n, n.to_bytes(16, "big"), 0) for n in people]
        transaction.insert("subscribers", columns, persons)
        columns = ("list_id", "subscriber_id", "field_id", "value", "updated_at")
        of = [(shop.list_id, n, number, b"1", 0) for n in people for number in (gone, kept, 10**9)]
        transaction.insert("subscriber_fields", columns, of)

    client.services.storage.write(fill)
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=gone)
    sql = "SELECT field_id, COUNT(*) FROM subscriber_fields WHERE list_id = ? GROUP BY field_id"
    assert client.rows(sql, shop.list_id) == [(kept, len(people))]


@pytest.mark.parametrize("number", [0, 10**9, 2**63 - 1])
def test_a_field_that_is_not_there_is_5(client: Client, shop: Shop, number: int) -> None:
    sent = {"SubscriberListID": shop.list_id, "CustomFieldID": number}
    assert client.call("customfield.delete", shop.key, **sent).codes == [5]


def test_anothers_field_and_a_missing_one_give_the_same_bytes(
    client: Client, shop: Shop, field: Field
) -> None:
    number = field("x")
    other = client.services.stores.lists.add(shop.user_id, "Another")
    answers = {
        client.call("customfield.delete", shop.key, SubscriberListID=other, CustomFieldID=each).raw
        for each in (number, 10**9)
    }
    assert len(answers) == 1
    assert len(fields_of(client, shop)) == 1


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("customfield.create", {"FieldName": "x"}),
        ("customfield.delete", {"CustomFieldID": 1}),
        ("customfields.get", {}),
    ],
)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: Client, shop: Shop, command: str, params: dict[str, Any]
) -> None:
    lists = client.services.stores.lists
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**63 - 1, lists.hidden_id(shop.user_id)]
    answers = {client.call(command, shop.key, SubscriberListID=number, **params).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"Invalid SubscriberListID parameter"}]}'}
    assert fields_of(client, stranger) == []
    for number in (0, "x", -1, 1.5):
        assert client.call(command, shop.key, SubscriberListID=number, **params).codes == [3]


@pytest.mark.parametrize(
    ("command", "permission"),
    [
        ("customfield.create", "CustomField.Create"),
        ("customfield.delete", "CustomFields.Delete"),
        ("customfields.get", "CustomFields.Get"),
    ],
)
def test_permissions(client: Client, shop: Shop, command: str, permission: str) -> None:
    keys = client.services.stores.keys
    others = "CustomField.Create,CustomFields.Delete,CustomFields.Get,Subscribers.Get,Subscribers.Import"
    without = ",".join(each for each in others.split(",") if each != permission)
    assert client.call(command, keys.add(shop.user_id, without)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, permission)).status == 422
