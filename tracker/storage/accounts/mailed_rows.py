"""Recipients of mails: rows of a list that are sent to addresses, which need no account and may unsubscribe."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar

from tracker.storage.accounts.list_rows import AfterRow, ListRows
from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: Addresses of one row, and bytes of its secret.
MAX_RECIPIENTS, SECRET_BYTES = 20, 32
_KEPT = "period, state, tried_at, again_at, failure, is_unsubscribed"


class MailState(IntEnum):
    """What became of an address's last mail. UNKNOWN is what a claim leaves until the outcome is stored: perhaps it was sent."""

    NONE = 0
    UNKNOWN = 1
    ACCEPTED = 2
    REFUSED = 3
    FAILED = 4


class MailsTried(NamedTuple):
    """What became of the last mail of each address, of how many. `accepted_at` is UTC milliseconds; 0: none was."""

    addresses: int
    failing: int
    accepted_at: int
    failure: str


def mails_tried(transaction: Transaction) -> MailsTried:
    """Return what became of the last mails to all addresses that a mail was tried to."""
    failed = f"{int(MailState.REFUSED)}, {int(MailState.FAILED)}"
    told = [
        row
        for table in ("schedule_recipients", "alert_recipients")
        for row in transaction.select(
            f"SELECT COUNT(*), SUM(state IN ({failed})), MAX(CASE WHEN state = ? THEN tried_at ELSE 0 END)"
            f" FROM {table} WHERE tried_at > 0",
            (int(MailState.ACCEPTED),),
        )
    ]
    latest = [
        row
        for table in ("schedule_recipients", "alert_recipients")
        for row in transaction.select(
            f"SELECT tried_at, failure FROM {table} WHERE state IN ({failed}) ORDER BY tried_at DESC LIMIT 1"
        )
    ]
    addresses, failing, accepted_at = (
        sum(int(row[0] or 0) for row in told),
        sum(int(row[1] or 0) for row in told),
        max(int(row[2] or 0) for row in told),
    )
    failure = max(latest, key=lambda row: row[0])[1] if latest else None
    return MailsTried(addresses, failing, accepted_at, bytes(failure or b"").decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address. `tried_at` is when its last mail was tried, in UTC milliseconds; 0: never."""

    address: str
    state: MailState
    tried_at: int
    failure: str | None
    is_unsubscribed: bool


class MailedRows(ListRows[T]):
    """Rows with addresses in the table `<owner>_recipients`, and a `secret` of which links to unsubscribe are made."""

    owner: ClassVar[str]

    def make(
        self,
        list_id: int,
        columns: Mapping[str, Any],
        addresses: Sequence[tuple[str, str]],
        then: AfterRow,
        deadline: float | None = None,
    ) -> int:
        """Add a row for these pairs (address, key); return its number. Raises RowRefused as `insert` does."""
        new = {**columns, "secret": secrets.token_bytes(SECRET_BYTES)}
        return self.insert(list_id, new, self._then(list_id, addresses, then), deadline)

    def alter(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        addresses: Sequence[tuple[str, str]] | None,
        then: AfterRow,
        deadline: float | None = None,
    ) -> None:
        """Change columns, and the addresses if there are new ones. Raises RowRefused as `change` does.

        An address that stays keeps what it got. One that has unsubscribed stays, so that it gets nothing when it is named
        again.
        """
        self.change(list_id, number, columns, self._then(list_id, addresses, then), deadline)

    def recipients(self, list_id: int, deadline: float | None = None) -> dict[int, list[Recipient]]:
        """Return the addresses of each row of a list, in the order they were given."""
        sql = (
            f"SELECT {self._key}, address, state, tried_at, failure, is_unsubscribed FROM {self._table}"
            f" WHERE list_id = ? ORDER BY {self._key}, place"
        )
        found: dict[int, list[Recipient]] = {}
        for row in self._database.read(lambda transaction: transaction.select(sql, (list_id,)), deadline):
            state, failure = MailState(row[2]), None if row[4] is None else bytes(row[4]).decode()
            one = Recipient(bytes(row[1]).decode(), state, row[3], failure, bool(row[5]))
            found.setdefault(row[0], []).append(one)
        return found

    def unsubscribing(
        self, number: int, deadline: float | None = None
    ) -> tuple[int, bytes, list[tuple[str, str]]] | None:
        """Return (list, secret, pairs of an address and its key) of a row; None if there is none."""
        select = self.model.select(self.model.list_id, self.model.secret).where(self.model.id == number)
        found = self._database.read(lambda transaction: transaction.row(select), deadline)
        if found is None:
            return None
        list_id, secret = found
        sql = f"SELECT address, address_key FROM {self._table} WHERE list_id = ? AND {self._key} = ?"
        rows = self._database.read(lambda transaction: transaction.select(sql, (list_id, number)), deadline)
        return list_id, secret, [(bytes(row[0]).decode(), bytes(row[1]).decode()) for row in rows]

    def unsubscribe(self, list_id: int, number: int, address_key: str, deadline: float | None = None) -> None:
        """Send an address no more mails of a row, also if it is among its addresses again."""
        where = f"list_id = ? AND {self._key} = ? AND address_key = ?"
        sql = f"UPDATE {self._table} SET is_unsubscribed = 1 WHERE {where}"
        values = (list_id, number, address_key.encode())
        self._database.write(lambda transaction: transaction.execute(sql, values), deadline)

    def removed(self, transaction: Transaction, list_id: int, number: int) -> None:
        transaction.remove(self._table, ("list_id", self._key), [(list_id, number)])

    @property
    def _table(self) -> str:
        return f"{self.owner}_recipients"

    @property
    def _key(self) -> str:
        return f"{self.owner}_id"

    def _then(self, list_id: int, addresses: Sequence[tuple[str, str]] | None, then: AfterRow) -> AfterRow:
        return partial(self._set_recipients, list_id=list_id, addresses=addresses, then=then)

    def _set_recipients(
        self,
        transaction: Transaction,
        number: int,
        list_id: int,
        addresses: Sequence[tuple[str, str]] | None,
        then: AfterRow,
    ) -> None:
        if addresses is not None:
            self._replace(transaction, list_id, number, addresses)
        then(transaction, number)

    def _replace(
        self, transaction: Transaction, list_id: int, number: int, addresses: Sequence[tuple[str, str]]
    ) -> None:
        sql = f"SELECT address_key, {_KEPT} FROM {self._table} WHERE list_id = ? AND {self._key} = ?"
        known = {bytes(row[0]): tuple(row[1:]) for row in transaction.select(sql, (list_id, number))}
        wanted = {key.encode() for _, key in addresses}
        gone = [(list_id, number, key) for key, row in known.items() if key in wanted or not row[-1]]
        transaction.remove(self._table, ("list_id", self._key, "address_key"), gone)
        columns = ("list_id", self._key, "address_key", "address", "place", *_KEPT.split(", "))
        never = (0, 0, 0, 0, None, 0)
        rows = [
            (list_id, number, key.encode(), address.encode(), place, *known.get(key.encode(), never))
            for place, (address, key) in enumerate(addresses)
        ]
        transaction.insert(self._table, columns, rows)
