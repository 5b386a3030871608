"""How do peewee queries see the tables of accounts and lists? Models of no database; a Transaction runs the queries."""

from __future__ import annotations

from typing import Any

import peewee


class Bytes(peewee.Field):
    """Bytes, compared byte by byte on every engine."""

    field_type = "BLOB"

    def python_value(self, value: Any) -> bytes | None:
        return None if value is None else bytes(value)


class Text(Bytes):
    """Text kept as UTF-8 bytes: a collation would merge texts that differ."""

    def db_value(self, value: str | None) -> bytes | None:
        return None if value is None else value.encode()

    def python_value(self, value: Any) -> str | None:  # type: ignore[override]
        return None if value is None else bytes(value).decode()


class UserRow(peewee.Model):
    id = peewee.AutoField()
    email = Text()
    password_hash = Text()
    is_admin = peewee.BooleanField()
    permissions = Text()
    tracker_id = Text()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "users"


class KeyRow(peewee.Model):
    id = peewee.AutoField()
    user_id = peewee.BigIntegerField()
    prefix = Text()
    secret_hash = Bytes()
    permissions = Text()
    created_at = peewee.BigIntegerField()
    revoked_at = peewee.BigIntegerField(null=True)
    name = Text(null=True)

    class Meta:
        table_name = "api_keys"


class SessionRow(peewee.Model):
    token_hash = Bytes(primary_key=True)
    user_id = peewee.BigIntegerField()
    key_id = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField()

    class Meta:
        table_name = "sessions"


class AuditRow(peewee.Model):
    id = peewee.AutoField()
    at = peewee.BigIntegerField()
    user_id = peewee.BigIntegerField(null=True)
    key_id = peewee.BigIntegerField(null=True)
    session = Bytes(null=True)
    action = Text()
    object = Text()

    class Meta:
        table_name = "audit_log"


class PlaceRow(peewee.Model):
    user_id = peewee.BigIntegerField()
    place_hash = Bytes()
    last_at = peewee.BigIntegerField()

    class Meta:
        table_name = "known_networks"
        primary_key = peewee.CompositeKey("user_id", "place_hash")


class ListRow(peewee.Model):
    id = peewee.AutoField()
    user_id = peewee.BigIntegerField()
    name = Text()
    folded_name = Text()
    is_hidden = peewee.BooleanField()
    tracker_id = Text()
    created_at = peewee.BigIntegerField()
    is_catalogue_full = peewee.BooleanField()
    conversion_id_is = Text()

    class Meta:
        table_name = "lists"


class SubscriberRow(peewee.Model):
    """Read here for counting only: the write path has statements of its own."""

    list_id = peewee.BigIntegerField()
    id = peewee.BigIntegerField()

    class Meta:
        table_name = "subscribers"
        primary_key = peewee.CompositeKey("list_id", "id")


class CustomFieldRow(peewee.Model):
    id = peewee.AutoField()
    list_id = peewee.BigIntegerField()
    name = Text()
    alias = Text(null=True)
    alias_key = Text(null=True)
    data_type = Text()
    is_unique = peewee.BooleanField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "custom_fields"
