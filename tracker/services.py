"""Services: what commands use as `self.services`. `app.py` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.analytics.reports_client import ReportsClient
from tracker.auth.login import LoginService
from tracker.config import Settings
from tracker.delivery.alert_worker import AlertWorker
from tracker.delivery.mail_worker import MailWorker
from tracker.delivery.trigger_worker import TriggerWorker
from tracker.inbox.collector import Inbox
from tracker.ingest.service import Ingest
from tracker.jobs.nightly_backup import NightlyBackup
from tracker.jobs.runner import Jobs
from tracker.live.hub import SubscriptionHub
from tracker.metrics import MetricsRecorder
from tracker.registry import Registry
from tracker.reports import Reports
from tracker.storage.accounts import (
    Annotations,
    Audit,
    Goals,
    Keys,
    ListNames,
    Lists,
    ListSettingsStore,
    SavedReports,
    Schedules,
    Segments,
    Sessions,
    Shares,
    Users,
)
from tracker.storage.alerts import Alerts
from tracker.storage.engine import Database
from tracker.storage.subscribers import CustomFields, Subscribers
from tracker.storage.triggers import Triggers


@dataclass(frozen=True)
class Stores:
    """The stores of accounts, lists and subscribers."""

    users: Users
    keys: Keys
    sessions: Sessions
    lists: Lists
    fields: CustomFields
    subscribers: Subscribers
    list_settings: ListSettingsStore
    goals: Goals
    saved_reports: SavedReports
    annotations: Annotations
    shares: Shares
    names: ListNames
    segments: Segments
    triggers: Triggers
    schedules: Schedules
    alerts: Alerts


@dataclass(frozen=True)
class Services:
    """The services of one process: `self.services` of a command."""

    ingest: Ingest
    reports: Reports
    analytics: ReportsClient
    following: SubscriptionHub
    stores: Stores
    logins: LoginService
    jobs: Jobs
    backups: NightlyBackup
    triggers: TriggerWorker
    mails: MailWorker
    alerts: AlertWorker
    audit: Audit
    inbox: Inbox
    metrics: MetricsRecorder
    storage: Database
    settings: Settings
    #: All commands; none where no calls are answered.
    registry: Registry = field(default_factory=Registry)

    def close(self) -> None:
        """End background work, write what is written late, and close the database. No call may be running any more."""
        self.backups.close()
        self.alerts.close()
        self.mails.close()
        self.triggers.close()
        self.following.close()
        self.analytics.close()
        self.jobs.close()
        self.inbox.close()
        self.ingest.close()
        self.storage.close()
