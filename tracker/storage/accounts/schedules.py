"""Schedules of lists: reports by mail, who gets them, and that each address gets one of each period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import orjson

from tracker.errors import StorageUnavailable
from tracker.storage.accounts.list_settings import ListSettings, read_settings
from tracker.storage.accounts.mailed_rows import MailedRows, MailState
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.models import ScheduleRow

#: Schedules of one list.
MAX_SCHEDULES = 50
#: Milliseconds until a mail that could not be sent is tried again.
AGAIN_MS = 5 * 60_000
_ONE = "list_id = ? AND schedule_id = ? AND address_key = ?"


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


class Schedules(MailedRows[ListSchedule]):
    """The schedules of lists. Other times begin now."""

    model, shape, most = ScheduleRow, ListSchedule, MAX_SCHEDULES
    owner = "schedule"

    def columns(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().columns(sent), **({"active_from": self._now()} if sent else {})}


def remove_schedules_of(transaction: Transaction, list_id: int, saved_report_id: int) -> None:
    """Remove the schedules of a saved report."""
    sql = "SELECT id FROM schedules WHERE list_id = ? AND saved_report_id = ?"
    gone = [(list_id, row[0]) for row in transaction.select(sql, (list_id, saved_report_id))]
    transaction.remove("schedule_recipients", ("list_id", "schedule_id"), gone)
    transaction.remove("schedules", ("list_id", "id"), gone)


_DUE = (
    "SELECT s.list_id, s.id, r.address_key, r.address, r.period, s.every, s.hour, s.is_csv, s.secret, s.active_from, l.name,"
    " l.user_id, u.permissions, p.name, p.command, p.params FROM schedules s"
    " JOIN lists l ON l.id = s.list_id JOIN users u ON u.id = l.user_id"
    " JOIN schedule_recipients r ON r.list_id = s.list_id AND r.schedule_id = s.id"
    " LEFT JOIN saved_reports p ON p.list_id = s.list_id AND p.id = s.saved_report_id"
    " WHERE r.is_unsubscribed = 0 AND r.again_at <= ? AND (s.saved_report_id IS NULL OR p.id IS NOT NULL)"
    " ORDER BY s.list_id, s.id, r.place"
)


def mails_to_look_at(database: Database, now: int) -> list[DueMail]:
    """Return the addresses of all schedules that may be tried now, in the order of lists and schedules.

    Those of a list whose shard is away are left out. Raises StorageUnavailable where all is in one.
    """
    rows = database.read(lambda transaction: transaction.select(_DUE, (now,)))
    settings = {list_id: _settings(database, list_id) for list_id in {row[0] for row in rows}}
    return [_due(row, known) for row in rows if (known := settings[row[0]]) is not None]


def _settings(database: Database, list_id: int) -> ListSettings | None:
    try:
        return database.read(partial(read_settings, list_id=list_id))
    except StorageUnavailable:
        if database.shards == 1:
            raise
        return None


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


def _due(row: tuple[Any, ...], settings: ListSettings) -> DueMail:
    list_id, schedule_id, key, address, period, every, hour, is_csv, secret, active_from = row[:10]
    list_name, user_id, permissions, name, command, params = row[10:]
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
        settings.timezone,
        settings.currency,
        user_id,
        _text(permissions) or "",
        _text(name),
        _text(command),
        orjson.loads(bytes(params)) if params is not None else {},
    )


def _text(stored: Any) -> str | None:
    return None if stored is None else bytes(stored).decode()
