"""`apikey.create`: a key is shown once and never worth more than who makes it."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from tests.client import InProcess, Shop
from tests.commands.keys import listed, make, ok

_numbers = itertools.count(1)


def test_a_key_is_made_and_shown_once(client: InProcess, keeper: Shop) -> None:
    made = make(client, keeper.key, Permissions="List.Get, Lists.Get,List.Get", Name="Réports")
    assert made["APIKey"].split("_")[1] == made["Prefix"]
    assert ok(client.call("lists.get", made["APIKey"]))
    first, second = listed(client, keeper.key)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", second.pop("CreatedOn"))
    assert (first["Prefix"], first["Name"], first["Permissions"]) == (keeper.key.split("_")[1], "", "*")
    assert second == {
        "Prefix": made["Prefix"], "Name": "Réports", "Permissions": "List.Get,Lists.Get", "RevokedOn": None,
    }  # fmt: skip
    secret = made["APIKey"].split("_")[2]
    assert secret not in json.dumps([first, second])


@pytest.mark.parametrize("sent", [{}, {"Permissions": ""}, {"Permissions": None}])
def test_a_key_without_permissions_may_track_events_alone(
    client: InProcess, keeper: Shop, sent: dict[str, object]
) -> None:
    key = make(client, keeper.key, **sent)["APIKey"]
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
    client: InProcess, keeper: Shop, own: str, asked: str, is_given: bool
) -> None:
    maker = client.services.stores.keys.add(keeper.user_id, own)
    before = len(listed(client, keeper.key))
    session = ok(client.call("user.login", APIKey=maker))["SessionID"]
    for credential in ({"APIKey": maker}, {"SessionID": session}):
        reply = client.call("apikey.create", None, **credential, Permissions=asked)
        assert (reply.status, reply.body.get("Errors")) == (
            (200, None)
            if is_given
            else (
                422,
                [{"Code": 3, "Message": "A key cannot have permissions that its creator lacks"}],
            )
        )
    assert len(listed(client, keeper.key)) == before + 2 * is_given


def test_only_an_administrators_key_that_says_so_makes_another(
    client: InProcess, keeper: Shop, admin: Shop
) -> None:
    keys = client.services.stores.keys
    session = ok(client.call("user.login", Username=admin.email, Password=admin.password))["SessionID"]
    assert client.call("apikey.create", admin.key, Permissions="Administrator").status == 200
    assert client.call("apikey.create", None, SessionID=session, Permissions="*,Administrator").status == 200
    assert client.call("apikey.create", keys.add(admin.user_id, "*"), Permissions="Administrator").codes == [
        3
    ]
    no_admins = keys.add(keeper.user_id, "*,Administrator")
    assert client.call("apikey.create", no_admins, Permissions="Administrator").codes == [3]


def test_a_user_of_few_permissions_makes_no_key_for_everything(client: InProcess) -> None:
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
    client: InProcess, keeper: Shop, params: dict[str, object], codes: list[int]
) -> None:
    reply = client.call("apikey.create", keeper.key, **params)
    assert (reply.status, reply.codes) == (422, codes)
    assert len(listed(client, keeper.key)) == 1
