"""`rejections.get`: what was refused, by reason and sender, bounded, and nobody else's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.refused_events import PAGE, bodies, collect, inbox, public_id
from tracker.errors import StorageUnavailable
from tracker.inbox import collector, new_senders
from tracker.storage import rejections


def test_refused_events_are_counted_by_reason_and_sender(client: InProcess, shop: Shop) -> None:
    for _ in range(3):
        client.call("event.track", shop.key, ListID=shop.list_id, Event="x", Email="no address")
    client.call("event.track", shop.key, ListID=shop.list_id)
    collect(client, shop, Event="")
    found = inbox(client, shop)
    assert {(each["Reason"], each["Sender"]["Kind"], each["Count"]) for each in found} == {
        ("7", "key", 3),
        ("5", "key", 1),
        ("5", "origin", 1),
    }
    [wrong] = [each for each in found if each["Reason"] == "7"]
    assert (wrong["Message"], wrong["IsStored"]) == ("Invalid email parameter", False)
    assert sum(hour["Count"] for hour in wrong["Hours"]) == 3
    assert [each["Reason"] for each in inbox(client, shop, Reason="7")] == ["7"]
    assert inbox(client, shop, From="2099-01-01T00:00:00Z") == []


def test_refused_events_of_batches_are_counted_alone(client: InProcess, shop: Shop) -> None:
    events = [{"Event": "fine"}, {"Event": ""}, 7, {"Event": "x", "ID": "null"}]
    client.ok("event.batch", shop.key, ListID=shop.list_id, Events=events)
    collect(client, shop, Events=[{"Event": "fine"}, {"Event": ""}])
    counted = {(each["Reason"], each["Sender"]["Kind"]): each["Count"] for each in inbox(client, shop)}
    assert counted == {("5", "key"): 1, ("11", "key"): 1, ("15", "key"): 1, ("5", "origin"): 1}


def test_pages_of_other_origins_are_told_by_origin(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=[PAGE])
    other = "https://www.shop.example"
    assert collect(client, shop, other).status == 403
    headers = {"Origin": other, "Access-Control-Request-Method": "POST"}
    client.request("OPTIONS", f"/t/{public_id(client, shop)}", headers=headers)
    assert collect(client, shop).status == 200
    [found] = inbox(client, shop)
    assert (found["Reason"], found["Sender"], found["Count"]) == ("403", {"Kind": "origin", "Name": other}, 2)


def test_events_that_were_stored_otherwise_than_meant_are_told(client: InProcess, shop: Shop) -> None:
    client.ok("event.track", shop.key, Event="signup", list_id=shop.list_id)
    client.ok("event.track", shop.key, ListID=shop.list_id, Event="signup", Props={})
    [found] = inbox(client, shop)
    assert (found["Reason"], found["IsStored"]) == ("ignored", True)
    assert "Props" in found["Message"]
    without = {each["Reason"] for each in inbox(client, shop, WithoutList=True)}
    assert {"ignored", "listless"} <= without


def test_a_value_that_was_sent_as_a_name_is_not_kept(client: InProcess, shop: Shop) -> None:
    sent: dict[str, Any] = {"mia.known@x.test": 1, "mia.known%40x.test": 1, f"{'a' * 60}@mia.known": 1}
    event = {"Event": "signup", "Email": "mia.known@x.test", **sent}
    client.ok("event.track", shop.key, ListID=shop.list_id, **event)
    client.ok("event.batch", shop.key, ListID=shop.list_id, Events=[event], **sent)
    collect(client, shop, **sent)
    assert {each["Sender"]["Kind"] for each in inbox(client, shop)} == {"key", "origin"}
    assert {each["Message"].count("unknown parameter (name)") > 1 for each in inbox(client, shop)} == {True}
    for table, column in (("rejections", "message"), ("rejected_bodies", "body")):
        kept = client.rows(f"SELECT {column} FROM {table} WHERE list_id = ?", shop.list_id)
        assert kept
        assert not [each for each in kept if b"mia.known" in bytes(each[0]) or b"aaaa" in bytes(each[0])]


def test_calls_of_strangers_are_for_administrators(client: InProcess, shop: Shop, admin: Shop) -> None:
    wrong = "trk_" + "A" * 40
    client.call("event.track", wrong, Event="x", Email="someone@example.com")
    assert client.post("/t/AAAAAAAAAAAAAAAA", headers={"Origin": PAGE}, json={"Event": "x"}).status == 401
    found = inbox(client, admin, OfStrangers=True)
    senders = {each["Sender"]["Kind"]: each for each in found if each["Reason"] == "99998"}
    assert senders["origin"]["Sender"]["Name"] == PAGE
    assert senders["network"]["Sender"]["Name"] == "127.0.0.0"
    assert bodies(client, admin, senders["network"]["RejectionID"], OfStrangers=True) == []
    assert client.call("rejections.get", shop.key, OfStrangers=True).refusal == (403, [34])
    assert all(each["Sender"]["Name"] != PAGE for each in inbox(client, shop, WithoutList=True))


def test_what_is_asked_is_checked(client: InProcess, shop: Shop, jane: Shop) -> None:
    for params, codes in (
        ({}, [1]),
        ({"ListID": 0}, [2]),
        ({"ListID": 2**40}, [3]),
        ({"WithoutList": "x"}, [31]),
        ({"ListID": shop.list_id, "WithoutList": True}, [32]),
        ({"OfStrangers": "x"}, [33]),
        ({"ListID": shop.list_id, "From": "x"}, [35]),
        ({"ListID": shop.list_id, "Reason": 5}, [36]),
    ):
        assert client.call("rejections.get", shop.key, **params).codes == codes, params
    assert client.call("rejections.get", jane.key, ListID=shop.list_id).codes == [3]


def test_events_of_another_users_list_are_told_to_who_sent_them(
    client: InProcess, shop: Shop, keeper: Shop
) -> None:
    assert client.call("event.track", keeper.key, ListID=shop.list_id, Event="x").codes == [4]
    assert inbox(client, shop) == []
    assert [each["Reason"] for each in inbox(client, keeper, WithoutList=True)] == ["4"]


def test_a_flood_of_senders_and_bodies_stays_within_bounds(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MAX_REJECTIONS", 3)
    monkeypatch.setattr(rejections, "MAX_BODIES", 2)
    monkeypatch.setattr(collector, "MAX_GROUPS", 4)
    for number in range(10):
        collect(client, shop, f"https://{number}.example", Event="")
        collect(client, shop, "https://0.example", Event="", EventID=f"e{number}")
    found = {each["Sender"]["Name"]: each for each in inbox(client, shop)}
    assert len(found) <= 4
    assert sum(each["Count"] for each in found.values()) == 20
    assert found[""]["Sender"]["Kind"] == "others"
    kept = bodies(client, shop, found["https://0.example"]["RejectionID"])
    assert len(kept) == 2
    monkeypatch.setattr(rejections, "MAX_BODY_BYTES", 1)
    collect(client, shop, "https://0.example", Event="")
    inbox(client, shop)
    assert client.rows("SELECT COUNT(*) FROM rejected_bodies WHERE list_id = ?", shop.list_id) == [(0,)]


def test_no_flood_of_made_up_pages_hides_a_real_one(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MAX_REJECTIONS", 6)
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=["https://shop.example"])

    def flood(first: int) -> None:
        for number in range(first, first + 9):
            collect(client, shop, f"https://fake{number}.example")

    flood(0)
    inbox(client, shop)
    collect(client, shop, "https://www.shop.example")  # of a site that is allowed: once is enough
    for _ in range(5):
        collect(client, shop, "https://real.example")
    flood(10)
    inbox(client, shop)
    flood(20)
    found = {each["Sender"]["Name"]: each["Count"] for each in inbox(client, shop)}
    assert (found["https://real.example"], found["https://www.shop.example"]) == (5, 1)
    assert (len(found), sum(found.values())) == (7, 33)
    assert found[""] == 23
    answer = client.ok("setup.check", shop.key, ListID=shop.list_id, Probe=False)
    named = [each["Origin"] for each in answer["Origins"]]
    assert named[:2] == ["https://www.shop.example", "https://real.example"]
    assert "" not in named


def test_one_network_brings_few_new_pages_that_come_once(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_senders, "FREE", 2)
    monkeypatch.setattr(new_senders, "MAX_ORIGINS", 4)
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=["https://shop.example"])
    for number in range(9):
        collect(client, shop, f"https://fake{number}.example")
    for _ in range(4):
        collect(client, shop, "https://real.example")
    found = {each["Sender"]["Name"]: each["Count"] for each in inbox(client, shop)}
    assert found == {"https://fake0.example": 1, "https://fake1.example": 1, "https://real.example": 2, "": 9}
    monkeypatch.setattr(new_senders, "HOUR_SECONDS", 7)  # another hour
    monkeypatch.setattr(new_senders, "MAX_NETWORKS", 0)  # each call's network is forgotten at once
    later = {f"https://later{number}.example" for number in range(3)}
    for origin in later:
        collect(client, shop, origin)
    assert later <= {each["Sender"]["Name"] for each in inbox(client, shop)}


def test_a_flood_of_pages_that_may_send_hides_no_other(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MAX_NAMES", 3)
    for number in range(5):
        collect(client, shop, f"https://fake{number}.example")
    inbox(client, shop)
    for origin in ("https://real.example", "https://real.example", "https://last.example"):
        collect(client, shop, origin)
    inbox(client, shop)
    rows = client.rows(
        "SELECT name, total FROM senders WHERE list_id = ? AND kind = ?", shop.list_id, b"origin"
    )
    counted = {bytes(name).decode(): total for name, total in rows}
    assert (counted["https://real.example"], sum(counted.values()), len(counted)) == (2, 8, 4)


def test_what_is_old_goes(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, RetentionDays=1)
    collect(client, shop, Event="")
    [found] = inbox(client, shop)
    day, now = rejections.DAY_MS, client.services.inbox._now()  # noqa: SLF001
    database = client.services.storage
    database.write(lambda transaction: rejections.purge(transaction, now + 2 * day, {shop.list_id: 1}))
    assert bodies(client, shop, found["RejectionID"]) == []
    database.write(lambda transaction: rejections.purge(transaction, now + 8 * day, {}))
    assert inbox(client, shop) == []
    for table in ("rejections", "rejection_hours", "rejected_bodies", "senders"):
        [(count,)] = client.rows(f"SELECT COUNT(*) FROM {table} WHERE list_id = ?", shop.list_id)
        assert count == 0, table


def test_what_storage_does_not_take_is_told_later(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StorageUnavailable("a test")

    box = client.services.inbox
    collect(client, shop, Event="")
    with monkeypatch.context() as away:
        away.setattr(box, "_database", SimpleNamespace(write=refuse, shards=1))
        box.flush()
        collect(client, shop, Event="")
        box.flush()
    [found] = inbox(client, shop)
    assert found["Count"] == 2
    assert len(bodies(client, shop, found["RejectionID"])) == 2
