"""Alert store: what a list's owner wants to be told of, to whom, and how each alert stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.domain.alert_state import AlertState
from tracker.storage.accounts import AfterRow, Check, MailedRows, NamedRows
from tracker.storage.alerts import alert_notices
from tracker.storage.engine import Transaction
from tracker.storage.schema.models import AlertRow

#: Alerts of one list.
MAX_ALERTS = 50
#: Columns whose change begins an alert anew: what was read before was read by other rules.
_BEGINS_ANEW = ("rule", "is_active")


@dataclass(frozen=True, slots=True)
class ListAlert:
    """An alert. `rule` and `reading` are JSON; times are UTC milliseconds, `looked_at` is 0 before the first look."""

    id: int
    list_id: int
    name: str
    rule: bytes
    url: str | None
    url_secret: bytes | None
    is_active: bool
    state: int
    since: int
    looked_at: int
    reading: bytes | None
    trouble: str | None
    created_at: int


class Alerts(MailedRows[ListAlert], NamedRows[ListAlert]):
    """The alerts of lists."""

    model, shape, most = AlertRow, ListAlert, MAX_ALERTS
    owner = "alert"

    def columns(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """A rule that is new, and an alert that is set going or paused, begins well and is looked at at once."""
        made = super().columns(sent)
        if not made.keys() & {*_BEGINS_ANEW}:
            return made
        anew = {
            "state": int(AlertState.OK),
            "since": self._now(),
            "good_since": None,
            "looked_at": 0,
            "due_at": 0,
        }
        version = AlertRow.version + 1 if "secret" not in made else 0
        return {**made, **anew, "reading": None, "trouble": None, "version": version}

    def change(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
        check: Check[ListAlert] | None = None,
    ) -> None:
        """Change columns as others do. A firing that lasts ends with the rule by which it began, and nobody is told."""

        def ending(transaction: Transaction, alert_id: int) -> None:
            if columns.keys() & {*_BEGINS_ANEW}:
                alert_notices.end_firing(transaction, list_id, alert_id, self._now(), None)
            then(transaction, alert_id)

        super().change(list_id, number, columns, ending, deadline, check)

    def removed(self, transaction: Transaction, list_id: int, number: int) -> None:
        super().removed(transaction, list_id, number)
        for table in ("alert_firings", "alert_notices"):
            transaction.remove(table, ("list_id", "alert_id"), [(list_id, number)])
