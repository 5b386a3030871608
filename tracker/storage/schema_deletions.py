"""Which tables hold jobs that are longer than a call, what is left of events that were deleted, and what time it is?"""

from __future__ import annotations

from tracker.storage.ddl import Table, big_bytes, bytes_, integer, key

#: Jobs that take longer than a call. What is due is asked for over all lists: one key that does not begin with a list.
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
#: EventIDs of events that have been deleted, as hashes: what is repeated soon after is not stored again.
SPENT_EVENT_IDS = Table(
    "spent_event_ids",
    [key("list_id"), bytes_("key_hash", 32), bytes_("event_hash", 32), integer("spent_at")],
    primary=("list_id", "key_hash"),
    indexes=[("list_id", "spent_at")],
    is_clustered=True,
)
#: What conversions have added to the totals that retention has deleted since.
EXPIRED_TOTALS = Table(
    "expired_totals",
    [
        key("list_id"), bytes_("name", 255), bytes_("currency", 16), integer("conversions"), integer("units"),
        integer("millionths"),
    ],
    primary=("list_id", "name", "currency"),
    is_clustered=True,
)  # fmt: skip
#: Whose revenue is less than it was: persons and visitors of whom retention has deleted conversions.
EXPIRED_OWNERS = Table(
    "expired_owners",
    [key("list_id"), key("owner_id")],
    primary=("list_id", "owner_id"),
    is_clustered=True,
)
#: One row: what is known of the clock that things are deleted by.
TRUSTED_TIME = Table(
    "trusted_time",
    [key("number"), integer("seen_at"), integer("doubted_at"), integer("waited")],
    primary=("number",),
)
#: What came with the care for data at rest.
AT_REST = (EXPIRED_OWNERS, TRUSTED_TIME)
