"""`customfield.delete`: the values go with the field, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.custom_fields import Field, Say, fields_of, values_of
from tracker.storage.subscribers.field_values import STRIDE


def test_deleting_a_field_leaves_the_others_of_all_subscribers(
    client: InProcess, shop: Shop, field: Field, say: Say
) -> None:
    gone, kept = field("gone"), field("kept")
    say({"gone": "1", "kept": "2"})
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=gone)
    sql = "SELECT field_id FROM subscriber_fields WHERE list_id = ?"
    assert client.rows(sql, shop.list_id) == [(kept,)]
    assert values_of(client, shop) == {"kept": "2"}


def test_the_values_of_many_subscribers_go_and_those_left_by_a_kill_too(
    client: InProcess, shop: Shop, field: Field, say: Say
) -> None:
    gone, kept = field("gone"), field("kept")
    people = range(1, 2 * STRIDE + 2)

    def fill(transaction: Any) -> None:
        columns = ("list_id", "id", "own_uuid", "created_at")
        subscribers = [(shop.list_id, n, n.to_bytes(16, "big"), 0) for n in people]
        transaction.insert("subscribers", columns, subscribers)
        columns = ("list_id", "subscriber_id", "field_id", "value", "updated_at")
        of = [(shop.list_id, n, number, b"1", 0) for n in people for number in (gone, kept, 10**9)]
        transaction.insert("subscriber_fields", columns, of)

    client.services.storage.write(fill)
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=gone)
    sql = "SELECT field_id, COUNT(*) FROM subscriber_fields WHERE list_id = ? GROUP BY field_id"
    assert client.rows(sql, shop.list_id) == [(kept, len(people))]


@pytest.mark.parametrize("number", [0, 10**9, 2**63 - 1])
def test_a_field_that_is_not_there_is_5(client: InProcess, shop: Shop, number: int) -> None:
    sent = {"SubscriberListID": shop.list_id, "CustomFieldID": number}
    assert client.call("customfield.delete", shop.key, **sent).codes == [5]


def test_anothers_field_and_a_missing_one_give_the_same_bytes(
    client: InProcess, shop: Shop, field: Field
) -> None:
    number = field("x")
    other = client.services.stores.lists.add(shop.user_id, "Another")
    answers = {
        client.call("customfield.delete", shop.key, SubscriberListID=other, CustomFieldID=each).raw
        for each in (number, 10**9)
    }
    assert len(answers) == 1
    assert len(fields_of(client, shop)) == 1
