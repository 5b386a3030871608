"""On which databases are costs measured? A file, one server, three Galera nodes of which one is written to, two behind Spider."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from bench.load import BenchFailed
from bench.plan import Plan
from bench.site import AnyDatabase, Database, Site, furnish
from tests.cluster.galera import Cluster
from tests.servers import MariaDB
from tests.shards.spider import HEAD_OPTIONS, Spread

#: Of each server: all that is measured fits, and the log is as far from full as a large one.
POOL, LOG = "512M", "512M"
OPTIONS = (f"--innodb-buffer-pool-size={POOL}", f"--innodb-log-file-size={LOG}", "--max-connections=500")
#: The same for a node; and times after which one that stands still is put out, which here is only short of processor.
GALERA = {
    "innodb_buffer_pool_size = 8G": f"innodb_buffer_pool_size = {POOL}",
    "innodb_log_file_size = 1G": f"innodb_log_file_size = {LOG}",
    "gcache.size=8G": "gcache.size=256M",
    "evs.suspect_timeout=PT2S": "evs.suspect_timeout=PT30S",
    "evs.inactive_timeout=PT4S": "evs.inactive_timeout=PT60S",
    "evs.install_timeout=PT4S": "evs.install_timeout=PT60S",
}
SHARDS = 2
#: The catalogue's counts are written every 5 s, a statement for each name of each list, whatever the rate. With the many lists and low
#: rates of a run that would be most of what an event costs; with the large lists of high rates it is little.
LISTS = 4
#: Pages written a second while what is left in memory is written out, and as usual.
FLUSHED_PAGES, USUAL_PAGES = 20_000, 200
SETTLE_SECONDS = 120.0


@dataclass(frozen=True)
class Engine:
    """A database that events are sent to. The first of `servers` is the one that Tracker talks to; a file has none.

    `holders` are all servers that hold every event, `tables` the servers that together have one copy of all tables.
    """

    title: str
    site: Site
    database: Database
    environ: Mapping[str, str] = field(default_factory=dict)
    servers: Sequence[MariaDB] = ()
    holders: Sequence[AnyDatabase] = ()
    tables: Sequence[MariaDB] = ()
    until_applied: Callable[[], None] = lambda: None

    def serve(self) -> AbstractContextManager[str]:
        return self.database.serve(**self.environ)

    def settle(self) -> None:
        """Have the servers write out the pages that they hold in memory, so that the bytes count for what caused them."""
        for server in self.servers:
            server.execute(
                f"SET GLOBAL innodb_io_capacity_max = {FLUSHED_PAGES}, innodb_io_capacity = {FLUSHED_PAGES}"
            )
            server.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(status(server, "Innodb_buffer_pool_pages_dirty") for server in self.servers):
            if time.monotonic() > deadline:
                raise BenchFailed("a server did not write its pages")
            time.sleep(0.1)
        for server in self.servers:
            server.execute("SET GLOBAL innodb_max_dirty_pages_pct = 90")
            server.execute(f"SET GLOBAL innodb_io_capacity = {USUAL_PAGES}")

    def kept(self) -> dict[str, int]:
        """Bytes of one copy: of the pages in use of each table and its indexes, or of the file, which nobody may have open."""
        if not self.servers:
            return {"": self.database.size()}
        sizes: dict[str, int] = {}
        for server in self.tables:
            for table, size in _table_sizes(server, self.database.url.rpartition("/")[2]):
                sizes[table] = sizes.get(table, 0) + size
        return sizes


def _table_sizes(server: MariaDB, database: str) -> list[tuple[str, int]]:
    """Files would tell less exactly: they grow by some MB at a time."""
    for (table,) in server.execute(f"SHOW TABLES FROM {database}"):
        server.execute(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {database}.{table}")
    leaves = "SELECT table_name, SUM(stat_value) * @@innodb_page_size FROM mysql.innodb_index_stats WHERE database_name = %s AND stat_name = 'n_leaf_pages' GROUP BY table_name"
    return [(table, int(size)) for table, size in server.execute(leaves, database)]


def status(server: MariaDB, name: str) -> int:
    """A counter of a server; 0 where it has no such counter."""
    rows = server.execute("SHOW GLOBAL STATUS LIKE %s", name)
    return int(rows[0][1]) if rows else 0


@contextmanager
def sqlite(plan: Plan) -> Iterator[Engine]:
    site, database = _furnished(plan, "sqlite", f"sqlite:///{plan.site.folder}/sqlite/sqlite.db")
    yield Engine("SQLite", site, database)
    database.remove()


@contextmanager
def mariadb(plan: Plan) -> Iterator[Engine]:
    with MariaDB(*OPTIONS) as server:
        yield on_server(plan, server)


def on_server(plan: Plan, server: MariaDB) -> Engine:
    """A fresh database on a server that runs."""
    url = server.new_database()
    site, database = _furnished(plan, "mariadb", url)
    return Engine("one MariaDB", site, database, servers=[server], tables=[server])


@contextmanager
def galera(plan: Plan) -> Iterator[Engine]:
    with Cluster(GALERA) as cluster:
        name = cluster.new_database()
        first = cluster.nodes[0]
        site, database = _furnished(plan, "galera", first.url(name))
        holders = [replace(database, address=node.url(name)) for node in cluster.nodes]
        title, tables = "three Galera nodes, one written to", [first]
        yield Engine(
            title, site, database, {}, cluster.nodes, holders, tables, until_applied=cluster.until_whole
        )


@contextmanager
def spider(plan: Plan) -> Iterator[Engine]:
    with ExitStack() as started:
        servers = [started.enter_context(MariaDB(*OPTIONS)) for _ in range(SHARDS)]
        head = started.enter_context(MariaDB(*OPTIONS, *HEAD_OPTIONS))
        url = Spread(head, servers).new_database()
        environ = {"TRACKER_SHARDS": str(SHARDS)}
        site, database = _furnished(plan, "spider", url, **environ)
        title = "two servers behind Spider, their head first"
        yield Engine(title, site, database, environ, [head, *servers], (), servers)


def _furnished(plan: Plan, name: str, url: str, **environ: str) -> tuple[Site, AnyDatabase]:
    """A site of the same people, with few lists, which are in the database of this URL."""
    folder = plan.site.folder / name
    folder.mkdir()
    site = replace(plan.site, folder=folder)
    furnish(site.accounts, {"TRACKER_DATABASE_URL": url, **environ}, LISTS, is_spread=bool(environ))
    return site, AnyDatabase(folder, name, url)
