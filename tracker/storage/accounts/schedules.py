"""Schedules of lists: reports by mail, who gets them, and that each address gets one of each period."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

import orjson

from tracker.storage.accounts.list_rows import AfterRow, ListRows
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.models import ScheduleRow

#: Schedules of one list, and addresses of one schedule.
MAX_SCHEDULES, MAX_RECIPIENTS = 50, 20
#: Bytes of a schedule's secret.
SECRET_BYTES = 32
#: Milliseconds until a mail that could not be sent is tried again.
AGAIN_MS = 5 * 60_000
_ONE = "list_id = ? AND schedule_id = ? AND address_key = ?"


class MailState(IntEnum):
    """What became of an address's last mail. UNKNOWN is what a claim leaves until the outcome is stored: perhaps it was sent."""

    NONE = 0
    UNKNOWN = 1
    ACCEPTED = 2
    REFUSED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class ListSchedule:
    """A schedule. Without a `saved_report_id` it sends the overview. `every` is a word, `hour` one of the list's clock."""

    id: int
    list_id: int
    saved_report_id: int | None
    every: bytes
    hour: int
    is_csv: bool
    secret: bytes
    created_at: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address of a schedule. `tried_at` is when its last mail was tried, in UTC milliseconds; 0: never."""

    address: str
    state: MailState
    tried_at: int
    failure: str | None
    is_unsubscribed: bool


class DueMail(NamedTuple):
    """A schedule and one of its addresses, with all that a mail needs. `period` is that of its last mail."""

    list_id: int
    schedule_id: int
    address_key: str
    address: str
    period: int
    every: str
    hour: int
    is_csv: bool
    secret: bytes
    active_from: int
    list_name: str
    zone: str
    currency: str
    user_id: int
    permissions: str
    name: str | None
    command: str | None
    params: dict[str, Any]


class Schedules(ListRows[ListSchedule]):
    """The schedules of lists."""

    model, shape, most = ScheduleRow, ListSchedule, MAX_SCHEDULES

    def make(
        self,
        list_id: int,
        columns: Mapping[str, Any],
        addresses: Sequence[tuple[str, str]],
        then: AfterRow,
        deadline: float | None = None,
    ) -> int:
        """Add a schedule for these pairs (address, key); return its number. Raises RowRefused (TOO_MANY)."""
        new = {**columns, "secret": secrets.token_bytes(SECRET_BYTES), "active_from": self._now()}
        both = partial(_set_recipients, list_id=list_id, addresses=addresses, then=then)
        return self.insert(list_id, new, both, deadline)

    def alter(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        addresses: Sequence[tuple[str, str]] | None,
        then: AfterRow,
        deadline: float | None = None,
    ) -> None:
        """Change columns, and the addresses if there are new ones. Raises RowRefused (GONE).

        An address that stays keeps what it got. One that has unsubscribed stays, so that it gets nothing when it is named
        again. Other times begin now.
        """
        more = {"active_from": self._now()} if columns else {}
        both = partial(_set_recipients, list_id=list_id, addresses=addresses, then=then)
        self.change(list_id, number, {**columns, **more}, both, deadline)

    def recipients(self, list_id: int, deadline: float | None = None) -> dict[int, list[Recipient]]:
        """Return the addresses of each schedule of a list, in the order they were given."""
        sql = (
            "SELECT schedule_id, address, state, tried_at, failure, is_unsubscribed FROM schedule_recipients"
            " WHERE list_id = ? ORDER BY schedule_id, place"
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
        """Return (list, secret, pairs of an address and its key) of a schedule; None if there is none."""
        select = self._select().where(ScheduleRow.id == number)
        found = self._read(select, deadline)
        if not found:
            return None
        one = found[0]
        sql = "SELECT address, address_key FROM schedule_recipients WHERE list_id = ? AND schedule_id = ?"
        rows = self._database.read(
            lambda transaction: transaction.select(sql, (one.list_id, number)), deadline
        )
        return one.list_id, one.secret, [(bytes(row[0]).decode(), bytes(row[1]).decode()) for row in rows]

    def unsubscribe(self, list_id: int, number: int, address_key: str, deadline: float | None = None) -> None:
        """Send an address no more mails of a schedule, also if it is among its addresses again."""
        sql = f"UPDATE schedule_recipients SET is_unsubscribed = 1 WHERE {_ONE}"
        values = (list_id, number, address_key.encode())
        self._database.write(lambda transaction: transaction.execute(sql, values), deadline)

    def removed(self, transaction: Transaction, list_id: int, number: int) -> None:
        transaction.remove("schedule_recipients", ("list_id", "schedule_id"), [(list_id, number)])


def remove_schedules_of(transaction: Transaction, list_id: int, saved_report_id: int) -> None:
    """Remove the schedules of a saved report."""
    sql = "SELECT id FROM schedules WHERE list_id = ? AND saved_report_id = ?"
    gone = [(list_id, row[0]) for row in transaction.select(sql, (list_id, saved_report_id))]
    transaction.remove("schedule_recipients", ("list_id", "schedule_id"), gone)
    transaction.remove("schedules", ("list_id", "id"), gone)


_DUE = (
    "SELECT s.list_id, s.id, r.address_key, r.address, r.period, s.every, s.hour, s.is_csv, s.secret, s.active_from, l.name,"
    " t.timezone, t.currency, l.user_id, u.permissions, p.name, p.command, p.params FROM schedules s"
    " JOIN lists l ON l.id = s.list_id JOIN users u ON u.id = l.user_id"
    " JOIN schedule_recipients r ON r.list_id = s.list_id AND r.schedule_id = s.id"
    " LEFT JOIN list_settings t ON t.list_id = s.list_id"
    " LEFT JOIN saved_reports p ON p.list_id = s.list_id AND p.id = s.saved_report_id"
    " WHERE r.is_unsubscribed = 0 AND r.again_at <= ? AND (s.saved_report_id IS NULL OR p.id IS NOT NULL)"
    " ORDER BY s.list_id, s.id, r.place"
)


def mails_to_look_at(transaction: Transaction, now: int) -> list[DueMail]:
    """Return the addresses of all schedules that may be tried now, in the order of lists and schedules."""
    return [_due(row) for row in transaction.select(_DUE, (now,))]


def claim_mail(transaction: Transaction, mail: DueMail, period: int, now: int) -> bool:
    """Claim the mail of a period for an address: True once, whoever asks and how often."""
    sql = (
        "UPDATE schedule_recipients SET period = ?, state = ?, tried_at = ?, failure = NULL"
        f" WHERE {_ONE} AND period < ? AND is_unsubscribed = 0"
    )
    about = (mail.list_id, mail.schedule_id, mail.address_key.encode())
    return transaction.change(sql, (period, int(MailState.UNKNOWN), now, *about, period)) == 1


def record_mail(
    transaction: Transaction, mail: DueMail, period: int, state: MailState, failure: str | None, now: int
) -> None:
    """Store what became of a mail. One that is known not to be sent is free again, and tried later."""
    is_free = state is MailState.FAILED
    sql = (
        "UPDATE schedule_recipients SET period = ?, state = ?, tried_at = ?, again_at = ?, failure = ?"
        f" WHERE {_ONE} AND period <= ?"
    )
    values = (mail.period if is_free else period, int(state), now, now + AGAIN_MS if is_free else 0)
    said = None if failure is None else failure[:300].encode()
    about = (mail.list_id, mail.schedule_id, mail.address_key.encode())
    transaction.execute(sql, (*values, said, *about, period))


def _set_recipients(
    transaction: Transaction,
    number: int,
    list_id: int,
    addresses: Sequence[tuple[str, str]] | None,
    then: AfterRow,
) -> None:
    if addresses is not None:
        _replace(transaction, list_id, number, addresses)
    then(transaction, number)


def _replace(
    transaction: Transaction, list_id: int, number: int, addresses: Sequence[tuple[str, str]]
) -> None:
    sql = (
        "SELECT address_key, period, state, tried_at, again_at, failure, is_unsubscribed FROM schedule_recipients"
        " WHERE list_id = ? AND schedule_id = ?"
    )
    known = {bytes(row[0]): tuple(row[1:]) for row in transaction.select(sql, (list_id, number))}
    wanted = {key.encode() for _, key in addresses}
    gone = [(list_id, number, key) for key, row in known.items() if key in wanted or not row[-1]]
    transaction.remove("schedule_recipients", ("list_id", "schedule_id", "address_key"), gone)
    columns = (
        "list_id", "schedule_id", "address_key", "address", "place", "period", "state", "tried_at", "again_at", "failure",
        "is_unsubscribed",
    )  # fmt: skip
    rows = [
        (
            list_id,
            number,
            key.encode(),
            address.encode(),
            place,
            *known.get(key.encode(), (0, 0, 0, 0, None, 0)),
        )
        for place, (address, key) in enumerate(addresses)
    ]
    transaction.insert("schedule_recipients", columns, rows)


def _due(row: tuple[Any, ...]) -> DueMail:
    list_id, schedule_id, key, address, period, every, hour, is_csv, secret, active_from = row[:10]
    list_name, zone, currency, user_id, permissions, name, command, params = row[10:]
    return DueMail(
        list_id,
        schedule_id,
        bytes(key).decode(),
        bytes(address).decode(),
        period,
        bytes(every).decode(),
        hour,
        bool(is_csv),
        bytes(secret),
        active_from,
        bytes(list_name).decode(),
        _text(zone) or "UTC",
        _text(currency) or "",
        user_id,
        _text(permissions) or "",
        _text(name),
        _text(command),
        orjson.loads(bytes(params)) if params is not None else {},
    )


def _text(stored: Any) -> str | None:
    return None if stored is None else bytes(stored).decode()
