"""Alert notices: when alerts were bad, and the messages that tell it, each to one receiver, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from tracker.domain.alert_rule import AlertReading
from tracker.domain.alert_state import Turn
from tracker.storage.accounts import MailState
from tracker.storage.engine import Transaction
from tracker.storage.triggers import PostAttempt, attempts_in, with_attempt

#: Firings of an alert that are kept, with what was told of them, and notices that are sent in one round.
KEPT_FIRINGS, MAX_DUE = 50, 200
#: The key of a notice that goes to the alert's URL.
TO_URL = ""


class NoticeState(IntEnum):
    """The state of a notice. The number is stored."""

    WAITING = 0
    ACCEPTED = 1
    #: It was refused for good, or tried for three days, or its receiver is none any more.
    GIVEN_UP = 2
    #: What a claim leaves until the outcome of a mail is stored: perhaps it was sent.
    UNKNOWN = 3


class NewNotice(NamedTuple):
    """A notice that begins. `address_key` is TO_URL for the alert's URL."""

    id: int
    firing_id: int
    kind: Turn
    address_key: str
    body: bytes


class DueNotice(NamedTuple):
    """A notice that is due. `address` is None where nobody is to get it any more."""

    list_id: int
    id: int
    alert_id: int
    address_key: str
    attempts: int
    created_at: int
    body: bytes
    url: str | None
    url_secret: bytes | None
    secret: bytes
    address: str | None


class Firing(NamedTuple):
    """A time at which an alert was bad. `ended` is None while it lasts, and where the alert was changed."""

    id: int
    began_at: int
    ended_at: int | None
    began: AlertReading
    ended: AlertReading | None


class ToldNotice(NamedTuple):
    """A notice as it stands. `address` is None for the URL, and for an address that is none any more."""

    id: int
    firing_id: int
    kind: Turn
    is_to_url: bool
    address: str | None
    state: NoticeState
    due_at: int
    created_at: int
    finished_at: int | None
    log: list[dict[str, Any]]


def begin_firing(
    transaction: Transaction, list_id: int, alert_id: int, firing_id: int, now: int, reading: AlertReading
) -> None:
    """Add a firing, and delete those that are too many with what was told of them."""
    columns = ("list_id", "id", "alert_id", "began_at", "began")
    transaction.insert("alert_firings", columns, [(list_id, firing_id, alert_id, now, reading.stored())])
    where = "list_id = ? AND alert_id = ?"
    sql = f"SELECT id FROM alert_firings WHERE {where} ORDER BY id DESC LIMIT 1 OFFSET {KEPT_FIRINGS}"
    for (oldest,) in transaction.select(sql, (list_id, alert_id)):
        for table, column in (("alert_firings", "id"), ("alert_notices", "firing_id")):
            transaction.change(
                f"DELETE FROM {table} WHERE {where} AND {column} <= ?", (list_id, alert_id, oldest)
            )


def end_firing(
    transaction: Transaction, list_id: int, alert_id: int, now: int, reading: AlertReading | None
) -> None:
    """End the firing that lasts, if there is one."""
    sql = "UPDATE alert_firings SET ended_at = ?, ended = ? WHERE list_id = ? AND alert_id = ? AND ended_at IS NULL"
    stored = None if reading is None else reading.stored()
    transaction.change(sql, (now, stored, list_id, alert_id))


def lasting_firing(transaction: Transaction, list_id: int, alert_id: int) -> int:
    """Return the number of the firing that lasts; 0 if there is none."""
    sql = "SELECT MAX(id) FROM alert_firings WHERE list_id = ? AND alert_id = ? AND ended_at IS NULL"
    return int(transaction.select(sql, (list_id, alert_id))[0][0] or 0)


def add_notices(
    transaction: Transaction, list_id: int, alert_id: int, notices: Sequence[NewNotice], now: int
) -> None:
    columns = "list_id id alert_id firing_id kind address_key state due_at attempts created_at body"
    rows = [
        (
            list_id,
            each.id,
            alert_id,
            each.firing_id,
            int(each.kind),
            each.address_key.encode(),
            0,
            now,
            0,
            now,
            each.body,
        )
        for each in notices
    ]
    transaction.insert("alert_notices", columns.split(), rows)


