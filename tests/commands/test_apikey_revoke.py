"""`apikey.revoke`: a key and its sessions end, those of others stay."""

from __future__ import annotations

from tests.client import Client, Shop
from tests.commands.keys import listed, make, ok


def test_a_revoked_key_and_its_sessions_end_and_the_others_go_on(client: Client, keeper: Shop) -> None:
    made, other = (make(client, keeper.key, Permissions="Lists.Get") for _ in range(2))
    session = ok(client.call("user.login", APIKey=made["APIKey"]))["SessionID"]
    assert client.call("lists.get", None, SessionID=session).status == 200
    assert ok(client.call("apikey.revoke", keeper.key, Prefix=made["Prefix"])) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert client.call("lists.get", made["APIKey"]).codes == [99998]
    assert client.call("lists.get", None, SessionID=session).codes == [99998]
    assert client.call("lists.get", other["APIKey"]).status == 200


def test_revoking_again_changes_nothing(client: Client, keeper: Shop) -> None:
    made = make(client, keeper.key)
    replies = [client.call("apikey.revoke", keeper.key, Prefix=made["Prefix"]) for _ in range(2)]
    revoked = [row["RevokedOn"] for row in listed(client, keeper.key)]
    replies.append(client.call("apikey.revoke", keeper.key, Prefix=made["APIKey"]))
    assert {(reply.status, reply.raw) for reply in replies} == {(200, replies[0].raw)}
    assert [row["RevokedOn"] for row in listed(client, keeper.key)] == revoked
    assert revoked[0] is None
    assert revoked[1] is not None


def test_a_key_of_another_is_answered_like_a_missing_one_and_stays(
    client: Client, keeper: Shop, admin: Shop
) -> None:
    prefixes = [keeper.key.split("_")[1], "nothing1", "é", keeper.key]
    replies = [client.call("apikey.revoke", admin.key, Prefix=prefix) for prefix in prefixes]
    assert {(reply.status, reply.raw) for reply in replies} == {
        (422, b'{"Errors":[{"Code":3,"Message":"API key not found"}]}')
    }
    assert client.call("lists.get", keeper.key).status == 200
