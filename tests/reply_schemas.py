"""Is a reply one that the OpenAPI document promises? Every reply that a test gets from a served Tracker is asked this."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from jsonschema_rs import Draft202012Validator

from tracker.errors import COMMON
from tracker.openapi import describe
from tracker.plugins import load_adapters, load_commands
from tracker.registry import CsvStream, NdjsonStream, Registry

Document = dict[str, Any]

JSON, EVENTS = "application/json", "text/event-stream"
CSV, NDJSON = CsvStream.media_type, NdjsonStream.media_type
LEGACY_PATH, REST_PREFIX = "/api.php", "/api/v1/"
_REFERENCE = re.compile(r"#/components/schemas/([\w.]+)")
#: An unknown command is 404 at a path of its own.
UNKNOWN_AT_LEGACY_PATH = 400
#: What an error looks like where the document has no operation: a path or method that is not there.
_ERRORS = {
    "type": "object",
    "required": ["Errors"],
    "additionalProperties": False,
    "properties": {
        "Errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "items": {
                "type": "object",
                "required": ["Code", "Message"],
                "properties": {
                    "Code": {"type": "integer"},
                    "Message": {"type": "string"},
                    "Hint": {"type": "string", "minLength": 1, "maxLength": 250},
                },
            },
        }
    },
}


@functools.cache
def document() -> Document:
    """The document of the built-in commands."""
    registry = load_commands()
    return describe(registry, limits_of(registry))


@functools.cache
def whole_document() -> Document:
    """The document that is served: that of the commands, and the routes of SDKs."""
    registry = load_commands()
    return describe(registry, limits_of(registry), load_adapters())


def limits_of(registry: Registry) -> dict[str, str]:
    """Each command's rate limit as it is declared, which may be another's."""
    declared = {entry.command.name: entry.command.rate_limit for entry in registry}
    return {entry.command.name: declared[entry.limited_as] for entry in registry}


def faults(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes, command: str | None = None
) -> list[str]:
    """What in a reply is not as promised.

    `path` is the URL's, without the query. `command` is the one named at `/api.php`, if the test knows.
    """
    if not _is_ours(path) or method == "OPTIONS":
        return []
    if path == LEGACY_PATH and status != UNKNOWN_AT_LEGACY_PATH:
        path = f"{REST_PREFIX}{command}"
    operation = _operation(method, path)
    response = _response(operation, status) if operation else None
    # Of a plugin's command, and of one that the test does not name, nobody knows which.
    undescribed = (JSON, EVENTS, CSV, NDJSON) if status == 200 and operation is None else (JSON,)
    if headers.get("Content-Type") not in (response["content"] if response else undescribed):
        return [f"Content-Type is {headers.get('Content-Type')!r}"]
    if response is None:
        return _faults_outside(operation is not None, status, body if method != "HEAD" else None)
    found = _faults_in_headers(response, headers)
    kind = headers.get("Content-Type", JSON)
    return found + ([] if method == "HEAD" or kind == CSV else _faults_in_body(response, body, kind))


def command_in(request: Mapping[str, Any]) -> str | None:
    """The command that a request names, given as the options of a client: `json`, `data`, `params`."""
    for part in (request.get(name) for name in ("json", "data", "params")):
        if isinstance(part, Mapping):
            named = [value for key, value in part.items() if str(key).lower() == "command"]
            return named[0] if named and isinstance(named[0], str) else None
    return None


def _is_ours(path: str) -> bool:
    return path == LEGACY_PATH or (path.startswith(REST_PREFIX) and path != f"{REST_PREFIX}openapi.json")


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation at a path in any letter case; HEAD is GET."""
    item: dict[str, Any] = _operations().get(path.lower(), {})
    return item.get({"HEAD": "get"}.get(method, method.lower()))


@functools.cache
def _operations() -> dict[str, dict[str, Any]]:
    return {path.lower(): item for path, item in document()["paths"].items()}


def _response(operation: Mapping[str, Any], status: int) -> dict[str, Any] | None:
    return _resolved(operation["responses"].get(str(status)))


