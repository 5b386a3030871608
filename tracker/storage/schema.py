"""Which tables are there, and how did they come about? The migrations of Tracker's own tables, oldest first.

A migration never changes once released. Each of its steps is one statement that can be run again, since MySQL
commits every one by itself. Every key starts with `list_id`, no foreign keys, no partial indexes: what Vitess, TiDB
and Galera cannot do is not used. Text is kept as UTF-8 bytes, because collations merge names that differ.
"""

from __future__ import annotations

from tracker.storage.account_tables import API_KEYS, AUDIT_LOG, LOGIN_PLACES, PROBES, SESSIONS, USERS, WRITERS
from tracker.storage.catalogue_counts import TYPES
from tracker.storage.count_outbox import COUNT_OUTBOX
from tracker.storage.ddl import Table, big_bytes, bytes_, counter, integer, key
from tracker.storage.migrations import Migration
from tracker.storage.schema_credentials import CREDENTIALS_FIRST
from tracker.storage.schema_deletions import AT_REST, EXPIRED_TOTALS, JOBS, SPENT_EVENT_IDS
from tracker.storage.schema_identity import SUBSCRIBER_HASHES, UNBINDINGS
from tracker.storage.steps import AddColumn, AddIndex, DropIndex, OnFiles, OnServers
from tracker.storage.stretches import MADE_FROM_BINDINGS
from tracker.storage.subscriber_hashes import fill_hashes
from tracker.storage.timeline_filling import fill_timeline
from tracker.storage.timeline_tables import TIMELINE, TIMELINE_RECENT, TIMELINE_RUNS, TIMELINE_SORTED
from tracker.storage.trusted_time import begin_clock

LISTS = Table(
    "lists",
    [
        counter("id"), integer("user_id"), bytes_("name", 1000), bytes_("folded_name", 3000), integer("is_hidden"),
        bytes_("tracker_id", 32), integer("created_at"), integer("is_catalogue_full"), bytes_("conversion_id_is", 16),
    ],
    unique=[("tracker_id",)],
    indexes=[("user_id", "is_hidden", "id")],
)  # fmt: skip
VISITORS = Table(
    "visitors",
    [
        key("list_id"), key("id"), bytes_("uuid", 16), integer("segment"), key("subscriber_id", is_optional=True),
        integer("created_at"),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "uuid")],
)  # fmt: skip
BINDINGS = Table(
    "bindings",
    [
        key("list_id"), key("visitor_id"), integer("segment"), key("subscriber_id", is_optional=True), integer("bound_at"),
        key("event_id"), integer("reason"),
    ],
    primary=("list_id", "visitor_id", "segment"),
    indexes=[("list_id", "subscriber_id", "visitor_id", "segment")],
)  # fmt: skip
SUBSCRIBERS = Table(
    "subscribers",
    [
        key("list_id"), key("id"), bytes_("email", 320, is_optional=True), bytes_("email_key", 320, is_optional=True),
        bytes_("external_id", 255, is_optional=True), bytes_("own_uuid", 16), integer("created_at"),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "email_key"), ("list_id", "external_id")],
)  # fmt: skip
EVENTS = Table(
    "events",
    [
        key("list_id"), key("id"), key("visitor_id"), integer("segment"), key("subscriber_id", is_optional=True),
        bytes_("name", 200), integer("event_at"), integer("received_at"), integer("claimed_at", is_optional=True),
        integer("sent_at", is_optional=True), bytes_("external_id", 255, is_optional=True), integer("flags"),
        big_bytes("properties"),
    ],
    primary=("list_id", "id"),
    indexes=[("list_id", "visitor_id", "event_at", "id")],
)  # fmt: skip
EVENT_IDS = Table(
    "event_ids",
    [key("list_id"), bytes_("event_key", 64), key("event_id"), bytes_("digest", 32)],
    primary=("list_id", "event_key"),
    is_clustered=True,
)
EVENT_NAMES = Table(
    "event_names",
    [
        key("list_id"),
        bytes_("name", 200),
        integer("first_seen_at"),
        integer("property_count"),
        integer("events"),
        integer("last_seen_at"),
    ],
    primary=("list_id", "name"),
    is_clustered=True,
)
EVENT_PROPERTIES = Table(
    "event_properties",
    [
        key("list_id"),
        bytes_("event_name", 200),
        bytes_("property", 255),
        integer("first_seen_at"),
        integer("last_seen_at"),
        *(integer(name) for name in TYPES),
    ],
    primary=("list_id", "event_name", "property"),
    is_clustered=True,
)
EVENT_COUNTS = Table(
    "event_counts",
    [key("list_id"), bytes_("name", 200), integer("bucket"), integer("slot"), integer("events")],
    primary=("list_id", "name", "bucket", "slot"),
    is_clustered=True,
)
CONVERSIONS = Table(
    "conversions",
    [key("list_id"), bytes_("conversion_key", 32), key("event_id")],
    primary=("list_id", "conversion_key"),
    is_clustered=True,
)
CONVERSION_TOTALS = Table(
    "conversion_totals",
    [
        key("list_id"), bytes_("name", 255), bytes_("currency", 16), integer("slot"), integer("conversions"),
        integer("units"), integer("millionths"),
    ],
    primary=("list_id", "name", "currency", "slot"),
    is_clustered=True,
)  # fmt: skip
CUSTOM_FIELDS = Table(
    "custom_fields",
    [
        counter("id"), key("list_id"), bytes_("name", 1000), bytes_("alias", 64, is_optional=True),
        bytes_("alias_key", 64, is_optional=True), bytes_("data_type", 16), integer("is_unique"), integer("created_at"),
    ],
    unique=[("list_id", "alias_key")],
)  # fmt: skip
SUBSCRIBER_FIELDS = Table(
    "subscriber_fields",
    [key("list_id"), key("subscriber_id"), key("field_id"), big_bytes("value"), integer("updated_at")],
    primary=("list_id", "subscriber_id", "field_id"),
    is_clustered=True,
)
LIST_SETTINGS = Table(
    "list_settings",
    [
        key("list_id"), bytes_("allowed_origins", 4000), integer("is_privacy_signal_honoured"), integer("is_address_kept"),
        integer("retention_days", is_optional=True), integer("events_from", is_optional=True),
    ],
    primary=("list_id",),
)  # fmt: skip


