"""Shards: which lists lie in one database, and the parts in which all lists are looked through.

A list's rows lie in the shard of its number modulo the number of shards; what all lists share lies at the head. With one shard
everything is in one database, and nothing is told apart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: The shard of what all lists share, where there are several.
HEAD = -1
#: Lists that one statement of a search over all lists names.
LISTS_AT_ONCE = 500
#: A list of nobody, in which what is known of no list is counted.
NOBODYS = 0

_log = logging.getLogger("tracker.storage")


class Among(NamedTuple):
    """Some lists of one shard: what a statement that looks through them ends its conditions with, and the values of it.

    `list_id` is one of them, for the transaction that changes them; None: all lists there are.
    """

    list_id: int | None = None
    sql: str = ""
    values: tuple[int, ...] = ()


#: All lists, where they are in one shard.
ALL_LISTS = Among()


class _Database(Protocol):
    @property
    def shards(self) -> int: ...
    def read(self, work: Callable[[Transaction], T], deadline: float | None = None) -> T: ...


def shard_of(list_id: int | None, shards: int) -> int:
    """Return the shard of a list, or of what belongs to none."""
    if shards == 1:
        return 0
    return HEAD if list_id is None else list_id % shards


def parts_of_all_lists(database: _Database) -> list[Among]:
    """Return all lists, those of one shard apart from those of another."""
    if database.shards == 1:
        return [ALL_LISTS]
    return [_among(part) for part in lists_by_shard([NOBODYS, *database.read(_list_ids)], database.shards)]


def lists_by_shard(list_ids: Sequence[int], shards: int) -> list[Sequence[int]]:
    """Return the lists in parts of at most LISTS_AT_ONCE, each of one shard."""
    by_shard: dict[int, list[int]] = {}
    for each in list_ids:
        by_shard.setdefault(shard_of(each, shards), []).append(each)
    return [
        lists[start : start + LISTS_AT_ONCE]
        for _, lists in sorted(by_shard.items())
        for start in range(0, len(lists), LISTS_AT_ONCE)
    ]


def in_each_shard(database: _Database, work: Callable[[Among], T]) -> Iterator[T]:
    """Yield what `work` returns for the lists of each shard. One that is away is left out, and does not hold up the others.

    Raises StorageUnavailable or OutcomeUnknown where there is one shard.
    """
    for part in parts_of_all_lists(database):
        try:
            yield work(part)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            if part == ALL_LISTS:
                raise
            _log.warning("lists of a shard are left out for now: %s", type(failure).__name__)


def _among(lists: Sequence[int]) -> Among:
    return Among(lists[0], f" AND list_id IN ({', '.join('?' * len(lists))})", tuple(lists))


def _list_ids(transaction: Transaction) -> list[Any]:
    """Return all lists, those too that are being deleted: their rows are looked after until they are gone."""
    return [row[0] for row in transaction.select("SELECT id FROM lists ORDER BY id")]
