"""Rows of a list: a store of things that a list has a bounded number of, changed one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

from tracker.storage.accounts.lists import folded
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: A callback that runs in the transaction of a change that was not refused; it gets the number of the row.
AfterRow = Callable[[Transaction, int], None]
#: Gets the rows of a list while nobody can change them; returns what is wrong with a change of one, or None.
Check = Callable[[Sequence[T]], object | None]


class RowFault(Enum):
    """The reason for which a change is refused."""

    GONE = "there is no such row"
    NO_LIST = "there is no such list"
    TOO_MANY = "the list has as many as it may"
    NAME_TAKEN = "another one has this name"
    TOO_MANY_PINNED = "as many are pinned as may be"


class RowRefused(Exception):
    """A change was refused, and nothing was written. `fault` is a RowFault, or what the caller's check returned."""

    def __init__(self, fault: object) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Refusal:
    """A fault on its way out of a transaction."""

    def __init__(self, fault: object) -> None:
        self.fault = fault


class ListRows(Generic[T]):
    """A store of rows. The caller has checked who owns the list. The number of a row is never used again.

    A subclass names the peewee `model`, the class of a row as it is returned, whose slots are the columns that are read, and
    how many rows a list has at `most`.
    """

    model: ClassVar[Any]
    shape: ClassVar[Any]
    most: ClassVar[int]

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def of_list(self, list_id: int, deadline: float | None = None) -> list[T]:
        """Return the rows of a list, oldest first."""
        return self._database.read(lambda transaction: self._of_list(transaction, list_id), deadline)

    def find(self, list_id: int, number: int, deadline: float | None = None) -> T | None:
        found = self._read(self._select().where(self._is_one(list_id, number)), deadline)
        return found[0] if found else None

    def insert(
        self,
        list_id: int,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
        check: Check[T] | None = None,
    ) -> int:
        """Add a row and return its number. Raises RowRefused (NO_LIST, TOO_MANY, of the check, and what the subclass refuses)."""
        row = {"list_id": list_id, "created_at": self._now(), **self.columns(columns)}
        return self._changed(
            lambda transaction: self._insert(transaction, list_id, row, check), then, deadline
        )

    def change(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
        check: Check[T] | None = None,
    ) -> None:
        """Change columns. Raises RowRefused (GONE, of the check, and what the subclass refuses)."""
        row = self.columns(columns)
        self._changed(
            lambda transaction: self._change(transaction, list_id, number, row, check), then, deadline
        )

    def remove(
        self,
        list_id: int,
        number: int,
        then: AfterRow,
        deadline: float | None = None,
        check: Check[T] | None = None,
    ) -> None:
        """Remove a row. Raises RowRefused (GONE, of the check)."""
        self._changed(lambda transaction: self._remove(transaction, list_id, number, check), then, deadline)

    def columns(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns to write: those that are sent, and those that follow from them."""
        return dict(sent)

    def fault(
        self, transaction: Transaction, list_id: int, number: int, row: Mapping[str, Any]
    ) -> RowFault | None:
        """Return why these columns of the row `number`, 0 for a new one, cannot be written."""
        return None

    def removed(self, transaction: Transaction, list_id: int, number: int) -> None:
        """Remove what belongs to a row that goes away."""

    def count(self, transaction: Transaction, condition: Any) -> int:
        return len(transaction.rows(self.model.select(self.model.id).where(condition)))

    def _select(self) -> Any:
        return self.model.select(*(getattr(self.model, name) for name in self.shape.__slots__))

    def _read(self, query: Any, deadline: float | None) -> list[T]:
        rows = self._database.read(lambda transaction: transaction.rows(query), deadline)
        return [self.shape(*row) for row in rows]

    def _of_list(self, transaction: Transaction, list_id: int) -> list[T]:
        query = self._select().where(self.model.list_id == list_id).order_by(self.model.id)
        return [self.shape(*row) for row in transaction.rows(query)]

    def _is_one(self, list_id: int, number: int) -> Any:
        return (self.model.list_id == list_id) & (self.model.id == number)

    def _insert(
        self, transaction: Transaction, list_id: int, row: dict[str, Any], check: Check[T] | None
    ) -> int | _Refusal:
        if not _locked(transaction, list_id):
            return _Refusal(RowFault.NO_LIST)
        if fault := self.fault(transaction, list_id, 0, row):
            return _Refusal(fault)
        if self.count(transaction, self.model.list_id == list_id) >= self.most:
            return _Refusal(RowFault.TOO_MANY)
        return self._checked(transaction, list_id, check) or int(transaction.run(self.model.insert(**row)))

    def _change(
        self,
        transaction: Transaction,
        list_id: int,
        number: int,
        row: dict[str, Any],
        check: Check[T] | None,
    ) -> int | _Refusal:
        if not _locked(transaction, list_id) or not self.count(transaction, self._is_one(list_id, number)):
            return _Refusal(RowFault.GONE)
        if fault := self.fault(transaction, list_id, number, row):
            return _Refusal(fault)
        if refusal := self._checked(transaction, list_id, check):
            return refusal
        if row:
            transaction.run(self.model.update(**row).where(self._is_one(list_id, number)))
        return number

    def _remove(
        self, transaction: Transaction, list_id: int, number: int, check: Check[T] | None
    ) -> int | _Refusal:
        if not _locked(transaction, list_id) or not self.count(transaction, self._is_one(list_id, number)):
            return _Refusal(RowFault.GONE)
        if refusal := self._checked(transaction, list_id, check):
            return refusal
        transaction.run(self.model.delete().where(self._is_one(list_id, number)))
        self.removed(transaction, list_id, number)
        return number

    def _checked(self, transaction: Transaction, list_id: int, check: Check[T] | None) -> _Refusal | None:
        fault = None if check is None else check(self._of_list(transaction, list_id))
        return None if fault is None else _Refusal(fault)

    def _changed(
        self, change: Callable[[Transaction], int | _Refusal], then: AfterRow, deadline: float | None
    ) -> int:
        """Run a change. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> int | _Refusal:
            outcome = change(transaction)
            if not isinstance(outcome, _Refusal):
                then(transaction, outcome)
            return outcome

        outcome = self._database.write(write, deadline)
        if isinstance(outcome, _Refusal):
            raise RowRefused(outcome.fault)
        return outcome


class NamedRows(ListRows[T]):
    """Rows with a name that no other of the list has, in any letter case."""

    def columns(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        return {**sent, **({"folded_name": folded(sent["name"])} if "name" in sent else {})}

    def fault(
        self, transaction: Transaction, list_id: int, number: int, row: Mapping[str, Any]
    ) -> RowFault | None:
        others = (self.model.list_id == list_id) & (self.model.id != number)
        is_taken = "name" in row and self.count(
            transaction, others & (self.model.folded_name == row["folded_name"])
        )
        return RowFault.NAME_TAKEN if is_taken else None


def _locked(transaction: Transaction, list_id: int) -> bool:
    """Lock the list's row, so that changes of one list follow each other. Returns whether there is the list."""
    sql = f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}"
    return bool(transaction.select(sql, (list_id,)))
