"""Rows of a list: a store of things that a list has a bounded number of, changed one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: A callback that runs in the transaction of a change that was not refused; it gets the number of the row.
AfterRow = Callable[[Transaction, int], None]


class RowFault(Enum):
    """The reason for which a change is refused."""

    GONE = "there is no such row"
    TOO_MANY = "the list has as many as it may"
    NAME_TAKEN = "another one has this name"
    TOO_MANY_PINNED = "as many are pinned as may be"


class RowRefused(Exception):
    """A change was refused, and nothing was written."""

    def __init__(self, fault: RowFault) -> None:
        super().__init__(fault.value)
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
        query = self._select().where(self.model.list_id == list_id).order_by(self.model.id)
        return self._read(query, deadline)

    def find(self, list_id: int, number: int, deadline: float | None = None) -> T | None:
        found = self._read(self._select().where(self._is_one(list_id, number)), deadline)
        return found[0] if found else None

    def insert(
        self, list_id: int, columns: Mapping[str, Any], then: AfterRow, deadline: float | None = None
    ) -> int:
        """Add a row and return its number. Raises RowRefused (TOO_MANY, and what the subclass refuses)."""
        row = {"list_id": list_id, "created_at": self._now(), **self.columns(columns)}
        return self._changed(lambda transaction: self._insert(transaction, list_id, row), then, deadline)

    def change(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
    ) -> None:
        """Change columns. Raises RowRefused (GONE, and what the subclass refuses)."""
        row = self.columns(columns)
        self._changed(lambda transaction: self._change(transaction, list_id, number, row), then, deadline)

    def remove(self, list_id: int, number: int, then: AfterRow, deadline: float | None = None) -> None:
        """Remove a row. Raises RowRefused (GONE)."""
        self._changed(lambda transaction: self._remove(transaction, list_id, number), then, deadline)

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

    def _is_one(self, list_id: int, number: int) -> Any:
        return (self.model.list_id == list_id) & (self.model.id == number)

    def _insert(self, transaction: Transaction, list_id: int, row: dict[str, Any]) -> int | RowFault:
        if not _locked(transaction, list_id):
            return RowFault.GONE
        if self.count(transaction, self.model.list_id == list_id) >= self.most:
            return RowFault.TOO_MANY
        return self.fault(transaction, list_id, 0, row) or int(transaction.run(self.model.insert(**row)))

    def _change(
        self, transaction: Transaction, list_id: int, number: int, row: dict[str, Any]
    ) -> int | RowFault:
        if not _locked(transaction, list_id) or not self.count(transaction, self._is_one(list_id, number)):
            return RowFault.GONE
        if fault := self.fault(transaction, list_id, number, row):
            return fault
        if row:
            transaction.run(self.model.update(**row).where(self._is_one(list_id, number)))
        return number

    def _remove(self, transaction: Transaction, list_id: int, number: int) -> int | RowFault:
        if not _locked(transaction, list_id) or not self.count(transaction, self._is_one(list_id, number)):
            return RowFault.GONE
        transaction.run(self.model.delete().where(self._is_one(list_id, number)))
        self.removed(transaction, list_id, number)
        return number

    def _changed(
        self, change: Callable[[Transaction], int | RowFault], then: AfterRow, deadline: float | None
    ) -> int:
        """Run a change. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> int | RowFault:
            outcome = change(transaction)
            if not isinstance(outcome, RowFault):
                then(transaction, outcome)
            return outcome

        outcome = self._database.write(write, deadline)
        if isinstance(outcome, RowFault):
            raise RowRefused(outcome)
        return outcome


def _locked(transaction: Transaction, list_id: int) -> bool:
    """Lock the list's row, so that changes of one list follow each other. Returns whether there is the list."""
    sql = f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}"
    return bool(transaction.select(sql, (list_id,)))
