"""What can a command use? `self.services`, joined in app.py."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.config import Settings
from tracker.ingest.service import Ingest
from tracker.jobs.runner import Jobs
from tracker.logins import Logins
from tracker.reports import Reports
from tracker.reports.following import Following
from tracker.storage.accounts import Users
from tracker.storage.api_keys import Keys
from tracker.storage.audit import Audit
from tracker.storage.custom_fields import CustomFields
from tracker.storage.database import Database
from tracker.storage.list_settings import SettingsOfLists
from tracker.storage.lists import Lists
from tracker.storage.sessions import Sessions
from tracker.storage.subscribers import Subscribers


@dataclass(frozen=True)
class Stores:
    """Accounts, lists, and who is on them."""

    users: Users
    keys: Keys
    sessions: Sessions
    lists: Lists
    fields: CustomFields
    subscribers: Subscribers
    list_settings: SettingsOfLists


@dataclass(frozen=True)
class Services:
    """What a command can use: `self.services`."""

    ingest: Ingest
    reports: Reports
    following: Following
    stores: Stores
    logins: Logins
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
