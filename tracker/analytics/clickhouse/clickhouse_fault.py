"""ClickHouse fault: what a start tells of the server that is to keep the copies for reports."""

from __future__ import annotations

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_deadline import within
from tracker.analytics.clickhouse.clickhouse_errors import (
    ClickHouseAway,
    ClickHouseError,
    ClickHouseInterrupted,
    TableMissing,
)
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_store import check_version

#: Seconds that the server may take: a start waits for it.
LOOK_SECONDS = 5.0


def clickhouse_fault(url: str) -> str | None:
    """Return what keeps reports from being answered with the ClickHouse at `url`, which is one, in words for its operator; None: nothing."""
    place = ClickHouseURL.parse(url)
    client = ClickHouseClient(place)
    try:
        with within(LOOK_SECONDS):
            check_version(client)
    except ClickHouseAway as failure:
        return f"{failure.words} at {place.host}:{place.port}"
    except TableMissing:
        return f"ClickHouse has no database {place.database}: create it"
    except (ClickHouseError, ClickHouseInterrupted) as failure:
        return failure.words
    finally:
        client.close()
    return None
