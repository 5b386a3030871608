"""What do the tests of copies stand on? A ClickHouse, events of browsers, and other verdicts about robots, as the contract's tests have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analytics.clickhouse_server import ClickHouseDouble
from tests.contract.test_bots_recheck import judge, send
from tests.ingest.real import Real, real_on

__all__ = ["judge", "send"]


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[ClickHouseDouble]:
    """The engine of ClickHouse behind its HTTP interface, in a process of its own."""
    made = ClickHouseDouble()
    yield made
    made.close()


@pytest.fixture
def filed(sqlite_url: str) -> Iterator[Real]:
    """A database file, with a write path in this process."""
    with real_on(sqlite_url) as made:
        yield made
