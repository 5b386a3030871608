"""Does each adapter make of what real clients sent exactly the events and the answer that were looked at once?"""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.sdks.golden_rows import Row, all_rows, families, outcome, rows_of

#: Families without a client to record: marked so in docs/sdks.md.
FROM_DOCUMENTATION = frozenset(("ga4", "goatcounter"))
ROWS = list(all_rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.family} {row.method} {row.path}")
def test_a_recorded_request_becomes_its_events_and_gets_its_answer(row: Row) -> None:
    events, answer = outcome(row)
    assert events == row.events
    assert answer == row.answer


@pytest.mark.parametrize("family", families())
def test_every_family_has_golden_rows(family: str) -> None:
    assert rows_of(family) or family in FROM_DOCUMENTATION


@pytest.mark.parametrize("family", families())
def test_recorded_requests_are_stored_once_whatever_comes_again(
    client: InProcess, shop: Shop, family: str
) -> None:
    """All through the door, twice: what has an id is stored once, and a client hears the same success."""
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    counts = []
    for _ in range(2):
        for row in rows_of(family):
            path, headers, raw, query = row.sent_with(found.tracker_id, shop.key)
            reply = client.request(row.method, path, headers=headers, data=raw or None, params=query or None)
            assert reply.status == row.answer["status"], (row.path, reply.text)
            assert reply.headers["Access-Control-Allow-Origin"]
        [(count,)] = client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)
        counts.append(count)
    keyed = all(
        event.get("EventID") for row in rows_of(family) for item in row.events or () for event in item
    )
    assert counts[0] >= sum(bool(item) for row in rows_of(family) for item in row.events or ())
    assert counts[0] == counts[1] or not keyed
