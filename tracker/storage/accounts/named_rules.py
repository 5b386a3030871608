"""Named rules of lists: rows with a name that no other of the list has, changed one after the other, as goals and segments are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from tracker.storage.accounts.lists import folded
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

#: A callback that runs in the transaction of a change that was not refused; it gets the number of the row.
AfterRule = Callable[[Transaction, int], None]


class RuleFault(Enum):
    """The reason for which a change of a named rule is refused."""

    GONE = "there is none of this number"
    NAME_TAKEN = "another one has this name"
    TOO_MANY = "the list has as many as it may"


class RuleRefused(Exception):
    """A change was refused, and nothing was written. `fault` is a RuleFault, or what the caller's check returned."""

    def __init__(self, fault: object) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _NamedRow(Protocol):
    """What rows have; the names of their columns are in `__slots__`."""

    __slots__: Any

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=_NamedRow)
#: Gets the rows of a list while nobody can change them; returns what is wrong with a change of one, or None.
Check = Callable[[Sequence[Row]], object | None]


class _Refusal:
    """A fault on its way out of a transaction."""

    def __init__(self, fault: object) -> None:
        self.fault = fault


class NamedRules(Generic[Row]):
    """The named rules of lists in one table. The caller has checked who owns the list. A number is never used again."""

    def __init__(
        self, database: Database, now: Callable[[], int], model: Any, row: type[Row], most: int
    ) -> None:
        self._database, self._now, self._model, self._row, self._most = database, now, model, row, most

    def of_list(self, list_id: int, deadline: float | None = None) -> list[Row]:
        """Return the rows of a list, oldest first."""
        return self._database.read(lambda transaction: self._of_list(transaction, list_id), deadline)

    def find(self, list_id: int, number: int, deadline: float | None = None) -> Row | None:
        return next((row for row in self.of_list(list_id, deadline) if row.id == number), None)

    def change(
        self,
        list_id: int,
        number: int,
        changes: dict[str, Any],
        then: AfterRule,
        deadline: float | None = None,
        check: Check[Row] | None = None,
    ) -> None:
        """Change some columns. Raises RuleRefused (GONE, NAME_TAKEN, of the check)."""
        self._written(
            lambda transaction: self._change(transaction, list_id, number, changes, check), then, deadline
        )

    def remove(
        self,
        list_id: int,
        number: int,
        then: AfterRule,
        deadline: float | None = None,
        check: Check[Row] | None = None,
    ) -> None:
        """Remove a row. Raises RuleRefused (GONE, of the check)."""
        self._written(lambda transaction: self._remove(transaction, list_id, number, check), then, deadline)

    def _insert(
        self,
        list_id: int,
        columns: dict[str, Any],
        then: AfterRule,
        deadline: float | None,
        check: Check[Row] | None = None,
    ) -> int:
        """Add a row and return its number. Raises RuleRefused (NAME_TAKEN, TOO_MANY, of the check)."""
        return self._written(
            lambda transaction: self._add(transaction, list_id, columns, check), then, deadline
        )

    def _written(
        self, change: Callable[[Transaction], int | _Refusal], then: AfterRule, deadline: float | None
    ) -> int:
        """Run a change. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> int | _Refusal:
            outcome = change(transaction)
            if not isinstance(outcome, _Refusal):
                then(transaction, outcome)
            return outcome

        outcome = self._database.write(write, deadline)
        if isinstance(outcome, _Refusal):
            raise RuleRefused(outcome.fault)
        return outcome

    def _of_list(self, transaction: Transaction, list_id: int) -> list[Row]:
        columns = [getattr(self._model, name) for name in self._row.__slots__]
        query = self._model.select(*columns).where(self._model.list_id == list_id).order_by(self._model.id)
        return [self._row(*row) for row in transaction.rows(query)]

    def _locked(self, transaction: Transaction, list_id: int) -> list[Row]:
        """Return the rows, with the list's row locked, so that those of one list change one after the other."""
        transaction.select(f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}", (list_id,))
        return self._of_list(transaction, list_id)

    def _add(
        self, transaction: Transaction, list_id: int, columns: dict[str, Any], check: Check[Row] | None
    ) -> int | _Refusal:
        existing = self._locked(transaction, list_id)
        if _is_taken(existing, columns["name"]):
            return _Refusal(RuleFault.NAME_TAKEN)
        if len(existing) >= self._most:
            return _Refusal(RuleFault.TOO_MANY)
        if check is not None and (fault := check(existing)) is not None:
            return _Refusal(fault)
        query = self._model.insert(list_id=list_id, folded_name=folded(columns["name"]), **columns)
        return int(transaction.run(query))

    def _change(
        self,
        transaction: Transaction,
        list_id: int,
        number: int,
        changes: dict[str, Any],
        check: Check[Row] | None,
    ) -> int | _Refusal:
        existing = self._locked(transaction, list_id)
        if all(row.id != number for row in existing):
            return _Refusal(RuleFault.GONE)
        name = changes.get("name")
        if name is not None and _is_taken([row for row in existing if row.id != number], name):
            return _Refusal(RuleFault.NAME_TAKEN)
        if check is not None and (fault := check(existing)) is not None:
            return _Refusal(fault)
        if changes:
            named = {} if name is None else {"folded_name": folded(name)}
            found = self._model.list_id == list_id, self._model.id == number
            transaction.run(self._model.update(**changes, **named).where(*found))
        return number

    def _remove(
        self, transaction: Transaction, list_id: int, number: int, check: Check[Row] | None
    ) -> int | _Refusal:
        existing = self._locked(transaction, list_id)
        if all(row.id != number for row in existing):
            return _Refusal(RuleFault.GONE)
        if check is not None and (fault := check(existing)) is not None:
            return _Refusal(fault)
        transaction.run(self._model.delete().where(self._model.list_id == list_id, self._model.id == number))
        return number


def _is_taken(rows: Sequence[_NamedRow], name: str) -> bool:
    """Whether a row has the name, in any letter case."""
    return folded(name) in {folded(row.name) for row in rows}
