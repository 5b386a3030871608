"""Custom fields of a list: their number, name, alias and type."""

from __future__ import annotations

from dataclasses import dataclass

#: Fields of one list.
MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of one list. The values of the unique one are the subscribers' external ids. Time in UTC milliseconds."""

    id: int
    list_id: int
    name: str
    alias: str | None
    data_type: str
    is_unique: bool
    created_at: int


def alias_key(alias: str) -> str:
    """An alias as it is compared: in any letter case. Aliases are ASCII."""
    return alias.lower()
