"""Legacy endpoint `/api.php` in the OpenAPI document: one path for all commands, named in the body or in the query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tracker.errors import COMMON, UNKNOWN_COMMAND, UNREADABLE_BODY
from tracker.openapi.answers import COUNTED, by_status, error_response, errors_schema, headers
from tracker.openapi.operations import PUBLIC_SCHEME, SECURITY_SCHEMES, Operation, query_parameters
from tracker.openapi.schemas import SchemaWriter, reference
from tracker.registry import Entry, Registry, Stream

LEGACY_PATH = "/api.php"
LEGACY_TAG = {"name": LEGACY_PATH, "description": "All commands at one path"}

_DESCRIPTION = (
    "Parameters, answers, permissions and rate limits are those of the command at its own path, and calls of both are "
    "counted together. The one difference: an unknown command is answered with 400, not with 404."
)


def legacy_operations(registry: Registry, writer: SchemaWriter) -> dict[str, Operation]:
    readers = [entry for entry in registry if "GET" in entry.methods]
    post = _operation("Call any command, named in the body", list(registry))
    get = _operation("Call a command that changes nothing, named in the query", readers)
    return {
        "post": {"operationId": "call", **post, "requestBody": _body(list(registry))},
        "get": {"operationId": "call.get", **get, "parameters": _parameters(readers, writer)},
    }


def _operation(summary: str, entries: list[Entry]) -> Operation:
    return {
        "tags": [LEGACY_TAG["name"]],
        "summary": summary,
        "description": _DESCRIPTION,
        # Some commands need no credential.
        "security": [*({name: []} for name in (*SECURITY_SCHEMES, *PUBLIC_SCHEME)), {}],
        "responses": _responses(entries),
    }


def _body(entries: list[Entry]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["Command"],
        "oneOf": [reference(entry.command.name, "Request") for entry in entries],
        "discriminator": {
            "propertyName": "Command",
            "mapping": {
                entry.command.name: reference(entry.command.name, "Request")["$ref"] for entry in entries
            },
        },
    }
    json_body = {"schema": schema, "examples": {entry.command.name: _example(entry) for entry in entries}}
    forms = ("application/x-www-form-urlencoded", "multipart/form-data")
    return {
        "required": True,
        "content": {"application/json": json_body, **{kind: {"schema": schema} for kind in forms}},
    }


def _example(entry: Entry) -> dict[str, Any]:
    sent = entry.command.example[0] if entry.command.example else {}
    return {"summary": entry.command.name, "value": {"Command": entry.command.name, **sent}}


def _parameters(entries: list[Entry], writer: SchemaWriter) -> list[dict[str, Any]]:
    """Return `Command` and the parameters of all commands; the command itself says which are required."""
    names = [entry.command.name for entry in entries]
    named = {"in": "query", "name": "Command", "required": True, "schema": {"type": "string", "enum": names}}
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for parameter in query_parameters(entry, writer.params(entry)):
            users = found.setdefault(parameter["name"], {**parameter, "required": False, "description": ""})
            users["description"] = ", ".join(filter(None, [users["description"], f"`{entry.command.name}`"]))
    return [named, *({**p, "description": f"A parameter of {p['description']}"} for p in found.values())]


def _responses(entries: list[Entry]) -> dict[str, Any]:
    done = {"description": "Done: the command's answer", "headers": headers(COUNTED)}
    found: dict[str, Any] = {"200": {**done, "content": _contents(entries)}}
    own = set(by_status(row for entry in entries for row in entry.command.errors))
    for status in sorted({row.status for row in COMMON.values()} - {UNKNOWN_COMMAND.status} | own):
        found[str(status)] = _refusal(status, status in own)
    return found


def _contents(entries: list[Entry]) -> dict[str, Any]:
    """Return the schemas of the commands' answers by media type."""
    plain = [entry.command for entry in entries if entry.command.media_type == Stream.media_type]
    answers = [reference(command.name, "Answer") for command in plain]
    every = {
        each for entry in entries for each in (entry.command.media_type, *entry.command.other_media_types)
    }
    others = every - {Stream.media_type}
    return {
        Stream.media_type: {"schema": {"anyOf": answers}},
        **{media_type: {"schema": {"type": "string"}} for media_type in sorted(others)},
    }


def _refusal(status: int, is_own: bool) -> dict[str, Any]:
    """Return an answer of some command; the command's own path lists the rows it can have."""
    is_common = any(row.status == status for row in COMMON.values())
    if is_own:
        response = {
            "description": "The command's own errors",
            "content": {"application/json": {"schema": errors_schema()}},
        }
        return response if is_common else {**response, "headers": headers(COUNTED)}
    if status == UNREADABLE_BODY.status:
        return error_response([UNREADABLE_BODY, replace(UNKNOWN_COMMAND, status=status)])
    return {"$ref": f"#/components/responses/{status}"}
