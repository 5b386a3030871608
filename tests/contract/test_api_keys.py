"""Are keys made, listed and revoked by their user alone, and never worth more than who makes them?"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from tests.client import Client, Reply, Shop

_numbers = itertools.count(1)


@pytest.fixture
def shop(client: Client) -> Shop:
    """A user of this test's alone: what there is of keys is what the test makes."""
    return client.open_shop(f"keys{next(_numbers)}@example.com")


@pytest.fixture
def admin(client: Client) -> Shop:
    return client.open_shop(f"keys{next(_numbers)}@example.com", "*,Administrator", is_admin=True)


def ok(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return dict(reply.body)


def make(client: Client, key: str, **params: Any) -> dict[str, Any]:
    return ok(client.call("apikey.create", key, **params))


def listed(client: Client, key: str) -> list[dict[str, Any]]:
    return list(ok(client.call("apikeys.get", key))["APIKeys"])


def test_a_key_is_made_and_shown_once(client: Client, shop: Shop) -> None:
    made = make(client, shop.key, Permissions="List.Get, Lists.Get,List.Get", Name="Réports")
    assert made["APIKey"].split("_")[1] == made["Prefix"]
    assert ok(client.call("lists.get", made["APIKey"]))
    first, second = listed(client, shop.key)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", second.pop("CreatedOn"))
    assert (first["Prefix"], first["Name"], first["Permissions"]) == (shop.key.split("_")[1], "", "*")
    assert second == {
        "Prefix": made["Prefix"], "Name": "Réports", "Permissions": "List.Get,Lists.Get", "RevokedOn": None,
    }  # fmt: skip
    secret = made["APIKey"].split("_")[2]
    assert secret not in json.dumps([first, second])


@pytest.mark.parametrize("sent", [{}, {"Permissions": ""}, {"Permissions": None}])
def test_a_key_without_permissions_may_track_events_alone(
    client: Client, shop: Shop, sent: dict[str, object]
) -> None:
    key = make(client, shop.key, **sent)["APIKey"]
    assert client.call("event.track", key, Event="seen").status == 200
    for command in ("lists.get", "apikey.create", "apikeys.get", "apikey.revoke", "audit.get", "user.create"):
        assert client.call(command, key).status == 403


@pytest.mark.parametrize(
    ("own", "asked", "is_given"),
    [
        ("APIKey.Create,List.Get", "List.Get", True),
        ("APIKey.Create,List.Get", "APIKey.Create,List.Get", True),
        ("APIKey.Create,List.Get", "", True),
        ("APIKey.Create,List.Get", "Lists.Get", False),
        ("APIKey.Create,List.Get", "List.Get,Lists.Get", False),
        ("APIKey.Create,List.Get", "*", False),
        ("APIKey.Create,List.Get", "list.get", False),
        ("*", "*", True),
        ("*", "Any.Name", True),
        ("*", "Administrator", False),
        ("*", "*,Administrator", False),
    ],
)
def test_a_key_gets_no_more_than_its_maker_has(
    client: Client, shop: Shop, own: str, asked: str, is_given: bool
) -> None:
    maker = client.services.stores.keys.add(shop.user_id, own)
    before = len(listed(client, shop.key))
    session = ok(client.call("user.login", APIKey=maker))["SessionID"]
    for credential in ({"APIKey": maker}, {"SessionID": session}):
        reply = client.call("apikey.create", None, **credential, Permissions=asked)
        assert (reply.status, reply.body.get("Errors")) == (
            (200, None)
            if is_given
            else (
                422,
                [{"Code": 3, "Message": "A key cannot have permissions that the one who makes it lacks"}],
            )
        )
    assert len(listed(client, shop.key)) == before + 2 * is_given


def test_only_an_administrators_key_that_says_so_makes_another(
    client: Client, shop: Shop, admin: Shop
) -> None:
    keys = client.services.stores.keys
    session = ok(client.call("user.login", Username=admin.email, Password=admin.password))["SessionID"]
    assert client.call("apikey.create", admin.key, Permissions="Administrator").status == 200
    assert client.call("apikey.create", None, SessionID=session, Permissions="*,Administrator").status == 200
    assert client.call("apikey.create", keys.add(admin.user_id, "*"), Permissions="Administrator").codes == [
        3
    ]
    no_admins = keys.add(shop.user_id, "*,Administrator")
    assert client.call("apikey.create", no_admins, Permissions="Administrator").codes == [3]


def test_a_user_of_few_permissions_makes_no_key_for_everything(client: Client) -> None:
    """Not even one that would be cut down to the user's permissions: these may become more."""
    stores = client.services.stores
    email = f"few{next(_numbers)}@example.com"
    stores.users.add(email, "secret", permissions="APIKey.Create,List.Get")
    session = ok(client.call("user.login", Username=email, Password="secret"))["SessionID"]
    assert client.call("apikey.create", None, SessionID=session, Permissions="*").codes == [3]
    assert client.call("apikey.create", None, SessionID=session, Permissions="List.Get").status == 200


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"Permissions": "A B"}, [1]),
        ({"Permissions": "A,,B"}, [1]),
        ({"Permissions": ","}, [1]),
        ({"Permissions": "Ü"}, [1]),
        ({"Permissions": ["A"]}, [1]),
        ({"Permissions": "x" * 4001}, [1]),
        ({"Name": "x" * 251}, [2]),
        ({"Name": 5, "Permissions": "\0"}, [1, 2]),
    ],
)
def test_bad_parameters_make_no_key(
    client: Client, shop: Shop, params: dict[str, object], codes: list[int]
) -> None:
    reply = client.call("apikey.create", shop.key, **params)
    assert (reply.status, reply.codes) == (422, codes)
    assert len(listed(client, shop.key)) == 1


