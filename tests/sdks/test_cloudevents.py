"""Does CloudEvents' adapter keep data that is no JSON, whatever its libraries call it, and refuse what was damaged on its way?"""

from __future__ import annotations

import pytest

from tests.sdks.adapter_calls import AdapterCalls
from tracker.errors import CommandError

CALLS = AdapterCalls("cloudevents")
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/notes", "ce-type": "Note"}
JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        (JSON, "hello, Zürich".encode(), "hello, Zürich"),
        (JSON, b'"hello"', "hello"),
        (JSON, b"12", 12),
        ("text/plain", b"{hello", "{hello"),
        ("application/octet-stream", b"\xff\x00", "/wA="),
    ],
)
def test_data_that_is_no_object_is_the_property_data(kind: str, body: bytes, kept: object) -> None:
    event = CALLS.event("/", body, **BINARY, **{"content-type": kind})
    assert event["Properties"]["data"] == kept


@pytest.mark.parametrize("body", [b'{"revenue": 12', b'[{"a"', b'"hello'])
def test_json_that_is_cut_short_is_refused(body: bytes) -> None:
    with pytest.raises(CommandError):
        CALLS.items("/", body, **BINARY, **{"content-type": JSON})
