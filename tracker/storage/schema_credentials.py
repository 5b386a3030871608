"""Which columns say what came with a credential, and what signs what Tracker gives out? Steps of a migration."""

from __future__ import annotations

from tracker.storage.account_tables import SECRETS
from tracker.storage.ddl import big_bytes, integer
from tracker.storage.shared_secrets import make_secrets
from tracker.storage.steps import AddColumn

CREDENTIALS_FIRST = [
    SECRETS,
    make_secrets,
    AddColumn("conversions", integer("is_public"), " DEFAULT 0"),
    AddColumn("conversions", big_bytes("expired", is_optional=True), ""),
    AddColumn("list_settings", integer("is_key_needed_for_conversions"), " DEFAULT 0"),
]
