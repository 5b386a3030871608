"""Alerts of lists: what is looked at, how it stands, when it was bad, and what waits to be told."""

from __future__ import annotations

from tracker.storage.alerts import alert_looks, alert_notices
from tracker.storage.alerts.alert_looks import DueAlert
from tracker.storage.alerts.alert_notices import DueNotice, Firing, NewNotice, NoticeState, ToldNotice
from tracker.storage.alerts.alert_store import MAX_ALERTS, Alerts, ListAlert

__all__ = [
    "MAX_ALERTS",
    "Alerts",
    "DueAlert",
    "DueNotice",
    "Firing",
    "ListAlert",
    "NewNotice",
    "NoticeState",
    "ToldNotice",
    "alert_looks",
    "alert_notices",
]
