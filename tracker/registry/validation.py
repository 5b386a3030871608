"""Command validation: the rules that start-up holds a command class to, each with the reason for refusing it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from marshmallow import Schema

from tracker.caller import ADMINISTRATOR, EVERYTHING, PERMISSION
from tracker.errors import COMMON, Error
from tracker.registry.command import UNDECLARED, Command, administrator, anyone, public_list
from tracker.registry.stream import CsvStream, EventStream, NdjsonStream, Stream

NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
PATH: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
RATE_LIMIT: Final = re.compile(r"[1-9][0-9]{0,11} per [1-9][0-9]{0,6} seconds")
#: The permission that lets a caller see numbers.
REPORTS: Final = "Reports.Get"
#: Paths at `/api/v1/` beside those of the commands.
RESERVED_PATHS: Final = frozenset({"openapi.json"})


def why_invalid(command: type[Command]) -> str | None:
    """Return the reason why this class is no usable command, or None."""
    for reason, is_fine in RULES:
        if not is_fine(command):
            return reason
    return _fault_in_errors(command.errors) or _fault_in_params(command)


def _is_schema(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Schema)


def _is_text(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_pair_of_json_objects(value: object) -> bool:
    if not (isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, dict) for part in value)):
        return False
    try:
        return bool(list(value) == json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError):
        return False


def _has_list(command: type[Command]) -> bool:
    return "ListID" in getattr(command.Params, "_declared_fields", {})


#: The rules of a command: the reason for refusing it, and the check. Errors and parameters have further rules.
RULES: tuple[tuple[str, Callable[[type[Command]], bool]], ...] = (
    ("name must be lower-case words joined by dots, such as 'note.add'", lambda c: _is_text(NAME, c.name)),
    ("a docstring is needed: it is the command's documentation", lambda c: bool((c.__doc__ or "").strip())),
    (
        "permission must be declared: a name, administrator, None (any credential), anyone or public_list",
        lambda c: c.permission is not UNDECLARED,
    ),
    (
        "permission must be a name without spaces and commas, administrator, None (any credential), anyone or public_list",
        lambda c: (
            c.permission in (None, anyone, administrator, public_list) or _is_text(PERMISSION, c.permission)
        ),
    ),
    (
        f"permission '{ADMINISTRATOR}' or '{EVERYTHING}' is no name of a command's: write permission = administrator",
        lambda c: c.permission not in (ADMINISTRATOR, EVERYTHING),
    ),
    ("run is missing: it does what the command is for", lambda c: c.run is not Command.run),
    ("method must be 'GET' (changes nothing) or 'POST'", lambda c: c.method in ("GET", "POST")),
    ("rate_limit must read like '100 per 60 seconds'", lambda c: _is_text(RATE_LIMIT, c.rate_limit)),
    (
        "address_limit must read like '600 per 60 seconds'",
        lambda c: c.address_limit is None or _is_text(RATE_LIMIT, c.address_limit),
    ),
    ("path must be lower-case words joined by slashes", lambda c: c.path is None or _is_text(PATH, c.path)),
    ("path or name is one of Tracker's own pages", lambda c: not {c.name, c.path} & RESERVED_PATHS),
    ("errors must be a tuple of rows: missing(…), invalid(…) or Error(…)", lambda c: _are_rows(c.errors)),
    (
        "an example is needed: a pair (request, answer) of JSON objects",
        lambda c: _is_pair_of_json_objects(c.example),
    ),
    ("Params must be a marshmallow Schema", lambda c: _is_schema(c.Params)),
    ("Answer must be a marshmallow Schema", lambda c: c.Answer is None or _is_schema(c.Answer)),
    (
        "media_type must be that of Stream, NdjsonStream or EventStream",
        lambda c: c.media_type in (Stream.media_type, NdjsonStream.media_type, EventStream.media_type),
    ),
    (
        "other_media_types must be a tuple of those of CsvStream and NdjsonStream",
        lambda c: (
            isinstance(c.other_media_types, tuple)
            and set(c.other_media_types) <= {CsvStream.media_type, NdjsonStream.media_type}
        ),
    ),
    (
        f"a report asks for the permission {REPORTS}, has the method 'GET' and the parameter ListID",
        lambda c: not c.is_report or (c.permission == REPORTS and c.method == "GET" and _has_list(c)),
    ),
    ("tables must be tracker.tables.Tables", lambda c: c.tables is None or hasattr(c.tables, "migrations")),
)


def _are_rows(rows: object) -> bool:
    return isinstance(rows, tuple) and all(isinstance(row, Error) for row in rows)


def _fault_in_errors(rows: tuple[Error, ...]) -> str | None:
    codes = [row.code for row in rows]
    for row in rows:
        if type(row.code) is not int or row.code < 1:
            return f"error code {row.code!r} is no number from 1"
        if codes.count(row.code) > 1:
            return f"error code {row.code} is declared twice"
        if row.code in COMMON:
            return f"error code {row.code} is reserved for all commands: {COMMON[row.code].message}"
        if reason := _fault_in_row(row):
            return f"error code {row.code}: {reason}"
    return None


def _fault_in_row(row: Error) -> str | None:
    if type(row.status) is not int or not 400 <= row.status <= 499:
        return f"status {row.status!r} is no HTTP status from 400 to 499"
    if not isinstance(row.message, str) or not row.message.strip():
        return "a message is needed"
    if row.hint is not None and not (isinstance(row.hint, str) and row.hint.strip()):
        return "a hint is a text, or None"
    if row.param and row.kind not in ("missing", "invalid"):
        return "the row of a parameter is made by missing(…) or invalid(…)"
    return None


def _fault_in_params(command: type[Command]) -> str | None:
    """Return the fault of the parameters, or None. Each needs an error row for its failed check."""
    try:
        declared = command.Params().load_fields
    except Exception as failure:  # noqa: BLE001  whatever a plugin's schema raises becomes one line at start-up
        return f"Params cannot be made: {type(failure).__name__}: {failure}"
    covered = {row.param for row in command.errors}
    folded = [name.lower() for name in declared]
    for name, field in declared.items():
        if field.data_key is not None:
            return f"parameter {name} is named as it is sent: there is no data_key"
        if name == "Command" or folded.count(name.lower()) > 1:
            return f"parameter {name} is ambiguous: names are read in any letter case, and Command is the command's"
        if name not in covered:
            return f"parameter {name} has no row in errors"
    return None
