"""Are keys made, listed and revoked by their user alone, and never worth more than who makes them?"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from tests.contract.desk import Desk, Reply, Shop

_numbers = itertools.count(1)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    """A user of this test's alone: what there is of keys is what the test makes."""
    return desk.open_shop(f"keys{next(_numbers)}@example.com")


@pytest.fixture
def admin(desk: Desk) -> Shop:
    return desk.open_shop(f"keys{next(_numbers)}@example.com", "*,Administrator", is_admin=True)


def ok(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return dict(reply.body)


def make(desk: Desk, key: str, **params: Any) -> dict[str, Any]:
    return ok(desk.call("apikey.create", key, **params))


def listed(desk: Desk, key: str) -> list[dict[str, Any]]:
    return list(ok(desk.call("apikeys.get", key))["APIKeys"])


def test_a_key_is_made_and_shown_once(desk: Desk, shop: Shop) -> None:
    made = make(desk, shop.key, Permissions="List.Get, Lists.Get,List.Get", Name="Réports")
    assert made["APIKey"].split("_")[1] == made["Prefix"]
    assert ok(desk.call("lists.get", made["APIKey"]))
    first, second = listed(desk, shop.key)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", second.pop("CreatedOn"))
    assert (first["Prefix"], first["Name"], first["Permissions"]) == (shop.key.split("_")[1], "", "*")
    assert second == {
        "Prefix": made["Prefix"], "Name": "Réports", "Permissions": "List.Get,Lists.Get", "RevokedOn": None,
    }  # fmt: skip
    secret = made["APIKey"].split("_")[2]
    assert secret not in json.dumps([first, second])


@pytest.mark.parametrize("sent", [{}, {"Permissions": ""}, {"Permissions": None}])
def test_a_key_without_permissions_may_track_events_alone(
    desk: Desk, shop: Shop, sent: dict[str, object]
) -> None:
    key = make(desk, shop.key, **sent)["APIKey"]
    assert desk.call("event.track", key, Event="seen").status == 200
    for command in ("lists.get", "apikey.create", "apikeys.get", "apikey.revoke", "audit.get", "user.create"):
        assert desk.call(command, key).status == 403


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
    desk: Desk, shop: Shop, own: str, asked: str, is_given: bool
) -> None:
    maker = desk.services.stores.keys.add(shop.user_id, own)
    before = len(listed(desk, shop.key))
    session = ok(desk.call("user.login", APIKey=maker))["SessionID"]
    for credential in ({"APIKey": maker}, {"SessionID": session}):
        reply = desk.call("apikey.create", None, **credential, Permissions=asked)
        assert (reply.status, reply.body.get("Errors")) == (
            (200, None)
            if is_given
            else (
                422,
                [{"Code": 3, "Message": "A key cannot have permissions that its creator lacks"}],
            )
        )
    assert len(listed(desk, shop.key)) == before + 2 * is_given


def test_only_an_administrators_key_that_says_so_makes_another(desk: Desk, shop: Shop, admin: Shop) -> None:
    keys = desk.services.stores.keys
    session = ok(desk.call("user.login", Username=admin.email, Password=admin.password))["SessionID"]
    assert desk.call("apikey.create", admin.key, Permissions="Administrator").status == 200
    assert desk.call("apikey.create", None, SessionID=session, Permissions="*,Administrator").status == 200
    assert desk.call("apikey.create", keys.add(admin.user_id, "*"), Permissions="Administrator").codes == [3]
    no_admins = keys.add(shop.user_id, "*,Administrator")
    assert desk.call("apikey.create", no_admins, Permissions="Administrator").codes == [3]


def test_a_user_of_few_permissions_makes_no_key_for_everything(desk: Desk) -> None:
    """Not even one that would be cut down to the user's permissions: these may become more."""
    stores = desk.services.stores
    email = f"few{next(_numbers)}@example.com"
    stores.users.add(email, "secret", permissions="APIKey.Create,List.Get")
    session = ok(desk.call("user.login", Username=email, Password="secret"))["SessionID"]
    assert desk.call("apikey.create", None, SessionID=session, Permissions="*").codes == [3]
    assert desk.call("apikey.create", None, SessionID=session, Permissions="List.Get").status == 200


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
    desk: Desk, shop: Shop, params: dict[str, object], codes: list[int]
) -> None:
    reply = desk.call("apikey.create", shop.key, **params)
    assert (reply.status, reply.codes) == (422, codes)
    assert len(listed(desk, shop.key)) == 1


def test_a_revoked_key_and_its_sessions_end_and_the_others_go_on(desk: Desk, shop: Shop) -> None:
    made, other = (make(desk, shop.key, Permissions="Lists.Get") for _ in range(2))
    session = ok(desk.call("user.login", APIKey=made["APIKey"]))["SessionID"]
    assert desk.call("lists.get", None, SessionID=session).status == 200
    assert ok(desk.call("apikey.revoke", shop.key, Prefix=made["Prefix"])) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert desk.call("lists.get", made["APIKey"]).codes == [99998]
    assert desk.call("lists.get", None, SessionID=session).codes == [99998]
    assert desk.call("lists.get", other["APIKey"]).status == 200


def test_revoking_again_changes_nothing(desk: Desk, shop: Shop) -> None:
    made = make(desk, shop.key)
    replies = [desk.call("apikey.revoke", shop.key, Prefix=made["Prefix"]) for _ in range(2)]
    revoked = [row["RevokedOn"] for row in listed(desk, shop.key)]
    replies.append(desk.call("apikey.revoke", shop.key, Prefix=made["APIKey"]))
    assert {(reply.status, reply.raw) for reply in replies} == {(200, replies[0].raw)}
    assert [row["RevokedOn"] for row in listed(desk, shop.key)] == revoked
    assert revoked[0] is None
    assert revoked[1] is not None


def test_a_key_of_another_is_answered_like_a_missing_one_and_stays(
    desk: Desk, shop: Shop, admin: Shop
) -> None:
    prefixes = [shop.key.split("_")[1], "nothing1", "é", shop.key]
    replies = [desk.call("apikey.revoke", admin.key, Prefix=prefix) for prefix in prefixes]
    assert {(reply.status, reply.raw) for reply in replies} == {
        (422, b'{"Errors":[{"Code":3,"Message":"API key not found"}]}')
    }
    assert desk.call("lists.get", shop.key).status == 200


def test_keys_come_in_pages(desk: Desk, shop: Shop) -> None:
    made = [make(desk, shop.key)["Prefix"] for _ in range(4)]
    pages = [
        ok(desk.call("apikeys.get", shop.key, RecordsFrom=start, RecordsPerRequest=2)) for start in (1, 3, 5)
    ]
    assert [page["TotalKeyCount"] for page in pages] == [5, 5, 5]
    assert [[row["Prefix"] for row in page["APIKeys"]] for page in pages] == [made[:2], made[2:], []]


def test_keys_of_others_are_not_listed(desk: Desk, shop: Shop, admin: Shop) -> None:
    assert [row["Prefix"] for row in listed(desk, admin.key)] == [admin.key.split("_")[1]]
