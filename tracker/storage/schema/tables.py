"""Tables of the database, written down once for every engine; `models.py` derives the peewee models from them.

Every key starts with `list_id`; there are no foreign keys and no partial indexes: nothing is used that Vitess, TiDB and
Galera lack. Text is stored as UTF-8 bytes, because collations merge names that differ.
"""

from __future__ import annotations

from tracker.storage.schema.ddl import Table, big_bytes, bytes_, counter, flag, integer, key, text

#: The columns that count a property's values by JSON type.
TYPES = ("strings", "numbers", "booleans", "nulls", "objects", "arrays")

# Accounts, keys, sessions, and what processes coordinate by

USERS = Table(
    "users",
    [
        counter("id"), text("email", 320), text("password_hash", 255), flag("is_admin"), text("permissions", 4000),
        text("tracker_id", 32), integer("created_at"),
    ],
    unique=[("email",), ("tracker_id",)],
)  # fmt: skip
API_KEYS = Table(
    "api_keys",
    [
        counter("id"), integer("user_id"), text("prefix", 16), bytes_("secret_hash", 32), text("permissions", 4000),
        integer("created_at"), integer("revoked_at", is_optional=True), text("name", 1000, is_optional=True),
    ],
    unique=[("prefix",)],
    indexes=[("user_id",)],
)  # fmt: skip
SESSIONS = Table(
    "sessions",
    [
        bytes_("token_hash", 32), integer("user_id"), integer("key_id", is_optional=True), integer("created_at"),
        integer("expires_at"),
    ],
    primary=("token_hash",),
    indexes=[("expires_at",), ("user_id",)],
)  # fmt: skip
#: On a server with the node that the process writes to (NULL: it has ended), its instance, since when by the node's clock,
#: and how many milliseconds its own clock is ahead.
WRITER_LEASES = Table(
    "writer_leases",
    [
        key("number"), bytes_("token", 16), integer("leased_until"), bytes_("node", 255, is_optional=True),
        bytes_("instance", 255, is_optional=True), integer("since", default=0), integer("ahead", default=0),
    ],
    primary=("number",),
)  # fmt: skip
WRITE_PROBE = Table("write_probe", [key("number"), integer("asked_at")], primary=("number",))
#: Random bytes that the processes of a database share.
SECRETS = Table("secrets", [bytes_("name", 64), bytes_("value", 32)], primary=("name",), is_clustered=True)
AUDIT_LOG = Table(
    "audit_log",
    [
        counter("id"), integer("at"), integer("user_id", is_optional=True), integer("key_id", is_optional=True),
        bytes_("session", 8, is_optional=True), text("action", 64), text("object", 128),
    ],
    indexes=[("user_id",), ("action", "at")],
)  # fmt: skip
#: Networks from which a user has logged in with the password, as hashes, each for one user.
KNOWN_NETWORKS = Table(
    "known_networks",
    [integer("user_id"), bytes_("network_hash", 32), integer("last_at")],
    primary=("user_id", "network_hash"),
    is_clustered=True,
)

# Lists, visitors and subscribers

