"""Tables of what people keep with a list: goals, saved reports, annotations, share links, schedules, segments, triggers, deliveries
and alerts.

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
#: Triggers of a list, on an `event`, or on entry to a segment, or exit. `rule` is the JSON of further conditions, as they were
#: sent. `is_active` is 0 while it is paused, for the reason `paused_by`; `active_from` is when it was last set going.
#: `failing_since` is the first failed delivery since one was accepted. `paused_at` is when it paused itself and nobody was told
#: yet. Of a segment `looked_at` is when its people were last compared with `trigger_members`, which hold those of `members_of`, a
#: digest of its rule, and `look_failure` why they could not be compared since.
TRIGGERS = Table(
    "triggers",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), text("event", 200),
        big_bytes("rule"), text("url", 2000), bytes_("secret", 64),
        bytes_("old_secret", 64, is_optional=True), integer("old_secret_until"), flag("is_active"), integer("paused_by"),
        integer("active_from"), integer("failing_since", is_optional=True), text("last_failure", 400, is_optional=True),
        integer("created_at"), key("segment_id", is_optional=True), flag("is_exit", default=0), bytes_("members_of", 32, is_optional=True),
        integer("looked_at", default=0), text("look_failure", 400, is_optional=True), integer("paused_at", is_optional=True),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
#: Who was in the segment of a trigger when it was last looked at.
TRIGGER_MEMBERS = Table(
    "trigger_members",
    [key("list_id"), key("trigger_id"), key("subscriber_id")],
    primary=("list_id", "trigger_id", "subscriber_id"),
    indexes=[("list_id", "subscriber_id")],
    is_clustered=True,
)
#: Deliveries: the queue of a trigger and its log. `lane` is the subscriber or visitor in whose order it is sent; `state` is a
#: number of storage/triggers; one that waits for an earlier one of its lane is due never. Those of a segment have no event.
DELIVERIES = Table(
    "deliveries",
    [
        key("list_id"), key("id"), key("trigger_id"), key("event_id", is_optional=True), key("lane"),
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


def _recipients(name: str, owner: str) -> Table:
    """Return the table of who gets the mails of something.

    `period` is when the last mail was due that was claimed, where mails are of periods; `state` is what became of the last one.
    """
    return Table(
        name,
        [
            key("list_id"), key(owner), text("address_key", 320), text("address", 320), integer("place"), integer("period"),
            integer("state"), integer("tried_at"), integer("again_at"), text("failure", 1200, is_optional=True),
            flag("is_unsubscribed"),
        ],
        primary=("list_id", owner, "address_key"),
        indexes=[("list_id", "address_key")],
    )  # fmt: skip


SCHEDULE_RECIPIENTS = _recipients("schedule_recipients", "schedule_id")
#: Alerts of a list. `rule` is JSON: what is looked at and when it is bad. `state` is 1 while it is bad, since `since`; `good_since` is
#: when it was first seen well again. `version` changes with each look and each change, so that a look at what was changed meanwhile
#: decides nothing. `secret` makes the links to unsubscribe, `url_secret` signs messages.
ALERTS = Table(
    "alerts",
    [
        counter("id"), key("list_id"), text("name", 400), text("folded_name", 1200), big_bytes("rule"),
        text("url", 2000, is_optional=True), bytes_("url_secret", 64, is_optional=True), bytes_("secret", 32), flag("is_active"),
        integer("state"), integer("since"), integer("good_since", is_optional=True), integer("looked_at"), integer("due_at"),
        integer("version"), big_bytes("reading", is_optional=True), text("trouble", 1200, is_optional=True), integer("created_at"),
    ],
    unique=[("list_id", "folded_name")],
)  # fmt: skip
ALERT_RECIPIENTS = _recipients("alert_recipients", "alert_id")
#: When an alert was bad, with what was read at both ends.
ALERT_FIRINGS = Table(
    "alert_firings",
    [
        key("list_id"), key("id"), key("alert_id"), integer("began_at"), integer("ended_at", is_optional=True), big_bytes("began"),
        big_bytes("ended", is_optional=True),
    ],
    primary=("list_id", "id"),
    indexes=[("list_id", "alert_id", "id")],
)  # fmt: skip
#: What an alert tells: one row for each message and receiver, an address or, without one, the alert's URL. Those that are due are
#: looked for over all lists.
ALERT_NOTICES = Table(
    "alert_notices",
    [
        key("list_id"), key("id"), key("alert_id"), key("firing_id"), integer("kind"), text("address_key", 320), integer("state"),
        integer("due_at"), integer("attempts"), integer("created_at"), integer("finished_at", is_optional=True), big_bytes("body"),
        big_bytes("log", is_optional=True),
    ],
    primary=("list_id", "id"),
    indexes=[("list_id", "alert_id", "id"), ("list_id", "address_key"), ("state", "due_at")],
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