def test_a_revoked_key_and_its_sessions_end_and_the_others_go_on(client: Client, shop: Shop) -> None:
    made, other = (make(client, shop.key, Permissions="Lists.Get") for _ in range(2))
    session = ok(client.call("user.login", APIKey=made["APIKey"]))["SessionID"]
    assert client.call("lists.get", None, SessionID=session).status == 200
    assert ok(client.call("apikey.revoke", shop.key, Prefix=made["Prefix"])) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert client.call("lists.get", made["APIKey"]).codes == [99998]
    assert client.call("lists.get", None, SessionID=session).codes == [99998]
    assert client.call("lists.get", other["APIKey"]).status == 200


def test_revoking_again_changes_nothing(client: Client, shop: Shop) -> None:
    made = make(client, shop.key)
    replies = [client.call("apikey.revoke", shop.key, Prefix=made["Prefix"]) for _ in range(2)]
    revoked = [row["RevokedOn"] for row in listed(client, shop.key)]
    replies.append(client.call("apikey.revoke", shop.key, Prefix=made["APIKey"]))
    assert {(reply.status, reply.raw) for reply in replies} == {(200, replies[0].raw)}
    assert [row["RevokedOn"] for row in listed(client, shop.key)] == revoked
    assert revoked[0] is None
    assert revoked[1] is not None


def test_a_key_of_another_is_answered_like_a_missing_one_and_stays(
    client: Client, shop: Shop, admin: Shop
) -> None:
    prefixes = [shop.key.split("_")[1], "nothing1", "é", shop.key]
    replies = [client.call("apikey.revoke", admin.key, Prefix=prefix) for prefix in prefixes]
    assert {(reply.status, reply.raw) for reply in replies} == {
        (422, b'{"Errors":[{"Code":3,"Message":"API key not found"}]}')
    }
    assert client.call("lists.get", shop.key).status == 200


def test_keys_come_in_pages(client: Client, shop: Shop) -> None:
    made = [make(client, shop.key)["Prefix"] for _ in range(4)]
    pages = [
        ok(client.call("apikeys.get", shop.key, RecordsFrom=start, RecordsPerRequest=2))
        for start in (1, 3, 5)
    ]
    assert [page["TotalKeyCount"] for page in pages] == [5, 5, 5]
    assert [[row["Prefix"] for row in page["APIKeys"]] for page in pages] == [made[:2], made[2:], []]


def test_keys_of_others_are_not_listed(client: Client, shop: Shop, admin: Shop) -> None:
    assert [row["Prefix"] for row in listed(client, admin.key)] == [admin.key.split("_")[1]]
