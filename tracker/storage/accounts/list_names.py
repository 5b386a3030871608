"""Names of a list: which names of events and properties are spellings of others, which are hidden, and what is said of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tracker.domain.spellings import NameKind, Spellings, is_reserved
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.ttl_cache import TtlCache

#: Names of a list about which something is noted.
MAX_NOTED = 200
_COLUMNS = ("kind", "name", "stands_for", "is_hidden", "description")
#: A callback that runs in the transaction of a change that was not refused.
AfterName = Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class NotedName:
    """A name about which something is noted. `stands_for` is the name under which it is shown and counted, if another."""

    kind: NameKind
    name: str
    stands_for: str | None = None
    is_hidden: bool = False
    description: str = ""

    @property
    def says_nothing(self) -> bool:
        return self.stands_for is None and not self.is_hidden and not self.description


class NameFault(Enum):
    """The reason for which a change is refused."""

    CIRCLE = "the name would stand for itself"
    CHAIN = "a name that is stood for would stand for another"
    RESERVED = "the name means something to Tracker itself"
    TOO_MANY = "as many names are noted as may be"
    NO_ALIAS = "the name stands for no other"


class NameRefused(Exception):
    """A change was refused, and nothing was written."""

    def __init__(self, fault: NameFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


Noted = dict[tuple[NameKind, str], NotedName]


@dataclass(frozen=True, slots=True)
class NameBook:
    """What is noted of a list's names."""

    noted: tuple[NotedName, ...] = ()

    @property
    def spellings(self) -> Spellings:
        return Spellings(self._aliases(NameKind.EVENT), self._aliases(NameKind.PROPERTY))

    def hidden(self, kind: NameKind) -> set[str]:
        return {each.name for each in self.noted if each.kind is kind and each.is_hidden}

    def descriptions(self, kind: NameKind) -> dict[str, str]:
        return {each.name: each.description for each in self.noted if each.kind is kind and each.description}

    def _aliases(self, kind: NameKind) -> dict[str, str]:
        return {each.name: each.stands_for for each in self.noted if each.kind is kind and each.stands_for}


class ListNames:
    """What is noted of the names of lists. The caller has checked who owns the list."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now = database, now
        self._books: TtlCache[int, NameBook] = TtlCache(clock=clock)

    def book(self, list_id: int, deadline: float | None = None) -> NameBook:
        """Return what is noted; in other processes than the one that changes it up to 5 s old."""
        found = self._books.look_up(list_id, lambda: self._read(list_id, deadline))
        return found or NameBook()

    def treat_as(
        self,
        list_id: int,
        kind: NameKind,
        name: str,
        shown: str,
        then: AfterName,
        deadline: float | None = None,
    ) -> None:
        """Have a name stand for another. Raises NameRefused (CIRCLE, CHAIN, RESERVED, TOO_MANY)."""
        self._change(list_id, kind, name, {"stands_for": shown}, then, deadline)

    def treat_apart(
        self, list_id: int, kind: NameKind, name: str, then: AfterName, deadline: float | None = None
    ) -> None:
        """Have a name stand for itself again. Raises NameRefused (NO_ALIAS)."""
        self._change(list_id, kind, name, {"stands_for": None}, then, deadline)

    def describe(
        self,
        list_id: int,
        kind: NameKind,
        name: str,
        changes: Mapping[str, Any],
        then: AfterName,
        deadline: float | None = None,
    ) -> None:
        """Change `is_hidden` or `description`. Raises NameRefused (TOO_MANY)."""
        self._change(list_id, kind, name, changes, then, deadline)

    def _read(self, list_id: int, deadline: float | None) -> NameBook:
        return self._database.read(lambda transaction: read_names(transaction, list_id), deadline)

    def _change(
        self,
        list_id: int,
        kind: NameKind,
        name: str,
        changes: Mapping[str, Any],
        then: AfterName,
        deadline: float | None,
    ) -> None:
        """Change what is noted. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> NameFault | None:
            # the list's row is locked: names of one list change one after the other
            transaction.select(
                f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}", (list_id,)
            )
            noted = _noted(transaction, list_id)
            old = noted.get((kind, name), NotedName(kind, name))
            new = NotedName(kind, name, **{
                each: changes.get(each, getattr(old, each)) for each in ("stands_for", "is_hidden", "description")
            })  # fmt: skip
            is_apart = "stands_for" in changes and new.stands_for is None and old.stands_for is None
            fault = NameFault.NO_ALIAS if is_apart else _fault(noted, old, new)
            if fault is None:
                self._write(transaction, list_id, new)
                then(transaction)
            return fault

        fault = self._database.write(write, deadline)
        self._books.forget(list_id)
        if fault is not None:
            raise NameRefused(fault)

    def _write(self, transaction: Transaction, list_id: int, new: NotedName) -> None:
        key = (list_id, int(new.kind), new.name.encode())
        if new.says_nothing:
            transaction.remove("list_names", ("list_id", "kind", "name"), [key])
            return
        stands_for = None if new.stands_for is None else new.stands_for.encode()
        row = (*key, stands_for, int(new.is_hidden), new.description.encode(), self._now())
        values = ("stands_for", "is_hidden", "description", "updated_at")
        transaction.put("list_names", ("list_id", "kind", "name"), values, [row])


def read_names(transaction: Transaction, list_id: int) -> NameBook:
    """Return what is noted of a list's names."""
    return NameBook(tuple(_noted(transaction, list_id).values()))


def _noted(transaction: Transaction, list_id: int) -> Noted:
    sql = f"SELECT {', '.join(_COLUMNS)} FROM list_names WHERE list_id = ? ORDER BY kind, name"
    found = {}
    for kind, name, stands_for, is_hidden, description in transaction.select(sql, (list_id,)):
        key = NameKind(kind), bytes(name).decode()
        shown = None if stands_for is None else bytes(stands_for).decode()
        found[key] = NotedName(*key, shown, bool(is_hidden), bytes(description).decode())
    return found


def _fault(noted: Noted, old: NotedName, new: NotedName) -> NameFault | None:
    """Return why the change is refused. Only one step leads from a spelling to what is shown, so no circle can form."""
    if new.stands_for is not None and new.stands_for != old.stands_for:
        if is_reserved(new.kind, new.name) or is_reserved(new.kind, new.stands_for):
            return NameFault.RESERVED
        target = noted.get((new.kind, new.stands_for))
        if new.stands_for == new.name or (target is not None and target.stands_for == new.name):
            return NameFault.CIRCLE
        stood_for = {each.stands_for for each in noted.values() if each.kind is new.kind}
        if new.name in stood_for or (target is not None and target.stands_for is not None):
            return NameFault.CHAIN
    is_new = (new.kind, new.name) not in noted and not new.says_nothing
    return NameFault.TOO_MANY if is_new and len(noted) >= MAX_NOTED else None
