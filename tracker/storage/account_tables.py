"""Which tables hold accounts, keys, sessions and what processes need of one another? As the migrations in schema.py make them."""

from __future__ import annotations

from tracker.storage.ddl import Table, bytes_, counter, integer, key

USERS = Table(
    "users",
    [
        counter("id"), bytes_("email", 320), bytes_("password_hash", 255), integer("is_admin"), bytes_("permissions", 4000),
        bytes_("tracker_id", 32), integer("created_at"),
    ],
    unique=[("email",), ("tracker_id",)],
)  # fmt: skip
API_KEYS = Table(
    "api_keys",
    [
        counter("id"), integer("user_id"), bytes_("prefix", 16), bytes_("secret_hash", 32), bytes_("permissions", 4000),
        integer("created_at"), integer("revoked_at", is_optional=True),
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
WRITERS = Table("writers", [key("number"), bytes_("token", 16), integer("leased_until")], primary=("number",))
PROBES = Table("probes", [key("number"), integer("asked_at")], primary=("number",))
#: Random bytes that the processes of a database share.
SECRETS = Table("secrets", [bytes_("name", 64), bytes_("value", 32)], primary=("name",), is_clustered=True)
AUDIT_LOG = Table(
    "audit_log",
    [
        counter("id"), integer("at"), integer("user_id", is_optional=True), integer("key_id", is_optional=True),
        bytes_("session", 8, is_optional=True), bytes_("action", 64), bytes_("object", 128),
    ],
    indexes=[("user_id",), ("action", "at")],
)  # fmt: skip
#: From where a user has logged in with the password: hashes of networks, each for one user.
LOGIN_PLACES = Table(
    "login_places",
    [integer("user_id"), bytes_("place_hash", 32), integer("last_at")],
    primary=("user_id", "place_hash"),
    is_clustered=True,
)
