"""`customfields.get`: the fields of a list; permissions and other people's lists for all three commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.custom_fields import Field, fields_of


def test_fields_are_listed_as_they_were_made(client: InProcess, shop: Shop, field: Field) -> None:
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
    ("command", "params"),
    [
        ("customfield.create", {"FieldName": "x"}),
        ("customfield.delete", {"CustomFieldID": 1}),
        ("customfields.get", {}),
    ],
)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str, params: dict[str, Any]
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
def test_permissions(client: InProcess, shop: Shop, command: str, permission: str) -> None:
    keys = client.services.stores.keys
    others = "CustomField.Create,CustomFields.Delete,CustomFields.Get,Subscribers.Get,Subscribers.Import"
    without = ",".join(each for each in others.split(",") if each != permission)
    assert client.call(command, keys.add(shop.user_id, without)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, permission)).status == 422
