"""What does a follower get when much comes, when it comes out of order, and when nobody may follow any more?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.api.event_responses import rendered_received
from tracker.app import now_ms
from tracker.domain.row_ids import SHIFT
from tracker.live import buffer, hub, subscription
from tracker.live.hub import SubscriptionHub
from tracker.live.sse import cursor_at, newest_id_in
from tracker.registry import stream
from tracker.storage.events.events import COLUMNS

Track = Callable[..., Reply]
Told = tuple[str, Any]


class Followed:
    """What one follower was told, part by part."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.last_id = ""
        self._told: list[Told] = []
        assert self._blocks(next(self._parts)) == []

    def next(self) -> Told:
        """The next (event, data)."""
        deadline = time.monotonic() + 10
        while not self._told:
            assert time.monotonic() < deadline, "nothing is told"
            self._told = self._blocks(next(self._parts))
        return self._told.pop(0)

    def names(self, count: int) -> list[str]:
        return [data["Event"] for name, data in (self.next() for _ in range(count)) if name == "tracked"]

    def rest(self) -> list[Told]:
        """All until the end."""
        return [told for part in self._parts for told in self._blocks(part)]

    def is_quiet(self) -> bool:
        """Nothing but signs of life come, for longer than a reading takes."""
        until = time.monotonic() + 2 * hub.POLL_SECONDS
        while time.monotonic() < until and not self._told:
            self._told = self._blocks(next(self._parts))
        return not self._told

    def beat(self) -> None:
        """The next sign of life."""
        while not (part := next(self._parts)).startswith(b":"):
            pass
        self._blocks(part)

    def _blocks(self, part: bytes) -> list[Told]:
        found = []
        for block in part.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            self.last_id = fields.get("id", self.last_id)
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"])))
        return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(subscription, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(stream, "ALLOWED_SECONDS", 0.1)


@pytest.fixture
def other(client: InProcess, quick: None) -> Iterator[SubscriptionHub]:
    """The followers of another process on the same database."""
    made = SubscriptionHub(client.services.storage, now_ms, rendered_received)
    yield made
    made.close()


@pytest.fixture
def followed(client: InProcess, shop: Shop, other: SubscriptionHub) -> Iterator[Callable[..., Followed]]:
    """`followed(name=…, after=…)`: somebody who follows the test's list."""
    opened: list[Any] = []

    def begin(name: str | None = None, after: str | None = None, seconds: int | None = None) -> Followed:
        place = None if after is None else newest_id_in(shop.list_id, after, now_ms())
        names = None if name is None else frozenset({name.encode()})
        parts: Any = other.parts(shop.user_id, shop.list_id, names, place, seconds)
        opened.append(parts)
        return Followed(parts)

    yield begin
    for parts in opened:
        parts.close()


def batch(client: InProcess, shop: Shop, names: list[str], **params: Any) -> None:
    events = [{"Event": name, **params} for name in names]
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    assert answer.status == 200, answer.body


def test_of_more_than_are_read_the_last_are_told_and_the_others_counted(
    client: InProcess, shop: Shop, followed: Callable[..., Followed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_ROWS", 3)
    one, wanting = followed(), followed(name="e9")
    batch(client, shop, [f"e{number}" for number in range(10)])
    assert one.next() == ("skipped", {"Count": 7})
    assert one.names(3) == ["e7", "e8", "e9"]
    assert wanting.next() == ("skipped", {"Count": 7})
    assert wanting.names(1) == ["e9"]


def test_who_reads_slowly_misses_what_was_not_kept_and_is_told_so(
    client: InProcess, shop: Shop, followed: Callable[..., Followed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "MAX_KEPT", 2)
    slow, quick = followed(), followed()
    for name in ("a", "b", "c", "d", "e"):
        batch(client, shop, [name])
        assert quick.names(1) == [name]
    assert slow.next() == ("skipped", {"Count": 3})
    assert slow.names(2) == ["d", "e"]


def test_one_that_is_committed_late_is_told(
    client: InProcess, shop: Shop, track: Track, followed: Callable[..., Followed]
) -> None:
    """Another process made its id seconds before those that were told already."""
    track(Event="before")
    one = followed()
    track(Event="first")
    assert one.names(1) == ["first"]
    place = one.last_id
    late(client, shop, seconds=5)
    assert one.names(1) == ["before"]
    assert newest_id_in(shop.list_id, one.last_id, now_ms()) == newest_id_in(shop.list_id, place, now_ms()), (
        "a place never goes back"
    )
    again = followed(after=place, seconds=0)
    assert [data["Event"] for _, data in again.rest()].count("before") == 2


def late(client: InProcess, shop: Shop, seconds: int) -> None:
    """A copy of the list's first event, with an id that was made seconds ago."""
    columns = ", ".join(COLUMNS)
    [first] = client.rows(f"SELECT {columns} FROM events WHERE list_id = ? ORDER BY id LIMIT 1", shop.list_id)
    row = (first[0], first[1] - (seconds * 1000 << SHIFT), *first[2:])
    client.services.storage.write(lambda transaction: transaction.insert("events", COLUMNS, [row]))


def test_none_is_told_twice_while_it_lasts(
    client: InProcess, shop: Shop, track: Track, followed: Callable[..., Followed]
) -> None:
    track(Event="before")
    one = followed()
    track(Event="once")
    assert one.names(1) == ["once"]
    assert one.is_quiet()


def test_a_long_absence_is_told_in_part(
    client: InProcess, shop: Shop, followed: Callable[..., Followed], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(client, shop, [f"e{number}" for number in range(250)])
    everything = followed(after=cursor_at(shop.list_id, 0), seconds=0)
    assert [data["Event"] for _, data in everything.rest()] == [f"e{number}" for number in range(250)]
    monkeypatch.setattr(hub, "MAX_IDS", 120)
    told = Followed(other_parts(client, shop)).rest()
    assert [data["Event"] for name, data in told if name == "tracked"] == [
        f"e{number}" for number in range(130, 250)
    ]


def other_parts(client: InProcess, shop: Shop) -> Iterator[bytes]:
    """The first part says at once that something was skipped: without it, as `Followed` wants."""
    parts = SubscriptionHub(client.services.storage, now_ms, rendered_received).parts(
        shop.user_id, shop.list_id, None, 0, 0
    )
    greeting, skipped, _ = next(parts).split(b"\n\n")
    assert skipped.endswith(b'data: {"Count":null}')
    yield greeting + b"\n\n"
    yield from parts


def test_the_place_moves_on_over_events_of_other_names(
    client: InProcess,
    shop: Shop,
    track: Track,
    followed: Callable[..., Followed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscription, "HEARTBEAT_SECONDS", 0.3)
    one = followed(name="never")
    first = one.last_id
    track(Event="other")
    while one.last_id == first:
        one.beat()
    assert (
        newest_id_in(shop.list_id, one.last_id, now_ms())
        == client.rows("SELECT MAX(id) FROM events WHERE list_id = ?", shop.list_id)[0][0]
    )


def test_who_closes_has_left(shop: Shop, other: SubscriptionHub, followed: Callable[..., Followed]) -> None:
    parts: Any = other.parts(shop.user_id, shop.list_id, None, None, None)
    next(parts)
    assert len(other) == 1
    parts.close()
    assert len(other) == 0


def test_one_user_cannot_take_all_places(shop: Shop, other: SubscriptionHub) -> None:
    opened = [
        other.parts(shop.user_id, shop.list_id, None, None, None) for _ in range(hub.MAX_FOLLOWERS_PER_USER)
    ]
    assert all(next(parts) for parts in opened)
    with pytest.raises(hub.TooManySubscribers):
        next(other.parts(shop.user_id, shop.list_id, None, None, None))
    assert next(other.parts(shop.user_id + 1, shop.list_id, None, None, None))


# Who may follow, and for how long


def revoke_key(client: InProcess, shop: Shop, key: str) -> None:
    assert client.services.stores.keys.revoke(key)


def take_permission(client: InProcess, shop: Shop, key: str) -> None:
    sql = "UPDATE users SET permissions = ? WHERE id = ?"
    client.services.storage.write(lambda transaction: transaction.execute(sql, (b"List.Get", shop.user_id)))


@pytest.mark.parametrize("end", [revoke_key, take_permission])
@pytest.mark.usefixtures("quick")
def test_it_ends_with_what_it_was_allowed_by(
    client: InProcess, end: Callable[[InProcess, Shop, str], None]
) -> None:
    """Also where the key was looked up a moment ago, and is remembered."""
    shop = client.open_shop(f"{end.__name__}@example.com")
    answer = client.parts("/api/v1/events.follow", shop.key, {"ListID": shop.list_id})
    one = Followed(answer)
    assert client.call("event.track", shop.key, ListID=shop.list_id, Event="seen").status == 200
    assert one.next()[0] == "tracked"
    end(client, shop, shop.key)
    began = time.monotonic()
    one.rest()
    assert time.monotonic() - began < 10
    assert len(client.services.following) == 0


@pytest.mark.usefixtures("quick")
def test_it_lasts_as_long_as_it_is_allowed(client: InProcess, shop: Shop, track: Track) -> None:
    one = Followed(client.parts("/api/v1/events.follow", shop.key, {"ListID": shop.list_id, "Seconds": "1"}))
    track(Event="seen")
    assert one.next()[0] == "tracked"
    began = time.monotonic()
    assert one.rest() == []
    assert time.monotonic() - began > 0.2, "several looks at the key later"
