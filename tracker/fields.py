"""Parameter fields: strict marshmallow fields, which never take `1.9` or `"1_000"` for a whole number as marshmallow's do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker.caller import PERMISSION
from tracker.errors import CommandError
from tracker.formats.email_address import email_key
from tracker.registry.json_object import of_indexes, read_object

#: The largest number that a database column and every client can hold.
MAX_INTEGER = 2**63 - 1
#: Characters of a set of permissions, each of which is one byte.
MAX_PERMISSIONS = 4000

_DIGITS = re.compile(r"[0-9]{1,19}")


class Parameters(Schema):
    """A schema for commands that are called often: valid parameters take a fast path, all others marshmallow's `load`.

    marshmallow's own `load` visits every declared field, sent or not, and costs three times as much. Rules about several
    parameters go into `check`. Empty text in a parameter of `absent_if_empty` counts as absent.
    """

    absent_if_empty: frozenset[str] = frozenset()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._required = [name for name, field in self.load_fields.items() if field.required]
        self._readers = {name: _reader(field) for name, field in self.load_fields.items()}

    def check(self, values: dict[str, Any], refused: Set[str] = frozenset()) -> None:
        """Raise ValidationError for valid parameters that do not fit together; `refused` were sent, but are invalid."""

    def load(self, data: Any, **options: Any) -> Any:
        if "" in data.values():
            data = {name: v for name, v in data.items() if v != "" or name not in self.absent_if_empty}
        try:
            values = self._valid(data)
        except ValidationError:
            return super().load(data, **options)
        return super().load(data, **options) if values is None else values

    def _valid(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        if None in data.values():
            return None
        readers = self._readers
        values = {name: readers[name](value, name, data) for name, value in data.items() if name in readers}
        for name in self._required:
            if name not in values:
                return None
        self.check(values)
        return values

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_in_full(self, data: dict[str, Any], sent: Mapping[str, Any], **_: Any) -> None:
        self.check(data, sent.keys() - data.keys())


def _reader(field: Any) -> Any:
    """Return the field's reader of a value that was sent: without `deserialize` where it has neither validators nor hooks."""
    is_plain = not field.validators and not field.pre_load
    return field._deserialize if is_plain else field.deserialize  # noqa: SLF001  its wrapping takes half of the time


class WholeNumber(fields.Integer):
    """A whole number from `least` to `most`: a JSON integer or ASCII digits, nothing that merely looks like a number."""

    def __init__(self, least: int = 0, most: int = MAX_INTEGER, **options: Any) -> None:
        bounds = {"minimum": least, "maximum": most}
        super().__init__(**options | {"metadata": bounds | options.get("metadata", {})})
        self._least, self._most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is str and _DIGITS.fullmatch(value):
            value = int(value)
        if type(value) is not int or not self._least <= value <= self._most:
            raise self.make_error("invalid", input=value)
        return value


class ListID(WholeNumber):
    """The number of a list, from 1. Events without a list belong to no list with a number, so 0 is invalid."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, MAX_INTEGER, **options)


class Text(fields.String):
    """A string as it was sent, of `least` to `most` characters; NUL and lone surrogates are refused.

    With `is_blank_allowed=False` empty text and text of white space alone are refused too. Nothing is trimmed.
    """

    default_error_messages = {"invalid": "Not a valid string."}

    def __init__(
        self, least: int = 0, most: int | None = None, is_blank_allowed: bool = True, **options: Any
    ) -> None:
        bounds = {"minLength": least} | ({"maxLength": most} if most is not None else {})
        super().__init__(**options | {"metadata": bounds | options.get("metadata", {})})
        self._least, self._most, self._is_blank_allowed = least, most, is_blank_allowed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if type(value) is not str or not self._is_valid(value):
            raise self.make_error("invalid", input=value)
        return value

    def _is_valid(self, value: str) -> bool:
        if len(value) < self._least or (self._most is not None and len(value) > self._most):
            return False
        return "\0" not in value and is_text(value) and (self._is_blank_allowed or value.strip() != "")


class JsonObject(fields.Field[dict[str, Any]]):
    """A JSON object. PHP's empty array and a string that holds a JSON object are taken for one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"metadata": {"type": "object"} | options.get("metadata", {})})

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        value = _object_in(value) if isinstance(value, str) else of_indexes(value)
        if not isinstance(value, dict) and value != []:
            raise self.make_error("validator_failed")
        return value or {}


class YesOrNo(fields.Field[bool]):
    """A JSON boolean or 1 or 0, or `true`, `false`, `1`, `0` as text, since forms have only text."""

    _WORDS = {"true": True, "1": True, "false": False, "0": False}

    def __init__(self, **options: Any) -> None:
        words = "^([Tt]rue|TRUE|[Ff]alse|FALSE|1|0)$"
        schema = {"type": ["boolean", "string", "integer"], "pattern": words, "minimum": 0, "maximum": 1}
        super().__init__(**options | {"metadata": schema | options.get("metadata", {})})

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        found = self._WORDS.get(value.lower()) if isinstance(value, str) and value.isascii() else value
        found = bool(found) if type(found) is int and found in (0, 1) else found
        if not isinstance(found, bool):
            raise self.make_error("validator_failed")
        return found


class ListName(Text):
    """The name of a list: 1 to 250 characters, not all of them blank."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, 250, is_blank_allowed=False, **options)


class EmailAddress(Text):
    """An email address. Returns the pair (address as sent, key)."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        address = email_key(super()._deserialize(value, *args, **kwargs))
        if address is None:
            raise self.make_error("invalid")
        return address


class Permissions(Text):
    """A set of permissions: names separated by commas, or `*` for all. Returns each name once, as it is stored."""

    def __init__(self, least: int = 0, **options: Any) -> None:
        super().__init__(least, MAX_PERMISSIONS, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        names = [name.strip(" ") for name in text.split(",")] if text else []
        if not all(PERMISSION.fullmatch(name) for name in names):
            raise self.make_error("invalid", input=value)
        return ",".join(dict.fromkeys(names))


class KeyName(Text):
    """The name of a key: up to 250 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(0, 250, **options)


class Choice(fields.String):
    """One of a set of words, in any letter case. Returns the word as declared here."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(**options | {"metadata": {"enum": list(words)} | options.get("metadata", {})})
        self._words = {word.lower(): word for word in words}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        word = self._words.get(value.lower()) if type(value) is str else None
        if word is None:
            raise self.make_error("invalid", input=value)
        return word


def is_valid(field: fields.Field[Any], value: Any) -> bool:
    """Whether `field` takes `value`, for rules that hold outside of a command's parameters too."""
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def is_text(value: str) -> bool:
    """Whether `value` can be encoded as UTF-8: a lone surrogate cannot."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object_in(text: str) -> Any:
    try:
        return read_object(text.encode())
    except CommandError:
        return None
