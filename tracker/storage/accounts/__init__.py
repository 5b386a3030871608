"""Accounts: users, their API keys, sessions and lists, and the audit log."""

from __future__ import annotations

from tracker.storage.accounts import known_networks
from tracker.storage.accounts.api_keys import ApiKey, Keys
from tracker.storage.accounts.audit_log import Audit, AuditEntry, Doer, Somebody, note, note_failed_login
from tracker.storage.accounts.goals import MAX_GOALS, GoalFault, GoalRefused, Goals, ListGoal
from tracker.storage.accounts.list_settings import (
    MAX_ORIGINS_BYTES,
    MAX_PARAMETERS_BYTES,
    ListSettings,
    ListSettingsStore,
    read_settings,
)
from tracker.storage.accounts.lists import GOAL, List, Lists, conversion_ids_are_goals
from tracker.storage.accounts.passwords import MAX_AT_ONCE, is_password
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.accounts.users import User, Users

__all__ = [
    "GOAL",
    "MAX_AT_ONCE",
    "MAX_GOALS",
    "MAX_ORIGINS_BYTES",
    "MAX_PARAMETERS_BYTES",
    "ApiKey",
    "Audit",
    "AuditEntry",
    "Doer",
    "GoalFault",
    "GoalRefused",
    "Goals",
    "Keys",
    "List",
    "ListGoal",
    "ListSettings",
    "ListSettingsStore",
    "Lists",
    "Sessions",
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
