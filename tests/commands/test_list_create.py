"""Does `list.create` make lists of its caller, under names that can be kept?"""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop


def test_a_list_is_made_and_can_be_read(client: InProcess, jane: Shop) -> None:
    answer = client.ok("list.create", jane.key, SubscriberListName="Web shop")
    list_id = answer.pop("ListID")
    assert answer == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert client.ok("list.get", jane.key, ListID=list_id)["List"]["Name"] == "Web shop"


@pytest.mark.parametrize("name", ["x", "é" * 250, "𝒳" * 250, " Web  shop ", "e\u0301"])
def test_a_name_is_kept_as_it_was_sent(client: InProcess, jane: Shop, name: str) -> None:
    list_id = client.ok("list.create", jane.key, SubscriberListName=name)["ListID"]
    assert client.ok("list.get", jane.key, ListID=list_id)["List"]["Name"] == name


def test_names_need_not_differ(client: InProcess, jane: Shop) -> None:
    made = {client.ok("list.create", jane.key, SubscriberListName="Shop")["ListID"] for _ in range(2)}
    assert len(made) == 2


@pytest.mark.parametrize("name", ["", " ", "\u3000\t", "x" * 251, "a\0b", 7, True, ["Shop"], {"a": "b"}])
def test_a_name_that_cannot_be_kept_is_2(client: InProcess, jane: Shop, name: object) -> None:
    assert client.call("list.create", jane.key, SubscriberListName=name).refusal == (422, [2])
    assert client.ok("lists.get", jane.key)["TotalListCount"] == 0


@pytest.mark.parametrize("params", [{}, {"SubscriberListName": None}])
def test_a_missing_name_is_1(client: InProcess, jane: Shop, params: dict[str, object]) -> None:
    assert client.call("list.create", jane.key, **params).refusal == (422, [1])


def test_it_takes_the_permission_and_post(client: InProcess, jane: Shop) -> None:
    assert client.call("list.create", client.weak_key(jane), SubscriberListName="Shop").refusal == (
        403,
        [403],
    )
    answer = client.get(f"/api/v1/list.create?APIKey={jane.key}&SubscriberListName=Shop")
    assert answer.status == 405
