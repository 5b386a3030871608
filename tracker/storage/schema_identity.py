"""Which tables tell whom a hash of an address means, and which ties were taken back?"""

from __future__ import annotations

from tracker.storage.ddl import Table, bytes_, integer, key

SUBSCRIBER_HASHES = Table(
    "subscriber_hashes",
    [key("list_id"), bytes_("email_hash", 32), integer("form"), key("subscriber_id")],
    primary=("list_id", "email_hash", "form", "subscriber_id"),
    is_clustered=True,
)
UNBINDINGS = Table(
    "unbindings",
    [
        key("list_id"), key("subscriber_id"), key("visitor_id"), integer("segment"), key("id"), integer("unbound_at"),
        integer("bound_at"), key("event_id"), integer("reason"),
    ],
    primary=("list_id", "subscriber_id", "visitor_id", "segment", "id"),
    is_clustered=True,
)  # fmt: skip
