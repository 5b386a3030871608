"""Field matching: assigns named values to the custom fields of a list, by alias or `CustomField<ID>`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracker.domain.field_types import CustomField, InvalidValue, alias_key, stored_value
from tracker.formats.event_limits import external_id_fault, is_hash, trimmed
from tracker.formats.placeholders import is_placeholder

#: The prefix that names a field by its number, with or without an alias.
PREFIX = "CustomField"
BY_NUMBER = re.compile(rf"{PREFIX}([1-9][0-9]{{0,18}})", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class FieldValues:
    """Values matched with fields: `values` by the number of the field, None to empty it.

    `unique` is the unique identifier as (name as sent, value), "" to empty it. `unknown` are names that no field of the
    list has; `unfit` are {name: why its value does not have the field's type}.
    """

    values: dict[int, bytes | None] = field(default_factory=dict)
    unique: tuple[str, str] | None = None
    unknown: list[str] = field(default_factory=list)
    unfit: dict[str, str] = field(default_factory=dict)

    @property
    def dropped(self) -> list[str]:
        """The names whose values are not written."""
        return [*self.unknown, *self.unfit]


def read_values(sent: Mapping[str, Any], fields: Sequence[CustomField]) -> FieldValues:
    """Match `{alias or CustomField<ID>: value}` with the fields. Null and empty text empty a field.

    Of several names of one field the alias wins over the number, and an exact spelling over another letter case.
    """
    read = FieldValues()
    chosen: dict[int, tuple[int, str]] = {}
    known = _FieldIndex(fields)
    for name in sent:
        found, rank = known.find(name)
        if found is None:
            read.unknown.append(name)
        elif found.id not in chosen or rank < chosen[found.id][0]:
            chosen[found.id] = (rank, name)
    for found in fields:
        if found.id in chosen:
            _read_one(read, found, chosen[found.id][1], sent)
    return read


def field_named(fields: Sequence[CustomField], name: str) -> CustomField | None:
    """Return the field with this alias, in any letter case, or of the form `CustomField<ID>`."""
    return _FieldIndex(fields).find(name)[0]


def name_of(custom_field: CustomField) -> str:
    """Return the name of a field in answers: its alias, else `CustomField<ID>`."""
    return custom_field.alias or f"{PREFIX}{custom_field.id}"


def unique_fault(value: str) -> str | None:
    """Return why this trimmed text is no external id of a subscriber, or None if it is one."""
    if fault := external_id_fault(value):
        return fault
    if is_hash(value):
        return "it is the hash of an address, which finds a subscriber and makes none"
    return "it is a placeholder" if is_placeholder(value) else None


def _read_one(read: FieldValues, found: CustomField, name: str, sent: Mapping[str, Any]) -> None:
    value = None if sent[name] == "" else sent[name]
    try:
        if found.is_unique:
            read.unique = (name, _unique(value))
        else:
            read.values[found.id] = None if value is None else stored_value(found.data_type, value)
    except InvalidValue as unfit:
        read.unfit[name] = str(unfit)


def _unique(value: Any) -> str:
    if value is None:
        return ""
    if type(value) not in (str, int):
        raise InvalidValue("it must be a string or an integer")
    text = trimmed(str(value))
    if fault := unique_fault(text):
        raise InvalidValue(fault)
    return text


class _FieldIndex:
    """An index of a list's fields by all their names."""

    def __init__(self, fields: Sequence[CustomField]) -> None:
        self._by_alias = {each.alias: each for each in fields if each.alias is not None}
        self._by_key = {alias_key(alias): each for alias, each in self._by_alias.items()}
        self._by_id = {each.id: each for each in fields}

    def find(self, name: str) -> tuple[CustomField | None, int]:
        """Return the field, and the rank of the kind of name: the lower rank wins."""
        if (found := self._by_alias.get(name)) is not None:
            return found, 0
        if name.isascii() and (found := self._by_key.get(alias_key(name))) is not None:
            return found, 1
        match = BY_NUMBER.fullmatch(name)
        return (self._by_id.get(int(match[1])), 2) if match else (None, 2)
