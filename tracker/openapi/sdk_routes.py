"""SDK routes in the OpenAPI document: where other trackers' SDKs send events, and what they are answered."""

from __future__ import annotations

from typing import Any

from tracker.sdks import EVENTS, Adapters, SdkRoute
from tracker.sdks.adapter_table import ListedAdapter

#: The tag of the routes of all families.
SDK_TAG = {
    "name": "SDKs",
    "description": "Other trackers' SDKs send here what they send to their own servers: docs/sdks.md",
}
_ANY = {"schema": {"description": "In the shape of the family"}}


def sdk_operations(adapters: Adapters, prefix: str) -> dict[str, dict[str, Any]]:
    """Return {path: {method: operation}} of all adapters."""
    paths: dict[str, dict[str, Any]] = {}
    for listed in adapters:
        for route in listed.routes:
            path = f"{prefix}/{listed.adapter.family}{route.path}"
            paths.setdefault(path, {})[route.method.lower()] = _operation(listed, route)
    return paths


def _operation(listed: ListedAdapter, route: SdkRoute) -> dict[str, Any]:
    adapter, is_tracking = listed.adapter, route.kind == EVENTS
    name = "".join(each if each.isalnum() else "_" for each in route.path)
    found: dict[str, Any] = {
        "operationId": f"sdk.{adapter.family}.{route.method.lower()}{name}",
        "tags": [SDK_TAG["name"]],
        "summary": f"{adapter.title}: {'events' if is_tracking else 'side endpoint'}",
        "security": [],
        "parameters": [_path_parameter(part[1:-1]) for part in route.parts if part.startswith("{")],
        "responses": _responses(is_tracking),
    }
    if is_tracking and route.method != "GET":
        found["requestBody"] = {"content": {"*/*": _ANY}}
    return found


def _path_parameter(name: str) -> dict[str, Any]:
    return {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}


def _responses(is_tracking: bool) -> dict[str, Any]:
    done = "What is stored, or was stored before, is on disk" if is_tracking else "Whatever is sent"
    refused = {
        "400": "It cannot be read, or all of it is refused: nothing was stored",
        "401": "No list has this public id, the API key is not valid, or a page sent an API key",
        "429": "Rate limit exceeded",
        "503": "Try again later",
    }
    words = {"200": done, **(refused if is_tracking else {})}
    return {status: {"description": text, "content": {"*/*": _ANY}} for status, text in words.items()}
