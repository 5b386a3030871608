"""Alert looks: which alerts are due, and what a look decided, written with what is to be told in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tracker.domain.alert_rule import AlertReading, AlertRule
from tracker.domain.alert_state import AlertState, Standing, Turn
from tracker.storage.alerts import alert_notices
from tracker.storage.alerts.alert_notices import NewNotice
from tracker.storage.engine import Transaction

#: Alerts that are read at once.
MAX_DUE = 100
_DUE = (
    "SELECT a.list_id, a.id, a.name, a.rule, a.url, a.state, a.since, a.good_since, a.version, l.name, l.user_id, u.permissions"
    " FROM alerts a JOIN lists l ON l.id = a.list_id JOIN users u ON u.id = l.user_id"
    " WHERE a.is_active = 1 AND a.due_at <= ? ORDER BY a.due_at, a.id LIMIT ?"
)


class DueAlert(NamedTuple):
    """An alert that is to be looked at, and what its messages need. `user_id` is whose list it is, who may `permissions`."""

    list_id: int
    id: int
    name: str
    rule: AlertRule
    url: str | None
    standing: Standing
    version: int
    list_name: str
    user_id: int
    permissions: str


class Look(NamedTuple):
    """What a look came to. `turn` is what changed, `notices` are what is told of it."""

    at: int
    due_at: int
    reading: AlertReading
    standing: Standing
    turn: Turn | None
    firing_id: int
    notices: Sequence[NewNotice]


def due_alerts(transaction: Transaction, now: int) -> list[DueAlert]:
    """Return alerts that are due, the longest due first."""
    return [_due(row) for row in transaction.select(_DUE, (now, MAX_DUE))]


def receivers(transaction: Transaction, list_id: int, alert_id: int) -> list[str]:
    """Return the keys of the addresses that are told."""
    sql = (
        "SELECT address_key FROM alert_recipients WHERE list_id = ? AND alert_id = ? AND is_unsubscribed = 0"
    )
    return [bytes(row[0]).decode() for row in transaction.select(sql, (list_id, alert_id))]


def settle(transaction: Transaction, alert: DueAlert, look: Look) -> bool:
    """Write what a look decided; return False if the alert was changed, or looked at by another process, meanwhile."""
    standing, trouble = look.standing, look.reading.trouble
    sql = (
        "UPDATE alerts SET state = ?, since = ?, good_since = ?, looked_at = ?, due_at = ?, reading = ?, trouble = ?,"
        " version = version + 1 WHERE list_id = ? AND id = ? AND version = ? AND is_active = 1"
    )
    told = None if trouble is None else trouble[:300].encode()
    values = (
        int(standing.state),
        standing.since,
        standing.good_since,
        look.at,
        look.due_at,
        look.reading.stored(),
        told,
    )
    if not transaction.change(sql, (*values, alert.list_id, alert.id, alert.version)):
        return False
    if look.turn is Turn.ALARM:
        alert_notices.begin_firing(
            transaction, alert.list_id, alert.id, look.firing_id, look.at, look.reading
        )
    elif look.turn is Turn.WELL:
        alert_notices.end_firing(transaction, alert.list_id, alert.id, look.at, look.reading)
    alert_notices.add_notices(transaction, alert.list_id, alert.id, look.notices, look.at)
    return True


def _due(row: tuple[Any, ...]) -> DueAlert:
    list_id, number, name, rule, url, state, since, good_since, version, list_name, user_id, permissions = row
    return DueAlert(
        list_id,
        number,
        bytes(name).decode(),
        AlertRule.read(bytes(rule)),
        None if url is None else bytes(url).decode(),
        Standing(AlertState(state), since, good_since),
        version,
        bytes(list_name).decode(),
        user_id,
        bytes(permissions or b"").decode(),
    )
