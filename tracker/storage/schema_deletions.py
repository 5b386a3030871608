"""Which table holds jobs that are longer than a call?"""

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