def due_notices(transaction: Transaction, now: int) -> list[DueNotice]:
    """Return notices that are due: of one alert to one receiver the first that waits, so that they come in order."""
    sql = (
        "SELECT n.list_id, n.id, n.alert_id, n.address_key, n.attempts, n.created_at, n.body, a.url, a.url_secret, a.secret,"
        " r.address FROM alert_notices n JOIN alerts a ON a.list_id = n.list_id AND a.id = n.alert_id"
        " LEFT JOIN alert_recipients r ON r.list_id = n.list_id AND r.alert_id = n.alert_id"
        " AND r.address_key = n.address_key AND r.is_unsubscribed = 0"
        " WHERE n.state = 0 AND n.due_at <= ? AND NOT EXISTS (SELECT 1 FROM alert_notices e WHERE e.list_id = n.list_id"
        " AND e.alert_id = n.alert_id AND e.address_key = n.address_key AND e.state = 0 AND e.id < n.id)"
        " ORDER BY n.due_at, n.id LIMIT ?"
    )
    return [_due(row) for row in transaction.select(sql, (now, MAX_DUE))]


def claim(transaction: Transaction, notice: DueNotice, now: int) -> bool:
    """Claim a mail: True once, whoever asks and how often. Until its outcome is stored it was perhaps sent."""
    sql = "UPDATE alert_notices SET state = ?, finished_at = ? WHERE list_id = ? AND id = ? AND state = 0"
    is_claimed = transaction.change(sql, (int(NoticeState.UNKNOWN), now, notice.list_id, notice.id)) == 1
    if is_claimed:
        note_mail(transaction, notice, MailState.UNKNOWN, None, now)
    return is_claimed


def finish(
    transaction: Transaction, notice: DueNotice, attempt: PostAttempt, state: NoticeState, due_at: int
) -> None:
    """Write an attempt down, with the state after it; a notice that waits on is due at `due_at`."""
    key = (notice.list_id, notice.id)
    rows = transaction.select(
        f"SELECT log FROM alert_notices WHERE list_id = ? AND id = ?{transaction.engine.for_update}", key
    )
    if not rows:
        return
    ended = attempt.at + attempt.milliseconds
    finished_at = None if state is NoticeState.WAITING else ended
    sql = (
        "UPDATE alert_notices SET state = ?, due_at = ?, finished_at = ?, log = ?, attempts = attempts + 1"
        " WHERE list_id = ? AND id = ?"
    )
    transaction.execute(sql, (int(state), due_at, finished_at, with_attempt(rows[0][0], attempt), *key))


def note_mail(
    transaction: Transaction, notice: DueNotice, state: MailState, failure: str | None, now: int
) -> None:
    """Store what became of the last mail to an address."""
    sql = (
        "UPDATE alert_recipients SET state = ?, tried_at = ?, failure = ?"
        " WHERE list_id = ? AND alert_id = ? AND address_key = ?"
    )
    said = None if failure is None else failure[:300].encode()
    about = (notice.list_id, notice.alert_id, notice.address_key.encode())
    transaction.execute(sql, (int(state), now, said, *about))


def firings_of(transaction: Transaction, list_id: int, alert_id: int) -> list[Firing]:
    """Return the firings of an alert, the latest first."""
    sql = (
        "SELECT id, began_at, ended_at, began, ended FROM alert_firings WHERE list_id = ? AND alert_id = ?"
        " ORDER BY id DESC LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, alert_id, KEPT_FIRINGS))
    return [
        Firing(number, began_at, ended_at, _reading(began), None if ended is None else _reading(ended))
        for number, began_at, ended_at, began, ended in rows
    ]


def notices_of(transaction: Transaction, list_id: int, alert_id: int, most: int) -> list[ToldNotice]:
    """Return the notices of an alert, the latest first."""
    sql = (
        "SELECT n.id, n.firing_id, n.kind, n.address_key, r.address, n.state, n.due_at, n.created_at, n.finished_at, n.log"
        " FROM alert_notices n LEFT JOIN alert_recipients r ON r.list_id = n.list_id AND r.alert_id = n.alert_id"
        " AND r.address_key = n.address_key WHERE n.list_id = ? AND n.alert_id = ? ORDER BY n.id DESC LIMIT ?"
    )
    return [_told(row) for row in transaction.select(sql, (list_id, alert_id, most))]


def _told(row: tuple[Any, ...]) -> ToldNotice:
    number, firing, kind, key, address, state, due_at, created_at, finished_at, log = row
    return ToldNotice(
        number,
        firing,
        Turn(kind),
        bytes(key).decode() == TO_URL,
        None if address is None else bytes(address).decode(),
        NoticeState(state),
        due_at,
        created_at,
        finished_at,
        attempts_in(log),
    )


def _reading(stored: Any) -> AlertReading:
    return AlertReading.read(bytes(stored))


def _due(row: tuple[Any, ...]) -> DueNotice:
    list_id, number, alert_id, key, attempts, created_at, body, url, url_secret, secret, address = row
    return DueNotice(
        list_id,
        number,
        alert_id,
        bytes(key).decode(),
        attempts,
        created_at,
        bytes(body),
        None if url is None else bytes(url).decode(),
        None if url_secret is None else bytes(url_secret),
        bytes(secret),
        None if address is None else bytes(address).decode(),
    )
