"""`customfield.create`: what cannot be a field is refused, an alias belongs to its list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.custom_fields import Field, Say, fields_of, values_of


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
    client: InProcess, shop: Shop, field: Field, params: dict[str, Any], code: int
) -> None:
    field("First-Name", UniqueIdentifier=True)
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Field", **params}
    answer = client.call("customfield.create", shop.key, **sent)
    assert (answer.status, answer.codes) == (422, [code])
    assert len(fields_of(client, shop)) == 1


def test_an_alias_belongs_to_a_list_and_is_free_again(
    client: InProcess, shop: Shop, field: Field, say: Say
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