LISTS = Table(
    "lists",
    [
        counter("id"), integer("user_id"), text("name", 1000), text("folded_name", 3000), flag("is_hidden"),
        text("tracker_id", 32), integer("created_at"), text("conversion_id_is", 16),
    ],
    unique=[("tracker_id",)],
    indexes=[("user_id", "is_hidden", "id")],
)  # fmt: skip
VISITORS = Table(
    "visitors",
    [
        key("list_id"), key("id"), bytes_("uuid", 16), integer("span"), key("subscriber_id", is_optional=True),
        integer("created_at"), integer("linked_by", default=0), integer("version", default=0), integer("named_at", is_optional=True),
        key("named_id", is_optional=True),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "uuid")],
)  # fmt: skip
LINKS = Table(
    "identity_links",
    [
        key("list_id"), key("visitor_id"), integer("span"), key("subscriber_id", is_optional=True), integer("linked_at"),
        key("event_id"), integer("reason"), integer("has_uncopied_history", default=0), key("unlinked_from", is_optional=True),
        integer("unlinked_at", is_optional=True), integer("linked_by", default=0), integer("named_at", default=0),
    ],
    primary=("list_id", "visitor_id", "span"),
    indexes=[("list_id", "subscriber_id", "has_uncopied_history", "visitor_id", "span")],
)  # fmt: skip
SUBSCRIBERS = Table(
    "subscribers",
    [
        key("list_id"), key("id"), text("email", 320, is_optional=True), text("email_key", 320, is_optional=True),
        text("external_id", 255, is_optional=True), bytes_("own_uuid", 16), integer("created_at"),
        integer("email_by", default=0), integer("external_id_by", default=0), integer("is_left_out", default=0),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "email_key"), ("list_id", "external_id")],
)  # fmt: skip
EVENTS = Table(
    "events",
    [
        key("list_id"), key("id"), key("visitor_id"), integer("span"), key("subscriber_id", is_optional=True),
        bytes_("name", 200), integer("event_at"), integer("received_at"), integer("claimed_at", is_optional=True),
        integer("sent_at", is_optional=True), bytes_("external_id", 255, is_optional=True), integer("flags"),
        big_bytes("properties"),
    ],
    primary=("list_id", "id"),
)  # fmt: skip
EVENT_IDS = Table(
    "event_ids",
    [key("list_id"), bytes_("event_key", 64), key("event_id"), bytes_("digest", 32)],
    primary=("list_id", "event_key"),
    unique=[("list_id", "event_id")],
    is_clustered=True,
)
#: First and last seen are times of events, `last_received_at` is that of an arrival: which names still come.
EVENT_NAMES = Table(
    "event_names",
    [
        key("list_id"),
        bytes_("name", 200),
        integer("first_seen_at"),
        integer("property_count"),
        integer("events"),
        integer("last_seen_at"),
        integer("last_received_at", default=0),
        integer("is_public", default=0),
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
        integer("last_received_at", default=0),
        *(integer(name) for name in TYPES),
        integer("is_public", default=0),
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
    [
        key("list_id"),
        bytes_("conversion_key", 32),
        key("event_id"),
        integer("is_public", default=0),
        big_bytes("expired", is_optional=True),
    ],
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
        counter("id"), key("list_id"), text("name", 1000), text("alias", 64, is_optional=True),
        text("alias_key", 64, is_optional=True), text("data_type", 16), flag("is_unique"), integer("created_at"),
    ],
    unique=[("list_id", "alias_key")],
)  # fmt: skip
SUBSCRIBER_FIELDS = Table(
    "subscriber_fields",
    [key("list_id"), key("subscriber_id"), key("field_id"), big_bytes("value"), integer("updated_at")],
    primary=("list_id", "subscriber_id", "field_id"),
    is_clustered=True,
)
#: Its row is also what transactions lock that change a list one after the other (list_lock.py).
LIST_SETTINGS = Table(
    "list_settings",
    [
        key("list_id"), bytes_("allowed_origins", 4000), integer("is_privacy_signal_honoured"), integer("is_address_kept"),
        integer("retention_days", is_optional=True), integer("events_from", is_optional=True),
        integer("is_key_needed_for_conversions", default=0), bytes_("hidden_parameters", 4000, is_optional=True),
        bytes_("timezone", 64, is_optional=True), bytes_("currency", 3, is_optional=True), integer("visit_gap_minutes", default=30),
        big_bytes("channel_rules", is_optional=True), big_bytes("products", is_optional=True), flag("is_refused_value_kept", default=0),
        big_bytes("own_networks", is_optional=True), flag("is_catalogue_full", default=0), flag("is_catalogue_pruned", default=0),
    ],
    primary=("list_id",),
)  # fmt: skip
SUBSCRIBER_HASHES = Table(
    "subscriber_hashes",
    [key("list_id"), bytes_("email_hash", 32), integer("form"), key("subscriber_id")],
    primary=("list_id", "email_hash", "form", "subscriber_id"),
    indexes=[("list_id", "subscriber_id")],
    is_clustered=True,
)
UNLINKS = Table(
    "identity_unlinks",
    [
        key("list_id"), key("subscriber_id"), key("visitor_id"), integer("span"), key("id"), integer("unlinked_at"),
        integer("linked_at"), key("event_id"), integer("reason"), integer("linked_by", default=0), integer("named_at", default=0),
    ],
    primary=("list_id", "subscriber_id", "visitor_id", "span", "id"),
    is_clustered=True,
)  # fmt: skip
#: Outbox: events that the catalogue has not counted yet.
COUNT_OUTBOX = Table(
    "count_outbox",
    [key("list_id"), key("id"), big_bytes("events")],
    primary=("list_id", "id"),
    is_clustered=True,
)
#: Beginnings of the spans of those visitors that have several.
VISITOR_SPANS = Table(
    "visitor_spans",
    [
        key("list_id"), key("visitor_id"), integer("begins_at"), key("begins_id"), integer("span"), integer("has_wall"),
    ],
    primary=("list_id", "visitor_id", "begins_at", "begins_id"),
    indexes=[("list_id", "visitor_id", "span")],
    is_clustered=True,
)  # fmt: skip

#: Outbox: what is to be changed at the head because of a change of a list; and which of it was.
HEAD_OUTBOX = Table(
    "head_outbox",
    [key("list_id"), key("id"), integer("kind"), big_bytes("body")],
    primary=("list_id", "id"),
    is_clustered=True,
)
HEAD_OUTBOX_DONE = Table(
    "head_outbox_done", [key("list_id"), key("id")], primary=("list_id", "id"), is_clustered=True
)

