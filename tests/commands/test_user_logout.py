"""Does `user.logout` end the session it is called with, at once and no other?"""

from __future__ import annotations

from tests.commands.api import PASSWORD, Api, User


def test_the_session_ends_and_the_others_go_on(api: Api, jane: User) -> None:
    first, second = (
        api.ok("user.login", Username=jane.email, Password=PASSWORD)["SessionID"] for _ in range(2)
    )
    assert api.ok("lists.get", SessionID=first)
    assert api.ok("user.logout", SessionID=first) == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert api.codes("lists.get", SessionID=first) == (401, [99998])
    assert api.codes("user.logout", SessionID=first) == (401, [99998])
    assert api.ok("lists.get", SessionID=second)


def test_a_key_has_no_session_to_end(api: Api, jane: User) -> None:
    assert api.codes("user.logout", jane.key) == (422, [1])
    assert api.ok("lists.get", jane.key)


def test_without_a_credential_nothing_ends(api: Api) -> None:
    assert api.codes("user.logout") == (401, [99998])