def _resolved(part: Any) -> Any:
    while part and "$ref" in part:
        target: Any = document()
        for key in part["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        part = target
    return part


def _faults_outside(is_known: bool, status: int, body: bytes | None) -> list[str]:
    """A plugin's path, about which this document says nothing, or a refusal that concerns no operation."""
    if is_known:
        return [f"status {status} is not declared"]
    if status < 400 or body is None:
        return []
    found = _violations(_ERRORS, body)
    rows = [] if found else json.loads(body)["Errors"]
    common = [COMMON[row["Code"]] for row in rows if row["Code"] in COMMON]
    return found + [
        f"code {row.code} with status {status}" for row in common if status not in _statuses(row.code)
    ]


def _statuses(code: int) -> set[int]:
    """The statuses a common code travels with. The server's own refusals are 100000 with whatever 4xx they were."""
    return {100003: {400, 404}, 100000: set(range(400, 500))}.get(code, {COMMON[code].status})


def _faults_in_headers(response: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
    found = []
    for name, header in response.get("headers", {}).items():
        described, sent = _resolved(header), headers.get(name)
        schema = described["schema"]
        if sent is None:
            found += [f"header {name} is missing"] if described["required"] else []
        elif schema["type"] == "string":
            found += [] if _validator(schema).is_valid(sent) else [f"header {name} is {sent!r}"]
        elif not (sent.isascii() and sent.isdigit() and _validator(schema).is_valid(int(sent))):
            found.append(f"header {name} is {sent!r}")
    return found


def _faults_in_body(response: Mapping[str, Any], body: bytes, kind: str) -> list[str]:
    if kind in (EVENTS, NDJSON):
        parts = tracked_in(body) if kind == EVENTS else body.splitlines()
        schema = _data_schema(response, kind)
        return [fault for data in parts for fault in _violations(schema, data)]
    return _violations(response["content"][JSON]["schema"], body)


def _data_schema(response: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What the data of an event, or a line, is said to be, in words."""
    [name] = re.findall(r"#/components/schemas/[\w.]+", response["content"][kind]["schema"]["description"])
    return _reference(name)


@functools.cache
def _reference(name: str) -> dict[str, Any]:
    return {"$ref": name}


def tracked_in(body: bytes) -> list[bytes]:
    """The data of the events called `tracked` in server-sent events."""
    blocks = [block.split(b"\n") for block in body.split(b"\n\n")]
    return [
        line.removeprefix(b"data: ")
        for block in blocks
        if b"event: tracked" in block
        for line in block
        if line.startswith(b"data: ")
    ]


def _violations(schema: Mapping[str, Any], body: bytes) -> list[str]:
    try:
        value = json.loads(body)
    except ValueError as failure:
        return [f"not JSON: {failure}"]
    errors = _validator(schema).iter_errors(value)
    return [f"{'.'.join(map(str, ['$', *error.instance_path]))}: {error.message}" for error in errors]


#: By the identity of a schema, which is kept beside it. Every reply is looked at, and a validator is dear to make.
_validators: dict[int, tuple[Mapping[str, Any], Draft202012Validator]] = {}


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """The validator of a part of the document that no test changes."""
    if id(schema) not in _validators:
        whole = {**schema, "components": {"schemas": _named_in(schema)}}
        _validators[id(schema)] = schema, Draft202012Validator(whole, validate_formats=True)
    return _validators[id(schema)][1]


def _named_in(schema: Mapping[str, Any]) -> Document:
    """The components that a schema refers to, and those that they do: all would be read anew for each validator."""
    found: Document = {}
    waiting = [schema]
    while waiting:
        names = set(_REFERENCE.findall(json.dumps(waiting.pop()))) - found.keys()
        added = {name: _closed()["schemas"][name] for name in names}
        found |= added
        waiting += added.values()
    return found


@functools.cache
def _closed() -> dict[str, Any]:
    """The components, with answers that may have nothing undeclared: readers may ignore more, we must declare it."""
    components: dict[str, Any] = copy.deepcopy(document()["components"])
    for name, schema in components["schemas"].items():
        if name != "Error" and not name.endswith(".Request"):
            schema.setdefault("additionalProperties", False)
    return components


def first_part(answer: Any) -> bytes:
    """What a werkzeug client gets first of an answer that may last; then it hangs up."""
    with closing(answer):
        return next(iter(answer.response), b"")
