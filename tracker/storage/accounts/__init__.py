"""Accounts: users, their API keys, sessions and lists, and the audit log."""

from __future__ import annotations

from tracker.storage.accounts import known_networks
from tracker.storage.accounts.api_keys import Key, Keys
from tracker.storage.accounts.audit_log import Audit, AuditEntry, Doer, Somebody, note, note_failed_login
from tracker.storage.accounts.list_settings import (
    MOST_ORIGINS_BYTES,
    MOST_PARAMETERS_BYTES,
    ListSettings,
    SettingsOfLists,
    read_settings,
)
from tracker.storage.accounts.lists import GOAL, List, Lists, conversion_ids_are_goals
from tracker.storage.accounts.passwords import MOST_AT_ONCE, is_password
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.accounts.users import User, Users

__all__ = [
    "GOAL",
    "MOST_AT_ONCE",
    "MOST_ORIGINS_BYTES",
    "MOST_PARAMETERS_BYTES",
    "Audit",
    "AuditEntry",
    "Doer",
    "Key",
    "Keys",
    "List",
    "ListSettings",
    "Lists",
    "Sessions",
    "SettingsOfLists",
    "Somebody",
    "User",
    "Users",
    "conversion_ids_are_goals",
    "is_password",
    "known_networks",
    "note",
    "note_failed_login",
    "read_settings",
]
