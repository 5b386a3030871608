"""`setup.check`: what works and what does not, with the fix; the probe goes by the public address and leaves nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.refused_events import PAGE, collect
from tracker.browser import LIB_VERSION
from tracker.inbox import public_probe

WWW = "https://www.shop.example"


def checked(client: InProcess, shop: Shop, **params: Any) -> dict[str, Any]:
    """The answer, with what is written late."""
    client.services.inbox.flush()
    return client.ok("setup.check", shop.key, **{"ListID": shop.list_id, "Probe": False, **params})


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {each["Check"]: each["State"] for each in answer["Checks"]}


def check(answer: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in answer["Checks"] if each["Check"] == name]
    return dict(found)


def test_of_a_new_list_nothing_is_known(client: InProcess, jane: Shop) -> None:
    list_id = client.services.stores.lists.add(jane.user_id, "New")
    answer = client.ok("setup.check", jane.key, ListID=list_id, Probe=False)
    found = states(answer)
    assert {found.pop(name) for name in ("WithoutList", "Refused")} == {"ok"}
    assert set(found.values()) == {"unknown"}
    assert (answer["State"], answer["Origins"]) == ("ok", [])


def test_what_works_is_told(client: InProcess, shop: Shop) -> None:
    agent = {"$lib_version": LIB_VERSION}
    for _ in range(3):
        collect(client, shop, Properties=agent)
    client.ok("event.track", shop.key, ListID=shop.list_id, Event="order", SentAt="2024-01-31T09:00:00Z")
    answer = checked(client, shop)
    [origin] = answer["Origins"]
    assert (origin["Origin"], origin["IsAllowed"], origin["Seen"], origin["Refused"]) == (PAGE, True, 3, 0)
    assert f"{PAGE} (3)" in check(answer, "Origins")["Detail"]
    assert check(answer, "Script")["Detail"].startswith(f"Release {LIB_VERSION} sent")
    assert check(answer, "PrivacySignals")["Detail"].startswith("0% of browsers' events")
    assert check(answer, "Clock")["State"] == "warn"
    assert check(answer, "Keys")["State"] == "ok"
    assert {states(answer)[name] for name in ("Events", "Origins", "Script", "PrivacySignals")} == {"ok"}


def test_a_refused_origin_is_bad_until_it_is_allowed(client: InProcess, shop: Shop) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=[PAGE])
    assert collect(client, shop, WWW).status == 403
    answer = checked(client, shop)
    found = check(answer, "Origins")
    assert (answer["State"], found["State"]) == ("bad", "bad")
    assert found["Detail"].startswith(f"{WWW} is refused")
    assert found["Fix"].startswith(f"Add {WWW} to AllowedOrigins")
    assert client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["TrackingState"] == "bad"
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=[PAGE, WWW])
    assert states(checked(client, shop))["Origins"] == "ok"
    assert client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["TrackingState"] == "ok"
    as_if = checked(client, shop, AllowedOrigins=[PAGE])["Origins"]
    assert [(each["Origin"], each["IsAllowed"]) for each in as_if] == [(WWW, False)]


@pytest.mark.parametrize(
    ("origin", "is_allowable", "fix"),
    [
        ("https://elsewhere.example", True, "If the pages of https://elsewhere.example are yours"),
        ("null", False, "Pages in a frame with sandbox"),
        ("javascript:alert(1)", False, "It is no origin"),
        ("https://user:pw@shop.example", False, "It is no origin"),
        ("<script>", False, "It is no origin"),
    ],
)
def test_nobody_is_told_to_allow_what_may_be_anybodys(
    client: InProcess, shop: Shop, origin: str, is_allowable: bool, fix: str
) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=[PAGE])
    collect(client, shop, origin)
    answer = checked(client, shop)
    [found] = answer["Origins"]
    assert (found["Origin"], found["IsAllowed"], found["IsAllowable"]) == (origin, False, is_allowable)
    assert check(answer, "Origins")["Fix"].startswith(fix)
    wanted = {"ListID": shop.list_id, "AllowedOrigins": [PAGE, origin]}
    assert (client.call("list.update", shop.key, **wanted).status == 200) is is_allowable


def test_robots_old_scripts_and_wishes_are_told(client: InProcess, shop: Shop) -> None:
    agent = {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)", "Origin": PAGE, "Sec-GPC": "1"}
    path = f"/t/{client.services.stores.lists.owned(shop.user_id, shop.list_id).tracker_id}"  # type: ignore[union-attr]
    client.post(path, headers=agent, json={"Event": "page_view", "Properties": {"$lib_version": "0"}})
    answer = checked(client, shop)
    assert states(answer)["Robots"] == states(answer)["Script"] == "warn"
    assert check(answer, "PrivacySignals")["Detail"].startswith("100%")


def test_events_without_a_list_and_refused_ones_are_told(client: InProcess, keeper: Shop) -> None:
    client.ok("event.track", keeper.key, Event="signup", list_id=keeper.list_id)
    client.call("event.track", keeper.key, ListID=keeper.list_id, Event="")
    answer = checked(client, keeper)
    assert check(answer, "WithoutList")["Detail"].startswith("1 event without a list in 24 hours, by key")
    assert check(answer, "WithoutList")["State"] == "warn"
    assert check(answer, "Refused")["State"] == "warn"


def test_what_is_asked_is_checked(client: InProcess, shop: Shop, keeper: Shop) -> None:
    for params, codes in (
        ({}, [1]),
        ({"ListID": "x"}, [2]),
        ({"ListID": keeper.list_id}, [3]),
        ({"ListID": shop.list_id, "Probe": "x"}, [4]),
        ({"ListID": shop.list_id, "AllowedOrigins": ["x"]}, [7]),
    ):
        assert client.call("setup.check", shop.key, **params).codes == codes


@pytest.fixture
def answering() -> Iterator[Any]:
    """`answering(bytes)` gives the address of somebody who answers so."""
    servers = []

    def serve(answer: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def once() -> None:
            connection, _ = server.accept()
            with closing(connection):
                connection.recv(4096)
                connection.sendall(answer)

        Thread(target=once, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/t/x"

    yield serve
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n",
            "redirects to https://other",
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "it answers 502"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "somebody else answers"),
        (b"no HTTP at all\r\n\r\n", "BadStatusLine"),
        (b"", "RemoteDisconnected"),
    ],
)
def test_a_public_address_that_is_not_ours_is_told(
    client: InProcess, answering: Any, answer: bytes, told: str
) -> None:
    found = public_probe.probe(client.services.storage, answering(answer), PAGE)
    assert told in (found.fault or "")


def test_where_nobody_listens_is_told(client: InProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found = public_probe.probe(client.services.storage, f"http://127.0.0.1:{port}/t/x", PAGE)
    assert "Refused" in (found.fault or "")
