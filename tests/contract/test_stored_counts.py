"""Do counters follow when the flags of stored events change?"""

from __future__ import annotations

from tests.client import InProcess, Shop, Track
from tests.contract.test_conversions import conversion, totals
from tracker.domain.event import IS_BOT, IS_REPEATED_CONVERSION
from tracker.integrity.counter_check import recount
from tracker.storage.aggregates.count_changes import change_flags
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events.events import read_events


def test_counters_follow_the_flags_of_stored_events(client: InProcess, track: Track, shop: Shop) -> None:
    """Robots' events leave all counters, repeated conversions the totals, and come back."""
    track(Properties={"a": 1})
    for number in range(2):
        track(**conversion(f"order-{number}"))
    client.services.ingest.flush()
    ids = [row[0] for row in client.rows("SELECT id FROM events WHERE list_id = ?", shop.list_id)]

    def give(flags: int) -> list[str]:
        def change(transaction: Transaction) -> None:
            events = read_events(transaction, shop.list_id, ids, is_locking=True).values()
            change_flags(transaction, shop.list_id, [(event, flags) for event in events])

        client.services.storage.write(change)
        return [str(difference) for difference in recount(client.services.storage, shop.list_id).differences]

    for flags, counted, worth in (
        (IS_BOT, 0, (0, 0)),
        (IS_REPEATED_CONVERSION, 3, (0, 0)),
        (IS_REPEATED_CONVERSION | IS_BOT, 0, (0, 0)),
        (0, 3, (2, 20_000_000)),
    ):
        assert give(flags) == []
        sql = "SELECT SUM(events) FROM event_counts WHERE list_id = ?"
        assert client.rows(sql, shop.list_id) == [(counted,)]
        sql = "SELECT SUM(events) FROM event_names WHERE list_id = ?"
        assert client.rows(sql, shop.list_id) == [(counted,)]
        assert totals(client, shop) == {(b"Sale", b""): worth}