# Jobs, and what remains of deleted events

#: Jobs that take longer than a call. Due jobs are looked for over all lists: the one key that does not begin with a
#: list.
JOBS = Table(
    "jobs",
    [
        key("list_id"), key("id"), bytes_("kind", 32), key("subject_id"), big_bytes("state"), integer("handled"),
        bytes_("claimed_by", 16, is_optional=True), integer("due_at"), integer("created_at"), integer("updated_at"),
        integer("finished_at", is_optional=True),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "kind", "subject_id")],
    indexes=[("finished_at", "due_at")],
)  # fmt: skip
#: Tombstones: EventIDs of deleted events, as hashes, so that a repeat soon afterwards is not stored again.
DELETED_EVENT_IDS = Table(
    "deleted_event_ids",
    [key("list_id"), bytes_("key_hash", 32), bytes_("event_hash", 32), integer("deleted_at")],
    primary=("list_id", "key_hash"),
    indexes=[("list_id", "deleted_at")],
    is_clustered=True,
)
#: What conversions that retention has deleted since had added to the totals.
EXPIRED_TOTALS = Table(
    "expired_totals",
    [
        key("list_id"), bytes_("name", 255), bytes_("currency", 16), integer("conversions"), integer("units"),
        integer("millionths"),
    ],
    primary=("list_id", "name", "currency"),
    is_clustered=True,
)  # fmt: skip
#: Owners whose revenue is incomplete: subscribers and visitors of whom retention has deleted conversions.
EXPIRED_OWNERS = Table(
    "expired_owners",
    [key("list_id"), key("owner_id")],
    primary=("list_id", "owner_id"),
    is_clustered=True,
)
#: Log of what derived copies of a list must read again; `ids` are packed 64-bit numbers.
CHANGES = Table(
    "changes",
    [key("list_id"), key("id"), integer("kind"), key("subject"), integer("span"), big_bytes("ids", is_optional=True)],
    primary=("list_id", "id"),
    is_clustered=True,
)  # fmt: skip
#: One row: the state of the trusted clock, by which things are deleted.
TRUSTED_TIME = Table(
    "trusted_time",
    [key("number"), integer("seen_at"), integer("doubted_at"), integer("waited")],
    primary=("number",),
)

# Timelines: one table on servers, three in SQLite files

_TIMELINE_ROW = [
    key("list_id"), key("owner_id"), integer("event_at"), key("event_id"), key("visitor_id"), integer("span"),
    integer("name_key"),
]  # fmt: skip
TIMELINE = Table(
    "timeline",
    _TIMELINE_ROW,
    primary=("list_id", "owner_id", "event_at", "event_id"),
    is_clustered=True,
)
TIMELINE_RECENT = Table("timeline_recent", _TIMELINE_ROW)
TIMELINE_SORTED = Table(
    "timeline_sorted",
    [integer("run"), *_TIMELINE_ROW],
    primary=("run", "list_id", "owner_id", "event_at", "event_id"),
    is_clustered=True,
)
TIMELINE_RUNS = Table(
    "timeline_runs",
    [integer("run"), integer("level"), integer("state"), integer("merged_into", is_optional=True)],
    primary=("run",),
)

# Refused calls: rows for seven days. List 0 holds those whose caller nobody knows

#: A reason with a sender; `id` is a hash of both.
REJECTIONS = Table(
    "rejections",
    [
        key("list_id"), key("id"), bytes_("reason", 16), bytes_("sender", 300), big_bytes("message"), integer("first_at"),
        integer("last_at"), integer("total"),
    ],
    primary=("list_id", "id"),
    indexes=[("last_at",)],
)  # fmt: skip
REJECTION_HOURS = Table(
    "rejection_hours",
    [key("list_id"), key("rejection_id"), integer("hour"), integer("total")],
    primary=("list_id", "rejection_id", "hour"),
    indexes=[("hour",)],
    is_clustered=True,
)
#: The last bodies of a rejection, with masked values unless the list keeps them.
REJECTED_BODIES = Table(
    "rejected_bodies",
    [
        key("list_id"), key("id"), key("rejection_id"), integer("at"), bytes_("event_key", 64), flag("is_whole"),
        big_bytes("body"),
    ],
    primary=("list_id", "id"),
    indexes=[("list_id", "rejection_id", "id"), ("list_id", "event_key"), ("at",)],
)  # fmt: skip
#: Who sent how many events on a day: an origin, a key, a browser that asks not to be tracked.
SENDERS = Table(
    "senders",
    [
        key("list_id"), integer("day"), bytes_("kind", 16), bytes_("name", 300), integer("total"), integer("last_at"),
    ],
    primary=("list_id", "day", "kind", "name"),
    indexes=[("day",)],
    is_clustered=True,
)  # fmt: skip
