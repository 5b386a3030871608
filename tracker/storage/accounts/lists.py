"""Lists of users: added, changed, listed, and found by number or public id, with TTL caches."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from tracker.formats.credentials import new_public_id
from tracker.storage.engine.database import Database
from tracker.storage.engine.sharding import lists_by_shard
from tracker.storage.engine.transaction import Transaction, limit_of
from tracker.storage.engine.ttl_cache import TtlCache
from tracker.storage.schema.models import ListRow

#: What a list's conversion-ids name: an order, which counts once, or a goal, which counts each time it is reached.
ORDER, GOAL = "order", "goal"


@dataclass(frozen=True, slots=True)
class List:
    """A list with a number. Times are UTC milliseconds; `conversion_id_is` is ORDER or GOAL."""

    id: int
    user_id: int
    name: str
    tracker_id: str
    created_at: int
    conversion_id_is: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some lists, each with its number of subscribers; `total` counts all matches, on this page or not."""

    total: int
    lists: Sequence[tuple[List, int]]


_LIST = (
    ListRow.id,
    ListRow.user_id,
    ListRow.name,
    ListRow.tracker_id,
    ListRow.created_at,
    ListRow.conversion_id_is,
)
ORDERS = {
    "id": (ListRow.id,),
    "name": (ListRow.folded_name, ListRow.id),
    "created_at": (ListRow.created_at, ListRow.id),
}


class Lists:
    """Lists. Each user has one more, hidden list for events without a list; only `hidden_id` returns it."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now = database, now
        self._owned: TtlCache[tuple[int, int], List] = TtlCache(clock=clock)
        self._hidden: TtlCache[int, int] = TtlCache(clock=clock)
        self._public: TtlCache[str, List] = TtlCache(clock=clock)

    def add(
        self, user_id: int, name: str, deadline: float | None = None, conversion_id_is: str = ORDER
    ) -> int:
        """Add a list and return its number. Names need not differ."""
        query = _insert(user_id, name, is_hidden=False, now=self._now(), conversion_id_is=conversion_id_is)
        return self._database.write(lambda transaction: transaction.run(query), deadline)

    def change(
        self,
        user_id: int,
        list_id: int,
        name: str | None = None,
        conversion_id_is: str | None = None,
        deadline: float | None = None,
    ) -> None:
        """Rename a list, or change what its conversion-ids name from now on. The caller has checked who owns the list."""
        changes: dict[str, Any] = {} if name is None else {"name": name, "folded_name": folded(name)}
        if conversion_id_is is not None:
            changes["conversion_id_is"] = conversion_id_is
        if changes:
            query = ListRow.update(**changes).where(ListRow.id == list_id)
            self._database.write(lambda transaction: transaction.run(query), deadline)
            self._owned.forget((user_id, list_id))

    def forget_known(self, user_id: int, listed: List) -> None:
        """Forget what this process knows of a list that is being deleted."""
        self._owned.forget((user_id, listed.id))
        self._public.forget(listed.tracker_id)

    def owned(self, user_id: int, list_id: int, deadline: float | None = None) -> List | None:
        """Return the list with this number if the user owns it; may be up to 5 s old."""
        return self._owned.look_up((user_id, list_id), lambda: self._find(user_id, list_id, deadline))

    def public(self, tracker_id: str, deadline: float | None = None) -> List | None:
        """Return the list with this public id, whoever owns it; may be up to 5 s old. Hidden lists have none."""
        return self._public.look_up(tracker_id, lambda: self._find_public(tracker_id, deadline))

    def hidden_id(self, user_id: int, deadline: float | None = None) -> int:
        """Return the number of the user's list for events without a list. Raises LookupError if the user has none."""
        found = self._hidden.look_up(user_id, lambda: self._find_hidden(user_id, deadline))
        if found is None:
            raise LookupError(f"user {user_id} has no list for events without a list")
        return found

    def page(
        self,
        user_id: int,
        search: str = "",
        order: str = "id",
        is_descending: bool = False,
        start: int = 0,
        size: int | None = None,
        deadline: float | None = None,
    ) -> ListPage:
        """Return the user's lists from number `start` on. `search` is a part of the name in any letter case."""
        condition = (ListRow.user_id == user_id) & (ListRow.is_hidden == False)  # noqa: E712 - peewee's spelling
        if search:
            condition &= fn.INSTR(ListRow.folded_name, folded(search).encode()) > 0
        columns = [column.desc() if is_descending else column.asc() for column in ORDERS[order]]
        query = ListRow.select(*_LIST).where(condition).order_by(*columns)
        window = query if size is None and not start else query.limit(limit_of(size)).offset(start)
        total = ListRow.select(fn.COUNT(ListRow.id)).where(condition)
        return self._database.read(lambda transaction: _page(transaction, total, window), deadline)

    def _find(self, user_id: int, list_id: int, deadline: float | None) -> List | None:
        return self._one((ListRow.id == list_id) & (ListRow.user_id == user_id), deadline)

    def _find_public(self, tracker_id: str, deadline: float | None) -> List | None:
        return self._one(ListRow.tracker_id == tracker_id, deadline)

    def _one(self, condition: Any, deadline: float | None) -> List | None:
        query = ListRow.select(*_LIST).where(condition & (ListRow.is_hidden == False))  # noqa: E712 - peewee's spelling
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        return List(*row) if row else None

    def _find_hidden(self, user_id: int, deadline: float | None) -> int | None:
        query = ListRow.select(ListRow.id).where(ListRow.user_id == user_id, ListRow.is_hidden == True)  # noqa: E712
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        return row[0] if row else None


def new_hidden_list(user_id: int, now: int) -> Any:
    """Return the query that adds a user's list for events without a list, to be run in the user's own transaction."""
    return _insert(user_id, "", is_hidden=True, now=now, conversion_id_is=ORDER)


def folded(name: str) -> str:
    """Return a name as it is searched and sorted by: case-folded, NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _insert(user_id: int, name: str, is_hidden: bool, now: int, conversion_id_is: str) -> Any:
    return ListRow.insert(
        user_id=user_id,
        name=name,
        folded_name=folded(name),
        is_hidden=is_hidden,
        tracker_id=new_public_id(),
        created_at=now,
        conversion_id_is=conversion_id_is,
    )


def _page(transaction: Transaction, total: Any, window: Any) -> ListPage:
    lists = [List(*row) for row in transaction.rows(window)]
    count = transaction.row(total)
    subscribers = _subscribers_by_list(transaction, [each.id for each in lists])
    return ListPage(count[0] if count else 0, [(each, subscribers.get(each.id, 0)) for each in lists])


def _subscribers_by_list(transaction: Transaction, list_ids: Sequence[int]) -> dict[int, int]:
    """Return how many subscribers each list has that has any. A statement asks about lists of one shard."""
    counts: dict[int, int] = {}
    for part in lists_by_shard(list_ids, transaction.engine.shards):
        marks = ", ".join("?" * len(part))
        sql = f"SELECT list_id, COUNT(*) FROM subscribers WHERE list_id IN ({marks}) GROUP BY list_id"
        counts.update(transaction.select(sql, part))
    return counts


def conversion_ids_are_goals(transaction: Transaction, list_id: int) -> bool:
    """Return whether the list's conversion-ids name goals, so that none is a repeat."""
    rows = transaction.select("SELECT conversion_id_is FROM lists WHERE id = ?", (list_id,))
    return bool(rows) and bytes(rows[0][0]).decode() == GOAL
