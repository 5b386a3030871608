"""Does the audit log tell who did what, to whom it concerns, and nothing of persons?"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.caller import Caller
from tracker.storage.accounts.audit_log import FAILED_KEPT_MS, LOGIN_FAILED, Somebody, note
from tracker.storage.engine.transaction import Transaction

_numbers = itertools.count(1)


@pytest.fixture
def shop(client: InProcess) -> Shop:
    return client.open_shop(f"audit{next(_numbers)}@example.com")


@pytest.fixture
def admin(client: InProcess) -> Shop:
    return client.open_shop(f"audit{next(_numbers)}@example.com", "*,Administrator", is_admin=True)


def ok(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return dict(reply.body)


def entries(client: InProcess, key: str, **params: Any) -> list[dict[str, Any]]:
    return list(ok(client.call("audit.get", key, **params))["Entries"])


def told(client: InProcess, shop: Shop, count: int) -> list[tuple[Any, ...]]:
    """The newest entries of the shop's user, without numbers and times."""
    names = ("UserID", "Key", "Session", "Action", "Object")
    return [tuple(entry[name] for name in names) for entry in entries(client, shop.key)[:count]]


def prefix(key: str) -> str:
    return key.split("_")[1]


def session_name(client: InProcess, session_id: str) -> str:
    found = client.services.stores.sessions.find(session_id)
    assert found is not None
    return str(found.token_hash[:8].hex())


def test_logins_and_what_is_done_with_keys_and_sessions(client: InProcess, shop: Shop) -> None:
    session = ok(client.call("user.login", Username=shop.email, Password=shop.password))["SessionID"]
    by_key = ok(client.call("user.login", APIKey=shop.key))["SessionID"]
    made = ok(client.call("apikey.create", None, SessionID=session))["Prefix"]
    ok(client.call("apikey.revoke", shop.key, Prefix=made))
    ok(client.call("apikey.revoke", shop.key, Prefix=made))
    assert client.call("user.login", Username=shop.email, Password="wrong").codes == [3]
    own, first, second = prefix(shop.key), session_name(client, session), session_name(client, by_key)
    assert told(client, shop, 5) == [
        (shop.user_id, None, None, "user.login.failed", ""),
        (shop.user_id, own, None, "apikey.revoke", f"key:{made}"),
        (shop.user_id, None, first, "apikey.create", f"key:{made}"),
        (shop.user_id, own, second, "user.login", ""),
        (shop.user_id, None, first, "user.login", ""),
    ]


def test_accounts_made_and_failures_of_nobody_are_told_to_administrators(
    client: InProcess, admin: Shop
) -> None:
    email = f"audit{next(_numbers)}@example.com"
    user_id = ok(client.call("user.create", admin.key, Username=email, Password="x"))["UserID"]
    unknown_key = client.services.stores.keys.add(user_id)
    client.services.stores.keys.revoke(unknown_key)
    assert client.call("user.login", Username=f"nobody{next(_numbers)}@example.com", Password="x").codes == [
        3
    ]
    assert client.call("user.login", APIKey=unknown_key).codes == [3]
    key, nobody, *_, made = entries(client, admin.key, Scope="All", RecordsPerRequest=5)
    assert (key["UserID"], key["Action"], key["Object"]) == (None, LOGIN_FAILED, f"key:{prefix(unknown_key)}")
    assert (nobody["UserID"], nobody["Action"], nobody["Object"]) == (None, LOGIN_FAILED, "")
    assert (made["UserID"], made["Key"]) == (admin.user_id, prefix(admin.key))
    assert (made["Action"], made["Object"]) == ("user.create", f"user:{user_id}")


def test_a_user_sees_the_own_entries_and_an_administrator_all(
    client: InProcess, shop: Shop, admin: Shop
) -> None:
    assert {entry["UserID"] for entry in entries(client, shop.key)} == {shop.user_id}
    assert {entry["UserID"] for entry in entries(client, admin.key)} == {admin.user_id}
    everybody = {entry["UserID"] for entry in entries(client, admin.key, Scope="all")}
    assert {shop.user_id, admin.user_id} <= everybody
    admins_plain_key = client.services.stores.keys.add(admin.user_id, "*")
    for key in (shop.key, admins_plain_key):
        reply = client.call("audit.get", key, Scope="All")
        assert (reply.status, reply.codes) == (403, [4])


