"""Migration history of Tracker's own tables, oldest first.

A migration never changes once released. Each of its steps is one statement that can be run again, since MySQL
commits every one by itself. Instances of the release before go on meanwhile, so a migration only adds
(docs/decisions/0035-upgrades-without-an-outage.md).
"""

from __future__ import annotations

from tracker.storage.engine.secrets import make_secrets
from tracker.storage.engine.trusted_time import begin_clock
from tracker.storage.schema import list_tables, tables
from tracker.storage.schema.migrations import Migration
from tracker.storage.schema.operations import ServerOnly, SqliteOnly

MIGRATIONS = [
    Migration(
        "0001_initial",
        [
            tables.USERS,
            tables.API_KEYS,
            tables.SESSIONS,
            tables.LISTS,
            tables.LIST_SETTINGS,
            tables.WRITER_LEASES,
            tables.WRITE_PROBE,
            tables.SECRETS,
            tables.AUDIT_LOG,
            tables.KNOWN_NETWORKS,
            tables.VISITORS,
            tables.LINKS,
            tables.UNLINKS,
            tables.VISITOR_SPANS,
            tables.SUBSCRIBERS,
            tables.SUBSCRIBER_HASHES,
            tables.CUSTOM_FIELDS,
            list_tables.GOALS,
            list_tables.SAVED_REPORTS,
            list_tables.ANNOTATIONS,
            list_tables.SHARES,
            list_tables.LIST_NAMES,
            list_tables.SEGMENTS,
            list_tables.TRIGGERS,
            list_tables.TRIGGER_MEMBERS,
            list_tables.DELIVERIES,
            list_tables.TRIGGER_TAILS,
            list_tables.WORK_LEASES,
            list_tables.SCHEDULES,
            list_tables.SCHEDULE_RECIPIENTS,
            list_tables.ALERTS,
            list_tables.ALERT_RECIPIENTS,
            list_tables.ALERT_FIRINGS,
            list_tables.ALERT_NOTICES,
            tables.SUBSCRIBER_FIELDS,
            tables.EVENTS,
            tables.EVENT_IDS,
            tables.DELETED_EVENT_IDS,
            tables.EVENT_NAMES,
            tables.EVENT_PROPERTIES,
            tables.COUNT_OUTBOX,
            tables.EVENT_COUNTS,
            tables.CONVERSIONS,
            tables.CONVERSION_TOTALS,
            tables.EXPIRED_TOTALS,
            tables.EXPIRED_OWNERS,
            tables.JOBS,
            tables.CHANGES,
            tables.HEAD_OUTBOX,
            tables.HEAD_OUTBOX_DONE,
            tables.REJECTIONS,
            tables.REJECTION_HOURS,
            tables.REJECTED_BODIES,
            tables.SENDERS,
            tables.TRUSTED_TIME,
            ServerOnly(tables.TIMELINE),
            SqliteOnly(tables.TIMELINE_RECENT),
            SqliteOnly(tables.TIMELINE_SORTED),
            SqliteOnly(tables.TIMELINE_RUNS),
            make_secrets,
            begin_clock,
        ],
        breaks_before="0001_initial",
    ),
]
