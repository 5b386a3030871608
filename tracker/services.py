"""What can a command use? `self.services`, joined in app.py."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.auth.login import LoginService
from tracker.config import Settings
from tracker.ingest.service import Ingest
from tracker.jobs.runner import Jobs
from tracker.live.hub import SubscriptionHub
from tracker.reports import Reports
from tracker.storage.accounts import Audit, Keys, Lists, ListSettingsStore, Sessions, Users
from tracker.storage.engine import Database
from tracker.storage.subscribers import CustomFields, Subscribers


@dataclass(frozen=True)
class Stores:
    """Accounts, lists, and who is on them."""

    users: Users
    keys: Keys
    sessions: Sessions
    lists: Lists
    fields: CustomFields
    subscribers: Subscribers
    list_settings: ListSettingsStore


@dataclass(frozen=True)
class Services:
    """What a command can use: `self.services`."""

    ingest: Ingest
    reports: Reports
    following: SubscriptionHub
    stores: Stores
    logins: LoginService
    jobs: Jobs
    audit: Audit
    storage: Database
    settings: Settings

    def close(self) -> None:
        """No call is under way any more: end what runs in the background, write what is written late, close the database."""
        self.following.close()
        self.jobs.close()
        self.ingest.close()
        self.storage.close()