def test_pages_are_newest_first_and_join(client: InProcess, shop: Shop) -> None:
    for _ in range(7):
        ok(client.call("apikey.create", shop.key))
    whole = entries(client, shop.key)
    pages, before = [], {}
    while page := entries(client, shop.key, RecordsPerRequest=3, **before):
        assert len(page) <= 3
        pages += page
        before = {"BeforeEntryID": page[-1]["EntryID"]}
        ok(client.call("apikey.create", shop.key))  # what is new does not shift the pages
    assert pages == whole
    numbers = [entry["EntryID"] for entry in whole]
    assert numbers == sorted(numbers, reverse=True)
    assert len(entries(client, shop.key)) > len(whole)


def test_an_entry_stands_or_falls_with_its_transaction(client: InProcess, shop: Shop) -> None:
    """As a command does that deletes: in its own transaction, with itself as the doer."""
    audit, before = client.services.audit, entries(client, shop.key)
    caller = Caller(shop.user_id, session_hash=b"s" * 32)

    def fails(transaction: Transaction) -> None:
        audit.note(transaction, caller, "subscriber.delete", "list:12 subscriber:77")
        raise LookupError

    with pytest.raises(LookupError):
        client.services.storage.write(fails)
    assert entries(client, shop.key) == before
    client.services.storage.write(
        lambda transaction: audit.note(transaction, caller, "subscriber.delete", "list:12 subscriber:77")
    )
    assert told(client, shop, 1) == [
        (shop.user_id, None, (b"s" * 8).hex(), "subscriber.delete", "list:12 subscriber:77")
    ]


@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("subscriber.delete", "jane@example.com"),
        ("subscriber.delete", "subscriber:jane@example.com"),
        ("subscriber.delete", "list:1 Jane Doe"),
        ("subscriber.delete", "subscriber"),
        ("subscriber.delete", "list:1\n"),
        ("subscriber.delete", " ".join(["list:" + "1" * 60] * 2)),
        ("delete jane@example.com", ""),
        ("", ""),
    ],
)
def test_an_entry_cannot_hold_an_email(client: InProcess, shop: Shop, action: str, thing: str) -> None:
    before = client.counts(("audit_log",))
    with pytest.raises(ValueError, match="words and numbers"):
        client.services.storage.write(
            lambda transaction: note(transaction, Somebody(shop.user_id), action, thing, 0)
        )
    assert client.counts(("audit_log",)) == before


def test_nothing_of_a_subscriber_is_in_the_log(client: InProcess, shop: Shop) -> None:
    ok(client.call("user.login", Username=shop.email, Password=shop.password))
    client.call("user.login", Username=shop.email, Password="wrong")
    client.call("user.login", Username="stranger@example.com", Password="wrong")
    texts = [bytes(text) for row in client.rows("SELECT action, object FROM audit_log") for text in row]
    assert b"user.login.failed" in texts
    assert not [text for text in texts if b"@" in text or b"example" in text or b"127.0.0.1" in text]


def test_old_failures_go_and_the_rest_stays(client: InProcess, shop: Shop) -> None:
    client.call("user.login", Username=shop.email, Password="wrong")
    assert told(client, shop, 1)[0][3] == LOGIN_FAILED
    kept = [entry for entry in entries(client, shop.key) if entry["Action"] != LOGIN_FAILED]
    client.services.storage.write(
        lambda transaction: transaction.execute(
            "UPDATE audit_log SET at = at - ?", (FAILED_KEPT_MS + 60_000,)
        )
    )
    client.call("user.login", Username=f"nobody{next(_numbers)}@example.com", Password="wrong")
    assert [entry["EntryID"] for entry in entries(client, shop.key)] == [entry["EntryID"] for entry in kept]


def test_deletions_are_told_and_those_refused_are_not(client: InProcess, shop: Shop) -> None:
    on = {"ListID": shop.list_id}
    subscriber = ok(client.call("subscriber.create", shop.key, **on, EmailAddress="gone@example.com"))[
        "SubscriberID"
    ]
    field = ok(client.call("customfield.create", shop.key, SubscriberListID=shop.list_id, FieldName="Age"))[
        "CustomFieldID"
    ]
    for _ in range(2):
        client.call("subscriber.delete", shop.key, **on, EmailAddress="gone@example.com")
        client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=field)
    own = prefix(shop.key)
    deletions = [entry for entry in told(client, shop, 10) if entry[3].endswith(".delete")]
    assert deletions == [
        (shop.user_id, own, None, "customfield.delete", f"list:{shop.list_id} customfield:{field}"),
        (shop.user_id, own, None, "subscriber.delete", f"list:{shop.list_id} subscriber:{subscriber}"),
    ]
