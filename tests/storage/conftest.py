"""What do the tests of storage stand on? A migrated database per test, and a server behind a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers import MariaDB, NewDatabase
from tests.storage.proxy import Proxy
from tracker.ingest.service import Ingest
from tracker.storage.engine.database import Database
from tracker.storage.schema.own_database import own_database

Open = Callable[[str], Database]
NewIngest = Callable[[Database], Ingest]


@pytest.fixture
def opened() -> Iterator[Open]:
    """`opened(url)` gives the database at a URL, migrated; all are closed after the test."""
    with ExitStack() as stack:

        def open_database(url: str) -> Database:
            database = own_database(url)
            stack.callback(database.close)
            database.upgrade()
            return database

        yield open_database


@pytest.fixture
def database(database_url: str, opened: Open) -> Database:
    """A migrated database; the test runs once for each kind."""
    return opened(database_url)


@pytest.fixture
def file(sqlite_url: str, opened: Open) -> Database:
    """A migrated SQLite file."""
    return opened(sqlite_url)


@pytest.fixture
def server(new_database: NewDatabase, opened: Open) -> Database:
    """A migrated database on a MariaDB."""
    return opened(new_database("mariadb"))


@pytest.fixture
def proxy(mariadb: MariaDB) -> Iterator[Proxy]:
    with Proxy(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
def distant(mariadb: MariaDB, proxy: Proxy, opened: Open) -> Database:
    """A migrated database on a MariaDB behind `proxy`."""
    return opened(mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/"))


@pytest.fixture
def new_ingest(proxy: Proxy) -> Iterator[NewIngest]:
    """`new_ingest(database)` gives a write path; after the test none is left that tries to reach its database."""
    made: list[Ingest] = []

    def new(database: Database) -> Ingest:
        made.append(Ingest(database))
        return made[-1]

    yield new
    proxy.fates.clear()
    proxy.reopen()
    for ingest in made:
        ingest.close()
