"""Does the check of replies see what is wrong with one? It stands behind every test that talks to a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.reply_schemas import command_in, faults

COUNTED = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1800000000"}
TRACKED = {
    "status": "success",
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "external_id": None,
    "identify_event_sent": False,
}


def found(
    status: int,
    body: object,
    headers: dict[str, str] = COUNTED,
    path: str = "/api/v1/event",
    method: str = "POST",
    kind: str = "application/json",
    command: str | None = None,
) -> list[str]:
    return faults(method, path, status, {"Content-Type": kind, **headers}, json.dumps(body).encode(), command)


def refusal(*codes: int) -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Message": "why"} for code in codes]}


@pytest.mark.parametrize(
    ("status", "body", "headers", "path", "method"),
    [
        (200, TRACKED, COUNTED, "/api/v1/event", "POST"),
        (200, TRACKED | {"external_id": "user-1", "duplicate": True}, COUNTED, "/api/v1/Event.Track", "POST"),
        (422, refusal(4, 5), COUNTED, "/api/v1/event", "POST"),
        (401, refusal(99998), {}, "/api/v1/event", "POST"),
        (429, refusal(429), COUNTED | {"Retry-After": "1"}, "/api/v1/event", "POST"),
        (503, refusal(100012), {"Retry-After": "1"}, "/api/v1/event", "POST"),
        (405, refusal(100001), {}, "/api/v1/event", "PUT"),
        (404, refusal(100003), {}, "/api/v1/no.such.command", "POST"),
        (200, {"Pong": "a plugin's answer"}, {}, "/api/v1/system.ping", "POST"),
        (200, {"status": "ok"}, {}, "/health", "GET"),
    ],
)
def test_a_promised_reply_has_no_fault(
    status: int, body: object, headers: dict[str, str], path: str, method: str
) -> None:
    assert found(status, body, headers, path, method) == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "path", "method"),
    [
        (201, TRACKED, COUNTED, "/api/v1/event", "POST"),
        (200, TRACKED, {}, "/api/v1/event", "POST"),
        (200, TRACKED, COUNTED | {"X-RateLimit-Remaining": "-1"}, "/api/v1/event", "POST"),
        (200, TRACKED | {"more": 1}, COUNTED, "/api/v1/event", "POST"),
        (200, TRACKED | {"uuid": "550E8400"}, COUNTED, "/api/v1/event", "POST"),
        (200, {"status": "success"}, COUNTED, "/api/v1/event", "POST"),
        (422, refusal(6), COUNTED, "/api/v1/event", "POST"),
        (422, refusal(4), {}, "/api/v1/event", "POST"),
        (422, refusal(), COUNTED, "/api/v1/event", "POST"),
        (429, refusal(429), COUNTED, "/api/v1/event", "POST"),
        (403, refusal(403), {}, "/api/v1/event", "POST"),
        (405, {"Errors": "none"}, {}, "/api/v1/event", "PUT"),
        (403, refusal(100003), {}, "/api/v1/no.such.command", "POST"),
    ],
)
def test_a_reply_that_was_not_promised_has_a_fault(
    status: int, body: object, headers: dict[str, str], path: str, method: str
) -> None:
    assert found(status, body, headers, path, method) != []


def test_at_the_legacy_path_the_command_decides() -> None:
    named = {"path": "/api.php", "command": "Event.Track"}
    assert found(200, TRACKED, **named) == []
    assert found(200, TRACKED | {"more": 1}, **named) != []
    assert found(422, refusal(6), **named) != []
    assert found(400, refusal(100003), {}, "/api.php", command="no.such") == []
    assert found(400, refusal(4), {}, "/api.php") != []
    assert found(200, {"Pong": "a plugin's"}, path="/api.php", command="system.ping") == []


@pytest.mark.parametrize(
    ("request_options", "command"),
    [
        ({"json": {"Command": "event.track"}}, "event.track"),
        ({"data": {"command": "Event.Track"}}, "Event.Track"),
        ({"params": {"COMMAND": "list.get"}}, "list.get"),
        ({"json": {"Command": 7}}, None),
        ({"data": b"Command=list.get"}, None),
        ({}, None),
    ],
)
def test_the_command_is_found_in_a_request(request_options: dict[str, Any], command: str | None) -> None:
    assert command_in(request_options) == command


def test_html_is_a_fault() -> None:
    assert found(404, refusal(100003), {}, "/api/v1/no.such.command", kind="text/html") != []


def test_what_is_not_json_is_a_fault() -> None:
    assert faults("POST", "/api/v1/event", 200, {"Content-Type": "application/json", **COUNTED}, b"{") != []
