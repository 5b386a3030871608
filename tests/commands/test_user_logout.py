"""Does `user.logout` end the session it is called with, at once and no other?"""

from __future__ import annotations

from tests.client import InProcess, Shop


def test_the_session_ends_and_the_others_go_on(client: InProcess, jane: Shop) -> None:
    first, second = (
        client.ok("user.login", Username=jane.email, Password=jane.password)["SessionID"] for _ in range(2)
    )
    assert client.ok("lists.get", SessionID=first)
    assert client.ok("user.logout", SessionID=first) == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert client.call("lists.get", SessionID=first).refusal == (401, [99998])
    assert client.call("user.logout", SessionID=first).refusal == (401, [99998])
    assert client.ok("lists.get", SessionID=second)


def test_a_key_has_no_session_to_end(client: InProcess, jane: Shop) -> None:
    assert client.call("user.logout", jane.key).refusal == (422, [1])
    assert client.ok("lists.get", jane.key)


def test_without_a_credential_nothing_ends(client: InProcess) -> None:
    assert client.call("user.logout").refusal == (401, [99998])
