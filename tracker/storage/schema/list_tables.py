"""Tables of what people keep with a list: goals, saved reports, annotations, share links, schedules, segments, triggers and deliveries.

They follow the rules of `tables.py`.
"""

from __future__ import annotations

from tracker.storage.schema.ddl import Table, big_bytes, bytes_, counter, flag, integer, key, text

#: Goals of a list. `rule` is the JSON of further conditions, as they were sent.
GOALS = Table(
    "goals",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), text("event", 200), big_bytes("rule"),
        integer("created_at"),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
#: Reports that are kept with a list: a command and the JSON of its parameters, as they were sent.
SAVED_REPORTS = Table(
    "saved_reports",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), text("command", 200), big_bytes("params"),
        flag("is_pinned"), integer("created_at"),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
#: Notes on moments of a list, which charts show: `at` is a time of events.
ANNOTATIONS = Table(
    "annotations",
    [
        counter("id"), key("list_id"), integer("at"), text("text", 1200), text("url", 2000, is_optional=True), integer("created_at"),
    ],
    indexes=[("list_id", "at")],
)  # fmt: skip
#: Links to numbers of a list, for people without an account. Of the token in a link only a hash is stored.
SHARES = Table(
    "shares",
    [
        counter("id"), key("list_id"), bytes_("token_hash", 32), key("saved_report_id", is_optional=True), big_bytes("rule"),
        integer("ends_at", is_optional=True), bytes_("frame_origins", 4000), text("password_hash", 255, is_optional=True),
        integer("created_at"),
    ],
    unique=[("token_hash",)],
    indexes=[("list_id", "saved_report_id")],
)  # fmt: skip
#: Segments of a list. `rule` is JSON, as it was sent.
SEGMENTS = Table(
    "segments",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), big_bytes("rule"), integer("created_at"),
        integer("updated_at"),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
#: Triggers of a list. `rule` is the JSON of further conditions, as they were
#: sent. `is_active` is 0 while it is paused, for the reason `paused_by`; `active_from` is when it was last set going.
#: `failing_since` is the first failed delivery since one was accepted.
TRIGGERS = Table(
    "triggers",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), text("event", 200),
        big_bytes("rule"), text("url", 2000), bytes_("secret", 64),
        bytes_("old_secret", 64, is_optional=True), integer("old_secret_until"), flag("is_active"), integer("paused_by"),
        integer("active_from"), integer("failing_since", is_optional=True), text("last_failure", 400, is_optional=True),
        integer("created_at"),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
#: Deliveries: the queue of a trigger and its log. `lane` is the subscriber or visitor in whose order it is sent; `state` is a
#: number of storage/triggers; one that waits for an earlier one of its lane is due never.
DELIVERIES = Table(
    "deliveries",
    [
        key("list_id"), key("id"), key("trigger_id"), key("event_id"), key("lane"),
        key("subscriber_id", is_optional=True), integer("state"), integer("due_at"), integer("attempts"), integer("created_at"),
        integer("finished_at", is_optional=True), big_bytes("body"), big_bytes("log", is_optional=True), big_bytes("answer", is_optional=True),
    ],
    primary=("list_id", "id"),
    unique=[("list_id", "event_id", "trigger_id")],
    indexes=[("list_id", "trigger_id", "state", "due_at"), ("list_id", "trigger_id", "lane", "state"), ("list_id", "subscriber_id")],
)  # fmt: skip
#: How far triggers have read the events of a list: `kind` tells those with conditions from those without.
TRIGGER_TAILS = Table(
    "trigger_tails",
    [key("list_id"), integer("kind"), integer("as_of")],
    primary=("list_id", "kind"),
    is_clustered=True,
)
#: Work that one process of all does at a time, and which has it until when.
WORK_LEASES = Table(
    "work_leases",
    [bytes_("name", 32), bytes_("token", 16), integer("leased_until")],
    primary=("name",),
    is_clustered=True,
)
#: Reports by mail. Without a `saved_report_id` it is the overview; `hour` is one of the list's clock. Nothing that was due before
#: `active_from` is sent. With the `secret` the links to unsubscribe are made.
SCHEDULES = Table(
    "schedules",
    [
        counter("id"), key("list_id"), key("saved_report_id", is_optional=True), bytes_("every", 8), integer("hour"), flag("is_csv"),
        bytes_("secret", 32), integer("active_from"), integer("created_at"),
    ],
    indexes=[("list_id", "saved_report_id")],
)  # fmt: skip
#: Who gets the mails of a schedule. `period` is when the last one was due that was claimed, `state` what became of it.
SCHEDULE_RECIPIENTS = Table(
    "schedule_recipients",
    [
        key("list_id"), key("schedule_id"), text("address_key", 320), text("address", 320), integer("place"), integer("period"),
        integer("state"), integer("tried_at"), integer("again_at"), text("failure", 1200, is_optional=True), flag("is_unsubscribed"),
    ],
    primary=("list_id", "schedule_id", "address_key"),
    indexes=[("list_id", "address_key")],
)  # fmt: skip
#: What is noted of names of events (kind 1) and properties (2): which other name each stands for, and what is said of it.
LIST_NAMES = Table(
    "list_names",
    [
        key("list_id"), integer("kind"), bytes_("name", 255), bytes_("stands_for", 255, is_optional=True),
        integer("is_hidden"), big_bytes("description"), integer("updated_at"),
    ],
    primary=("list_id", "kind", "name"),
    is_clustered=True,
)  # fmt: skip
