"""Databases of MariaDB with Spider: a head, at which the tables of lists are spread over other servers by the shard of the list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.servers import MariaDB
from tracker.storage.schema.own_database import own_database
from tracker.storage.shards.spread_tables import tables_of_lists

#: A statement of Spider waits no longer for a server than ours does; statistics are asked where they lie, when they are needed.
HEAD_OPTIONS = (
    "--plugin-load-add=ha_spider.so", "--spider-net-read-timeout=5", "--spider-net-write-timeout=5",
    "--spider-connect-timeout=2", "--spider-remote-sql-log-off=1",
)  # fmt: skip


class Spread:
    """A head and its servers."""

    def __init__(self, head: MariaDB, servers: Sequence[MariaDB]) -> None:
        self.head, self.servers = head, servers

    def new_database(self) -> str:
        """The URL of a fresh database with all tables, those of lists spread over the servers."""
        url = self.head.new_database()
        name = url.rpartition("/")[2]
        database = own_database(url)
        database.upgrade()
        database.close()
        for server in self.servers:
            server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        with ExitStack() as opened:
            head, *others = (opened.enter_context(each.connect(name)) for each in (self.head, *self.servers))
            for table in tables_of_lists():
                self._spread(head.cursor(), [each.cursor() for each in others], name, table.name)
        return url

    def _spread(self, head: Any, others: Sequence[Any], database: str, table: str) -> None:
        """Make a table anew at each server, and at the head as one that is partitioned over them."""
        head.execute(f"SHOW CREATE TABLE {table}")
        made = _with_list_in_keys(head.fetchone()[1])
        for other in others:
            other.execute(made)
        parts = ", ".join(
            f"PARTITION p{number} VALUES IN ({number}) COMMENT = '{_wrapped(server, database, table)}'"
            for number, server in enumerate(self.servers)
        )
        head.execute(f"DROP TABLE {table}")
        head.execute(
            f"{made[: made.rindex(') ENGINE=')]}) ENGINE=SPIDER DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
            f" PARTITION BY LIST (list_id MOD {len(self.servers)}) ({parts})"
        )


def _wrapped(server: MariaDB, database: str, table: str) -> str:
    about = f'host "127.0.0.1", port "{server.port}", user "root", database "{database}", table "{table}"'
    return f'wrapper "mysql", {about}'


def _with_list_in_keys(made: str) -> str:
    """Put the list into a primary key that has only a counter: a key of a partitioned table has what it is partitioned by."""
    return re.sub(r"PRIMARY KEY \(`id`\)", "PRIMARY KEY (`list_id`,`id`), KEY `counted` (`id`)", made)


@contextmanager
def spread(count: int) -> Iterator[Spread]:
    """Start a head and so many servers."""
    with ExitStack() as started:
        servers = [started.enter_context(MariaDB()) for _ in range(count)]
        yield Spread(started.enter_context(MariaDB(*HEAD_OPTIONS)), servers)
