"""Do counters follow when the verdict about stored events is another one? `tracker bots recheck`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import tracker.integrity.bot_recheck as recheck_module
from tests.client import InProcess, Reply, Shop
from tests.contract.test_conversions import conversion, totals
from tracker.domain import user_agent
from tracker.domain.event import IS_BOT, IS_REPEATED_CONVERSION
from tracker.integrity.bot_recheck import Rechecked, recheck
from tracker.integrity.counter_check import recount

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
CURL = "curl/8.5.0"
Send = Callable[..., Reply]
Judge = Callable[[dict[str, str | None]], None]


@pytest.fixture
def send(client: InProcess, shop: Shop) -> Send:
    public = client.services.stores.lists.owned(shop.user_id, shop.list_id).tracker_id

    def send(agent: str, **event: Any) -> Reply:
        headers = {"User-Agent": agent, "Content-Type": "text/plain"}
        answer = client.request("POST", f"/t/{public}", headers=headers, data=json.dumps(event).encode())
        assert answer.status == 200, answer.body
        return answer

    return send


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Make lists of robots say `{agent: reason or None}` from now on."""

    def judge(verdicts: dict[str, str | None]) -> None:
        user_agent.remembered_agent.cache_clear()
        monkeypatch.setattr(user_agent, "bot_reason", lambda text, is_image: verdicts.get(text))

    yield judge
    user_agent.remembered_agent.cache_clear()


def rechecked(client: InProcess, shop: Shop, **options: Any) -> Rechecked:
    client.services.ingest.flush()
    return recheck(client.services.storage, shop.list_id, **options)


def differences(client: InProcess, shop: Shop) -> list[str]:
    client.services.ingest.flush()
    return [str(difference) for difference in recount(client.services.storage, shop.list_id).differences]


def stored(client: InProcess, shop: Shop) -> list[tuple[str, bool, Any, Any]]:
    """(name, is a robot's, $bot, $device_type) of all events."""
    rows = client.rows(
        "SELECT name, flags, properties FROM events WHERE list_id = ? ORDER BY id", shop.list_id
    )
    said = [(bytes(name).decode(), bool(flags & IS_BOT), json.loads(bytes(p)[1:])) for name, flags, p in rows]
    return [(name, is_bot, p.get("$bot"), p.get("$device_type")) for name, is_bot, p in said]


def counted(client: InProcess, shop: Shop) -> dict[str, int]:
    client.services.ingest.flush()
    rows = client.rows("SELECT name, events FROM event_names WHERE list_id = ?", shop.list_id)
    return {bytes(name).decode(): events for name, events in rows}


def test_robots_become_people_and_count(client: InProcess, shop: Shop, send: Send, judge: Judge) -> None:
    judge({CHROME: "Chrome"})
    send(CHROME, Event="seen", Email="ann@example.com")
    send(CHROME, **conversion("o-1", 129), Email="ann@example.com")
    send(CURL, Event="other")
    assert counted(client, shop) == {"seen": 0, "identify": 0, "conversion": 0, "other": 1}
    judge({})
    assert len(rechecked(client, shop, is_dry_run=True).people) == 3, (
        "an identify event of ours goes with its event"
    )
    assert counted(client, shop)["seen"] == 0
    assert len(rechecked(client, shop).people) == 3
    assert [event[:3] for event in stored(client, shop)] == [
        ("seen", False, None), ("identify", False, None), ("conversion", False, None), ("other", False, None),
    ]  # fmt: skip
    assert stored(client, shop)[0][3] == "desktop"
    assert counted(client, shop) == {"seen": 1, "identify": 1, "conversion": 1, "other": 1}
    assert totals(client, shop) == {(b"Sale", b""): (1, 129_000_000)}
    found = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress="ann@example.com").body
    assert found["TotalRevenue"] == 129.0
    assert differences(client, shop) == []
    assert rechecked(client, shop) == Rechecked(events=4)


def test_events_that_a_server_sends_on_are_judged_by_the_agent_it_names(
    client: InProcess, shop: Shop, judge: Judge
) -> None:
    judge({CHROME: "Chrome"})
    own: dict[str, Any] = {"Event": "own", "Properties": {"$raw_user_agent": CHROME}}
    events: list[dict[str, Any]] = [
        {"Event": "seen", "UserAgent": CHROME, "Email": "ann@example.com"},
        {"Event": "unknown", "UserAgent": ""},
        own,
    ]
    sent = [{**each, "ListID": shop.list_id} for each in events]
    assert client.call("event.batch", shop.key, Events=sent).status == 200
    assert counted(client, shop) == {"seen": 0, "identify": 0, "unknown": 1, "own": 1}
    judge({})
    assert len(rechecked(client, shop).people) == 2
    assert counted(client, shop) == {"seen": 1, "identify": 1, "unknown": 1, "own": 1}
    judge({CHROME: "Chrome"})
    assert len(rechecked(client, shop).robots) == 2
    assert counted(client, shop) == {"seen": 0, "identify": 0, "unknown": 1, "own": 1}
    assert differences(client, shop) == []


def test_people_become_robots_and_count_no_more(
    client: InProcess, shop: Shop, send: Send, judge: Judge
) -> None:
    judge({})
    send(CHROME, **conversion("o-1", 5))
    send(CURL, **conversion("o-2", 7))
    judge({CURL: "curl"})
    assert len(rechecked(client, shop).robots) == 1
    assert stored(client, shop) == [
        ("conversion", False, None, "desktop"),
        ("conversion", True, "curl", "bot"),
    ]
    assert counted(client, shop) == {"conversion": 1}
    assert totals(client, shop) == {(b"Sale", b""): (1, 5_000_000)}
    assert differences(client, shop) == []
    send(CHROME, **conversion("o-2", 7))
    assert totals(client, shop) == {(b"Sale", b""): (2, 12_000_000)}, (
        "the robot does not keep the conversion-id"
    )


def test_an_order_counts_once_however_often_verdicts_change(
    client: InProcess, shop: Shop, send: Send, judge: Judge
) -> None:
    judge({CHROME: "Chrome"})
    send(CHROME, **conversion("o-1", 5))
    send(CURL, **conversion("o-1", 5))
    for _ in range(2):
        judge({})
        assert len(rechecked(client, shop).people) == 1
        sql = "SELECT flags FROM events WHERE list_id = ? ORDER BY id"
        assert [bool(flags & IS_REPEATED_CONVERSION) for (flags,) in client.rows(sql, shop.list_id)] == [
            True,
            False,
        ]
        assert totals(client, shop) == {(b"Sale", b""): (1, 5_000_000)}
        assert differences(client, shop) == []
        judge({CHROME: "Chrome"})
        assert len(rechecked(client, shop).robots) == 1
        assert differences(client, shop) == []


def test_many_pages_are_looked_at(
    client: InProcess, shop: Shop, send: Send, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck_module, "PAGE", 3)
    monkeypatch.setattr(recheck_module, "MAX_CHANGES", 2)
    judge({CHROME: "Chrome"})
    for number in range(8):
        send(CHROME if number % 4 else CURL, Event="seen")
    judge({})
    assert len(rechecked(client, shop).people) == 6
    assert counted(client, shop) == {"seen": 8}
    assert differences(client, shop) == []


def test_what_came_with_a_key_is_nobodys_browser(client: InProcess, shop: Shop, judge: Judge) -> None:
    sent = {"ListID": shop.list_id, "Event": "seen", "Properties": {"$raw_user_agent": CURL}}
    assert client.call("event.track", shop.key, **sent).status == 200
    judge({CURL: "curl"})
    assert rechecked(client, shop) == Rechecked()
