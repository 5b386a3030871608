"""Columns of plugins' models, and how each is declared for every engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import peewee

from tracker.storage.engine.engine_protocol import Dialect
from tracker.storage.schema import models
from tracker.storage.schema.ddl import Column, big_bytes, counter, integer

#: Bytes that one character takes at most in UTF-8.
CHARACTER_BYTES = 4


class NumberColumn(peewee.BigIntegerField):
    """A whole number within ±2^63: an id, a count, a time in milliseconds."""


class FlagColumn(peewee.BooleanField):
    """True or False."""


class TextColumn(models.Utf8):
    """Text of up to `most_characters`, stored as UTF-8 bytes: compared and sorted by bytes on every engine."""

    def __init__(self, most_characters: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_bytes = most_characters * CHARACTER_BYTES


class BytesColumn(models.Bytes):
    """Up to `max_bytes` bytes."""

    def __init__(self, max_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_bytes = max_bytes


class LongTextColumn(models.Utf8):
    """Text of up to 16 MiB; it can be in no key."""


class LongBytesColumn(models.Bytes):
    """Up to 16 MiB of bytes; it can be in no key."""


class BoundedBytes(Column):
    """A column with its bound checked in SQLite too, which accepts any length for any column."""

    __slots__ = ()

    def sql(self, engine: Dialect) -> str:
        written = Column.sql(self, engine)
        return (
            f"{written} CHECK (length({self.name}) <= {self.length})" if engine.name == "sqlite" else written
        )


def column_of(field: peewee.Field) -> Column:
    """Return the table column of a model's field. Raises ValueError for a kind of field that is not listed here."""
    name, is_optional = field.column_name, field.null
    if isinstance(field, peewee.AutoField):
        return counter(name)
    if isinstance(field, (TextColumn, BytesColumn)):
        return BoundedBytes(name, "bytes", field.max_bytes, is_optional)
    if isinstance(field, (LongTextColumn, LongBytesColumn)):
        return big_bytes(name, is_optional)
    if isinstance(field, (NumberColumn, FlagColumn)):
        return integer(name, is_optional)
    raise ValueError(
        f"{field.model.__name__}.{field.name}: use a column of tracker.tables, not {type(field).__name__}"
    )


def default_of(field: peewee.Field) -> str:
    """Return ` DEFAULT …` for a column that is added to existing rows. Raises ValueError if the field has no usable default."""
    if field.default is None and field.null:
        return ""
    value = field.db_value(None if callable(field.default) else field.default)
    if value is None or isinstance(field, (LongTextColumn, LongBytesColumn)):
        raise ValueError(
            f"{field.model.__name__}.{field.name}: a column that is added needs null=True, or a default"
        )
    return f" DEFAULT X'{value.hex()}'" if isinstance(value, bytes) else f" DEFAULT {int(value)}"


def primary_of(meta: Any) -> tuple[str, ...]:
    """Return the columns of a model's primary key; none for a counter, which is one by its kind."""
    if meta.primary_key is False:
        raise ValueError(f"{meta.model.__name__}: a table needs a primary key")
    if isinstance(meta.primary_key, peewee.CompositeKey):
        return tuple(meta.fields[name].column_name for name in meta.primary_key.field_names)
    return () if meta.auto_increment else (meta.primary_key.column_name,)


def indexes_of(meta: Any, is_unique: bool) -> Iterator[tuple[str, ...]]:
    """Yield the unique keys, or the other indexes, that a model declares: `unique=True`, `index=True`, `Meta.indexes`."""
    for field in meta.sorted_fields:
        if not field.primary_key and (field.unique if is_unique else field.index and not field.unique):
            yield (field.column_name,)
    for names, has_unique in meta.indexes:
        if bool(has_unique) is is_unique:
            yield tuple(meta.fields[name].column_name for name in names)
