"""Shared store: which tables of copies a database in ClickHouse has, and how they are dropped."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_errors import LEAST_VERSION, ClickHouseForeign, ClickHouseTooOld
from tracker.analytics.copy.copy_tables import FORMAT

_NAMED = (
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, $1) ORDER BY name"
)
_BASE = re.compile(r"(tracker([0-9]+)_([0-9a-f]+)_([1-9][0-9]*))_")
_LOCK = re.compile(r"(root|lock|build)_")


def check_version(client: ClickHouseClient) -> None:
    """Raise ClickHouseTooOld for a server that is older than what answers were compared with, ClickHouseForeign for what is none."""
    rows = client.rows("SELECT version()")
    try:
        [(version,)] = rows
        numbers = tuple(map(int, version.split(".")[:2]))
    except (ValueError, AttributeError):
        raise ClickHouseForeign(f"its version is {str(rows)!r}") from None
    if numbers < LEAST_VERSION:
        raise ClickHouseTooOld(version)


def base_lists(client: ClickHouseClient, source: str) -> dict[int, str]:
    """Return {list: what its tables begin with} of one truth's copies; those of an older format are dropped."""
    found: dict[int, str] = {}
    for (name,) in client.rows(_NAMED, ["tracker"]):
        match = _BASE.match(name)
        if match is None or match[3] != source[: len(match[3])]:
            continue
        if int(match[2]) < FORMAT:
            client.write(f"DROP TABLE IF EXISTS {name} SYNC")
        elif int(match[2]) == FORMAT:
            found[int(match[4])] = match[1]
    return found


def drop_tables(client: ClickHouseClient, base: str, kept: str = "") -> None:
    """Drop the tables of a copy, but those that begin with `kept`, and its locks. Their bytes are gone when this returns."""
    for name in _tables(client, base):
        if not _LOCK.match(name, len(base) + 1) and not (kept and name.startswith(kept)):
            client.write(f"DROP TABLE IF EXISTS {name} SYNC")


def remove_copy(client: ClickHouseClient, base: str) -> None:
    """Drop all of a copy, its locks last: whoever writes into it has lost them then."""
    drop_tables(client, base)
    for name in sorted(_tables(client, base), key=lambda each: each.startswith(f"{base}_root_")):
        client.write(f"DROP TABLE IF EXISTS {name} SYNC")


def note(client: ClickHouseClient, base: str, kind: str) -> None:
    """Note that the list was asked for, or its copy checked, for all instances."""
    client.write(f"INSERT INTO {base}_root_lock (kind, at) SELECT $1, {time.time_ns() // 1_000_000}", [kind])


def age(client: ClickHouseClient, base: str, kind: str) -> float:
    """Return the seconds since that; without a note it is long ago."""
    [(at,)] = client.rows(f"SELECT max(at) FROM {base}_root_lock WHERE kind = $1", [kind])
    return float("inf") if at is None else time.time() - at / 1000


def _tables(client: ClickHouseClient, base: str) -> Iterator[str]:
    return iter([row[0] for row in client.rows(_NAMED, [f"{base}_"])])
