"""Accounts: users, their API keys, sessions and lists, and the audit log."""

from __future__ import annotations

from tracker.storage.accounts import known_networks
from tracker.storage.accounts.annotations import MAX_ANNOTATIONS, Annotation, Annotations
from tracker.storage.accounts.api_keys import ApiKey, Keys
from tracker.storage.accounts.audit_log import Audit, AuditEntry, Doer, Somebody, note, note_failed_login
from tracker.storage.accounts.goals import MAX_GOALS, Goals, ListGoal
from tracker.storage.accounts.list_names import (
    MAX_NOTED,
    ListNames,
    NameBook,
    NameFault,
    NameRefused,
    NotedName,
    read_names,
)
from tracker.storage.accounts.list_removal import give_up, owner_of, remove_list, remove_some
from tracker.storage.accounts.list_rows import AfterRow, Check, NamedRows, RowFault, RowRefused
from tracker.storage.accounts.list_settings import (
    MAX_ORIGINS_BYTES,
    MAX_PARAMETERS_BYTES,
    ListSettings,
    ListSettingsStore,
    read_settings,
)
from tracker.storage.accounts.lists import GOAL, List, Lists, conversion_ids_are_goals
from tracker.storage.accounts.mailed_rows import MAX_RECIPIENTS, MailedRows, MailState, Recipient, mails_tried
from tracker.storage.accounts.passwords import MAX_AT_ONCE, is_password
from tracker.storage.accounts.saved_reports import (
    MAX_PINNED,
    MAX_SAVED_REPORTS,
    SavedReport,
    SavedReports,
)
from tracker.storage.accounts.schedules import (
    MAX_SCHEDULES,
    DueMail,
    ListSchedule,
    Schedules,
    claim_mail,
    mails_to_look_at,
    record_mail,
)
from tracker.storage.accounts.segments import MAX_SEGMENTS, ListSegment, Segments
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.accounts.shares import MAX_SHARES, OpenedShare, Share, Shares, fixed, origins_of
from tracker.storage.accounts.users import User, Users

__all__ = [
    "GOAL",
    "MAX_ANNOTATIONS",
    "MAX_AT_ONCE",
    "MAX_GOALS",
    "MAX_NOTED",
    "MAX_ORIGINS_BYTES",
    "MAX_PARAMETERS_BYTES",
    "MAX_PINNED",
    "MAX_RECIPIENTS",
    "MAX_SAVED_REPORTS",
    "MAX_SCHEDULES",
    "MAX_SEGMENTS",
    "MAX_SHARES",
    "AfterRow",
    "Annotation",
    "Annotations",
    "ApiKey",
    "Audit",
    "AuditEntry",
    "Check",
    "Doer",
    "DueMail",
    "GoalFault",
    "GoalRefused",
    "Goals",
    "Keys",
    "List",
    "ListGoal",
    "ListNames",
    "ListSchedule",
    "ListSegment",
    "ListSettings",
    "ListSettingsStore",
    "Lists",
    "MailState",
    "MailedRows",
    "NameBook",
    "NameFault",
    "NameRefused",
    "NamedRows",
    "NotedName",
    "OpenedShare",
    "Recipient",
    "RowFault",
    "RowRefused",
    "SavedReport",
    "SavedReports",
    "Schedules",
    "Segments",
    "Sessions",
    "Share",
    "Shares",
    "Somebody",
    "User",
    "Users",
    "claim_mail",
    "conversion_ids_are_goals",
    "fixed",
    "give_up",
    "is_password",
    "known_networks",
    "mails_to_look_at",
    "mails_tried",
    "note",
    "note_failed_login",
    "origins_of",
    "owner_of",
    "read_names",
    "read_settings",
    "record_mail",
    "remove_list",
    "remove_some",
]
