"""What if events are dated in the future, by a clock that was ahead? They are kept, and in nobody's way."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_events_follow import Followed, followed, other, quick
from tracker.cli.database import check
from tracker.domain.row_ids import first_id_at
from tracker.live.hub import MAX_IDS
from tracker.live.sse import cursor_at
from tracker.storage.events import events

__all__ = ["followed", "other", "quick"]
YEAR_2090 = 3_786_912_000_000


def date_ahead(client: InProcess, shop: Shop, track: Track, count: int) -> None:
    """So many events of the list are dated 2090; one real one was there before."""
    assert track(Event="before").status == 200
    [row] = client.rows(f"SELECT {', '.join(events.COLUMNS)} FROM events WHERE list_id = ?", shop.list_id)
    first = first_id_at(YEAR_2090)
    late = [(row[0], first + n, *row[2:5], b"ahead", row[6], YEAR_2090, *row[8:]) for n in range(count)]
    client.services.storage.write(lambda transaction: events.add_events(transaction, late))


@pytest.fixture
def crowd(client: InProcess, shop: Shop, track: Track) -> None:
    """More than are read at once."""
    date_ahead(client, shop, track, MAX_IDS + 1)


def test_what_is_new_is_new_all_the_same(
    client: InProcess, shop: Shop, track: Track, crowd: None, followed: Callable[..., Followed]
) -> None:
    """As many are dated ahead as are read at once: followed, listed and dated is what comes now."""
    one = followed()
    assert track(Event="after").status == 200
    assert one.names(1) == ["after"]

    def ask(command: str, **params: Any) -> Any:
        return client.call(command, shop.key, **params).body

    recent = ask("events.recent", ListID=shop.list_id)
    assert ([each["Event"] for each in recent["Events"]], recent["Cursor"]) == (["after", "before"], None)
    [found] = ask("events.recent", ListID=shop.list_id, Event="before")["Events"]
    assert found["Event"] == "before"
    last = ask("list.get", ListID=shop.list_id)["List"]["LastEventTrackedAt"]
    [listed] = [each for each in ask("lists.get")["Lists"] if each["ListID"] == shop.list_id]
    assert last == listed["LastEventTrackedAt"]
    assert last[:4] == recent["Events"][0]["ReceivedAt"][:4] < "2090"


def test_a_place_to_go_on_from_that_lies_ahead_is_taken_for_now(
    client: InProcess, shop: Shop, track: Track, crowd: None, followed: Callable[..., Followed]
) -> None:
    """It was given when the newest event was one of 2090, or was made up."""
    for newest_id in (first_id_at(YEAR_2090), 2**63 - 1):
        one = followed(after=cursor_at(shop.list_id, newest_id))
        track(Event="after")
        seen = one.names(1)
        while seen[-1] != "after":
            seen += one.names(1)
        assert "ahead" not in seen


def test_the_check_tells_of_them_and_deletes_none(client: InProcess, shop: Shop, track: Track) -> None:
    date_ahead(client, shop, track, 3)
    client.services.ingest.flush()
    said = io.StringIO()
    with redirect_stdout(said):
        for is_repairing in (True, True):  # what was forged without counters is mended first
            is_fine = check(client.services.storage, is_repairing)
    assert is_fine
    words = "3 events are dated in the future, until 2090-01-01T00:00:00.000Z"
    assert words in said.getvalue().split("list ")[-1]
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(4,)]