MIGRATIONS = [
    Migration("0001_accounts", [USERS, API_KEYS, SESSIONS, LISTS, WRITERS, PROBES]),
    Migration("0002_identity", [VISITORS, BINDINGS, SUBSCRIBERS]),
    Migration("0003_events", [EVENTS, EVENT_IDS, EVENT_NAMES, EVENT_PROPERTIES]),
    Migration("0004_counters", [EVENT_COUNTS, CONVERSIONS, CONVERSION_TOTALS]),
    Migration(
        "0005_timeline",
        [
            AddColumn("bindings", integer("has_past"), " DEFAULT 0"),
            AddColumn("bindings", key("unbound_from", is_optional=True), ""),
            AddColumn("bindings", integer("unbound_at", is_optional=True), ""),
            OnServers(TIMELINE),
            OnFiles(TIMELINE_RECENT),
            OnFiles(TIMELINE_SORTED),
            OnFiles(TIMELINE_RUNS),
            fill_timeline,
            DropIndex("events", ("list_id", "visitor_id", "event_at", "id")),
        ],
    ),
    Migration("0006_fields", [CUSTOM_FIELDS, SUBSCRIBER_FIELDS]),
    Migration(
        "0007_audit",
        [AUDIT_LOG, LOGIN_PLACES, AddColumn("api_keys", bytes_("name", 1000, is_optional=True), "")],
    ),
    Migration("0009_list_settings", [LIST_SETTINGS]),
    Migration(
        "0011_pasts",
        [
            AddIndex("bindings", ("list_id", "subscriber_id", "has_past", "visitor_id", "segment")),
            DropIndex("bindings", ("list_id", "subscriber_id", "visitor_id", "segment")),
        ],
    ),
    Migration("0008_jobs", [JOBS]),
    Migration("0010_hashes", [SUBSCRIBER_HASHES, fill_hashes, UNBINDINGS]),
    Migration(
        "0012_deletions",
        [SPENT_EVENT_IDS, EXPIRED_TOTALS, AddIndex("event_ids", ("list_id", "event_id"), is_unique=True)],
    ),
    Migration("0016_rest", [*AT_REST, begin_clock]),
    Migration(
        "0018_public_names",
        [
            AddColumn("event_names", integer("is_public"), " DEFAULT 0"),
            AddColumn("event_properties", integer("is_public"), " DEFAULT 0"),
            AddColumn("lists", integer("is_catalogue_pruned"), " DEFAULT 0"),
        ],
    ),
    Migration(
        "0014_ties",
        [
            AddColumn("subscribers", integer("email_by"), " DEFAULT 0"),
            AddColumn("subscribers", integer("external_id_by"), " DEFAULT 0"),
            *(
                AddColumn(table, integer("bound_by"), " DEFAULT 0")
                for table in ("visitors", "bindings", "unbindings")
            ),
        ],
    ),
    Migration("0013_credentials_first", CREDENTIALS_FIRST),
    Migration("0017_counts", [COUNT_OUTBOX, AddIndex("subscriber_hashes", ("list_id", "subscriber_id"))]),
    Migration(
        "0019_hidden_parameters",
        [AddColumn("list_settings", bytes_("hidden_parameters", 4000, is_optional=True), "")],
    ),
    Migration("0015_stretches", MADE_FROM_BINDINGS),
]
