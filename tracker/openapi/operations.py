"""Operations of a command in the OpenAPI document: its REST path and its name, with POST and perhaps GET."""

from __future__ import annotations

from typing import Any

from tracker.openapi.answers import responses
from tracker.openapi.prose import description, parameter_table, summary
from tracker.openapi.schemas import JsonSchema, SchemaWriter, reference
from tracker.registry import Command, Entry, anyone, asked_by, public_list

Operation = dict[str, Any]

REST_PREFIX = "/api/v1/"
#: Each of these alone is enough; the first that a call carries is used.
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer KEY`"},
    "APIKey": {
        "type": "apiKey",
        "in": "query",
        "name": "APIKey",
        "description": "An API key as a parameter, in the query or in the body",
    },
    "SessionID": {
        "type": "apiKey",
        "in": "query",
        "name": "SessionID",
        "description": "A session from `user.login` as a parameter, in the query or in the body",
    },
}


#: The only scheme of a command with `permission = public_list`.
PUBLIC_SCHEME = {
    "EventListTrackerID": {
        "type": "apiKey",
        "in": "query",
        "name": "EventListTrackerID",
        "description": "The public id of a list as a parameter, in the query or in the body: not secret",
    }
}


def operations_by_path(entry: Entry, writer: SchemaWriter, limit: str) -> dict[str, dict[str, Operation]]:
    """Return {path: {method: operation}}. The first path is the canonical one."""
    command = entry.command
    operations = _operations(entry, writer, limit, command.name)
    paths = {REST_PREFIX + (command.path or command.name): operations}
    if command.path and command.path != command.name:
        by_name = _operations(entry, writer, limit, f"{command.name}.by_name")
        for operation in by_name.values():
            operation["summary"] = f"{operation['summary']} (the same, by the command's name)"
        paths[REST_PREFIX + command.name] = by_name
    return paths


def _operations(entry: Entry, writer: SchemaWriter, limit: str, name: str) -> dict[str, Operation]:
    shared = _shared(entry.command, limit)
    params = writer.params(entry)
    post = {**shared, "requestBody": _body(entry, params)}
    post["description"] = f"{shared['description']}\n\n{parameter_table(params)}".rstrip()
    if "GET" not in entry.methods:
        return {"post": {"operationId": name, **post}}
    get = {**shared, "parameters": query_parameters(entry, params)}
    post["summary"] = f"{shared['summary']} (the same, with a body)"
    return {"get": {"operationId": name, **get}, "post": {"operationId": f"{name}.post", **post}}


def _shared(command: type[Command], limit: str) -> Operation:
    return {
        "tags": [command.name],
        "summary": summary(command),
        "description": description(command, limit),
        "security": security(command),
        "responses": responses(command),
        "x-permission": None if command.permission is None else asked_by(command),
        "x-rate-limit": limit,
    }


def security(command: type[Command]) -> list[dict[str, list[str]]]:
    if command.permission is anyone:
        return []
    schemes = PUBLIC_SCHEME if command.permission is public_list else SECURITY_SCHEMES
    return [{name: []} for name in schemes]


def query_parameters(entry: Entry, params: JsonSchema) -> list[dict[str, Any]]:
    """Return the command's parameters as those of a query string."""
    example = entry.command.example[0] if entry.command.example else {}
    required = params.get("required", [])
    return [
        _query_parameter(name, schema, name in required, example.get(name))
        for name, schema in params["properties"].items()
    ]


def _query_parameter(name: str, schema: JsonSchema, is_required: bool, example: Any) -> dict[str, Any]:
    schema = dict(schema)
    parameter: dict[str, Any] = {"in": "query", "name": name, "required": is_required}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    if schema.get("type") == "object":
        parameter |= {"style": "deepObject", "explode": True}
    elif schema.get("type") == "array":
        parameter["name"] = f"{name}[]"
    return {**parameter, "schema": schema} | ({} if example is None else {"example": example})


def _body(entry: Entry, params: JsonSchema) -> dict[str, Any]:
    command = entry.command
    schema = reference(command.name, "Request")
    example = command.example[0] if command.example else {}
    nested = [name for name, property_ in params["properties"].items() if property_.get("type") == "object"]
    form: dict[str, Any] = {"schema": schema}
    if nested:
        form["encoding"] = {name: {"style": "deepObject", "explode": True} for name in nested}
    content = {
        "application/json": {"schema": schema, "example": example},
        "application/x-www-form-urlencoded": form,
        "multipart/form-data": {"schema": schema},
    }
    if command.items_param:
        lines = f"One object of `{command.items_param}` per line; all other parameters in the query string"
        content["application/x-ndjson"] = {"schema": {"type": "string", "description": lines}}
    return {"required": bool(params.get("required")), "content": content}
