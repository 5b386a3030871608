"""Answers in the OpenAPI document: statuses, error tables with examples, and headers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tracker.errors import (
    COMMON,
    FORBIDDEN,
    MAX_ROWS,
    METHOD_NOT_ALLOWED,
    NOT_AUTHENTICATED,
    RATE_LIMITED,
    STORAGE_UNAVAILABLE,
    CommandError,
    Error,
)
from tracker.openapi.schemas import JsonSchema, reference
from tracker.registry import Command, CsvStream, EventStream, NdjsonStream, anyone

Response = dict[str, Any]

#: The content of an answer of lines, which is a string to a JSON Schema.
_LINES = {"schema": {"type": "string"}}
#: Media type of a stream -> what its messages are, and how each begins and ends.
_MANY = {
    EventStream.media_type: (
        "Server-sent events. The data of one that carries an answer is JSON:", "data: ", "\n\n",
    ),
    NdjsonStream.media_type: ("Lines of JSON, each of them:", "", "\n"),
}  # fmt: skip

_ROW: JsonSchema = {
    "type": "object",
    "required": ["Code", "Message"],
    "properties": {
        "Code": {"type": "integer", "description": "For programs; never renumbered"},
        "Message": {"type": "string", "description": "For people; may become clearer with any release"},
        "Hint": {"type": "string", "description": "Where one can be given: how to mend the call. For people"},
        "RequestID": {"type": "string", "description": "With code 100005: the id of this request in the log"},
        "EventID": {
            "type": "string",
            "description": "With code 100013: repeat the request with this EventID",
        },
        "EventIDs": {
            "type": "array",
            "items": {"type": ["string", "null"]},
            "description": "With code 100013 of `event.batch`: repeat it with these EventIDs, one per event in order",
        },
    },
    # A command may add keys to its own rows.
    "additionalProperties": True,
}
SCHEMAS: dict[str, JsonSchema] = {"Error": _ROW}

HEADERS: dict[str, dict[str, Any]] = {
    "X-RateLimit-Limit": {
        "description": "Calls allowed in a window",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-RateLimit-Remaining": {
        "description": "Calls left in this window",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Reset": {
        "description": "When the window ends, in seconds since 1970",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Tracker-Notes": {
        "description": "Parameters that the command does not know, each with the name that was perhaps meant; the rows of a table that is cut",
        "required": False,
        "schema": {"type": "string", "pattern": "^[ -~]{1,500}$"},
    },
    "X-Tracker-Scope": {
        "description": "Of a table or an export about reports: the Scope that other answers have in their body, as JSON",
        "required": False,
        "schema": {"type": "string", "pattern": "^[ -~]+$"},
    },
}
#: The header of lines that answer a report: what the lines are about.
SCOPE = "X-Tracker-Scope"
#: The header that names unknown parameters; it is there only if there were some.
NOTES = "X-Tracker-Notes"
#: Statuses of refusals whose parameters had been read.
_NOTED = (401, 422)
COUNTED = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

#: The statuses of common errors that a documented call can get: all except 405.
_STATUSES = tuple(sorted({row.status for row in COMMON.values()} - {METHOD_NOT_ALLOWED.status}))


def common_responses() -> dict[str, Response]:
    """Return the shared components: one per status of the common errors, named by the status."""
    return {str(status): error_response(rows) for status, rows in by_status(COMMON.values()).items()}


def responses(command: type[Command]) -> dict[str, Response]:
    """Return every answer of a command at its own path."""
    own = by_status(command.errors)
    answers = {"200": success(command)}
    for status in sorted({*common_statuses(command), *own}):
        answers[str(status)] = _refusal(status, own.get(status, []))
    return answers


def success(command: type[Command]) -> Response:
    example = command.example[1] if command.example else {}
    content = {"schema": reference(command.name, "Answer"), "example": example}
    if command.media_type in _MANY:
        content = _of_many(command, example)
    return {
        "description": "Done",
        "headers": headers(
            (*COUNTED, NOTES, *([SCOPE] if CsvStream.media_type in command.other_media_types else []))
        ),
        "content": {command.media_type: content, **dict.fromkeys(command.other_media_types, _LINES)},
    }


def _of_many(command: type[Command], example: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a stream. A schema describes one body, and a stream has many messages or lines."""
    about, begin, end = _MANY[command.media_type]
    described = f"{about} {reference(command.name, 'Answer')['$ref']}"
    schema = {"type": "string", "contentMediaType": command.media_type, "description": described}
    return {"schema": schema, "example": f"{begin}{json.dumps(example, ensure_ascii=False)}{end}"}


def error_response(rows: list[Error]) -> Response:
    """Return the answer with these rows, which share a status, each as an example."""
    content = {
        "schema": errors_schema(sorted({row.code for row in rows})),
        "examples": {str(row.code): _example(row) for row in rows},
    }
    response: Response = {"description": _listed(rows), "content": {"application/json": content}}
    promised = [name for name in HEADERS if all(name in _promised(row) for row in rows)]
    promised += [NOTES] if rows[0].status in _NOTED else []
    return response | ({"headers": headers(promised)} if promised else {})


def common_statuses(command: type[Command]) -> set[int]:
    """Return the statuses of common errors with which this command can answer."""
    if command.permission is anyone:
        return set(_STATUSES) - {NOT_AUTHENTICATED.status, FORBIDDEN.status}
    return set(_STATUSES) - ({FORBIDDEN.status} if command.permission is None else set())


def by_status(rows: Iterable[Error]) -> dict[int, list[Error]]:
    grouped: dict[int, list[Error]] = {}
    for row in rows:
        grouped.setdefault(row.status, []).append(row)
    return grouped


def errors_schema(codes: list[int] | None = None) -> JsonSchema:
    """Return the schema of all errors, with these codes or with any."""
    row: JsonSchema = {"$ref": "#/components/schemas/Error"}
    if codes is not None:
        row = {"allOf": [row, {"properties": {"Code": {"enum": codes}}}]}
    rows = {"type": "array", "minItems": 1, "maxItems": MAX_ROWS, "items": row}
    return {"type": "object", "required": ["Errors"], "properties": {"Errors": rows}}


def headers(names: Iterable[str]) -> dict[str, JsonSchema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusal(status: int, own: list[Error]) -> Response:
    """Return the shared answer of a status, or the command's own if it has rows with that status."""
    if not own:
        return {"$ref": f"#/components/responses/{status}"}
    return error_response([*own, *(row for row in COMMON.values() if row.status == status)])


def _promised(row: Error) -> tuple[str, ...]:
    """Return the headers of an answer with this row. A command's own rows are answered after the rate limiter."""
    waits = ("Retry-After",) if row.status == STORAGE_UNAVAILABLE.status or row == RATE_LIMITED else ()
    is_counted = row.code not in COMMON or row == RATE_LIMITED
    return (*COUNTED, *waits) if is_counted else waits


def _example(row: Error) -> dict[str, Any]:
    body = CommandError(row).body
    return {"summary": f"{row.code}: {row.message}", "value": body}


def _listed(rows: list[Error]) -> str:
    """Return Markdown: one line per code."""
    return "\n".join(f"- {row.code}: {row.message}" for row in rows)
