"""Is whatever is no request of a family refused in that family's words, with nothing stored and no failure of ours?"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client import InProcess, Reply, Shop
from tests.sdks.batches import BATCHES
from tests.sdks.golden_rows import PREFIX, Row, all_rows, families, listed_of
from tracker.errors import CommandError
from tracker.sdks import EVENTS, SdkRequest, SdkRoute
from tracker.sdks.adapter import Adapter

#: Families that read each other's requests: they have one format.
RELATIVES = [{"segment", "rudderstack", "jitsu"}]
MEGABYTE = 1024 * 1024
PACKED = gzip.compress(json.dumps({"batch": [{"event": "x"}] * 50}).encode(), mtime=0)
#: Bodies that are no request of any family. Each is sent as body and, where it is short, in a query.
BODIES = {
    "nothing": b"",
    "no text": bytes(range(256)),
    "broken off": PACKED[:-9],
    "bad gzip": PACKED[:10] + b"x" * 40,
    "no base64": b"data=%%%&compression=base64",
    "base64 of no JSON": b"data=" + base64.b64encode(b"\x00nothing"),
    "a number": b"17",
    "null": b"null",
    "empty object": b"{}",
    "empty array": b"[]",
    "arrays": b"[[[]]]",
    "strings": b'["a", "b"]',
    "wrong kinds": b'{"batch": 1, "events": {}, "data": [], "requests": "?", "payload": [], "type": {}, "event": []}',
    "null kinds": b'{"batch": [null], "events": [null], "data": [null], "requests": [null], "payload": null}',
    "many keys": json.dumps({f"key{number}": number for number in range(60_000)}).encode()[:MEGABYTE],
    "many keys, whole": json.dumps({f"key{number}": number for number in range(40_000)}).encode(),
    "deep and torn": b'{"a":' * 900 + b'"\\ud800"' + b"}" * 900,
    "deep": b"[" * 5_000 + b"]" * 5_000,
}


def first_rows() -> Iterator[Row]:
    """One row of each family, method and route."""
    seen = set()
    for row in all_rows():
        key = row.family, row.method, row.route[0].path, row.body[:40]
        if row.is_tracking and key not in seen:
            seen.add(key)
            yield row


ROWS = list(first_rows())


def routes_of(family: str) -> list[SdkRoute]:
    return [route for route in listed_of(family).routes if route.kind == EVENTS]


def are_relatives(one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in RELATIVES)


def read(adapter: Adapter, route: SdkRoute, body: bytes, query: str = "", **headers: str) -> list[Any]:
    """What an adapter makes of a body, as the door asks for it. Raises CommandError."""
    params = dict.fromkeys((part[1:-1] for part in route.parts if part.startswith("{")), "x1")
    request = SdkRequest(
        route.method, route.path, params, query, headers, body, 1_795_780_000_000, "192.0.2.7", "A" * 16
    )
    request.visitor_of_day = lambda _address, _agent: "550e8400-e29b-41d4-a716-446655440000"
    adapter.credential(request)
    adapter.credential_in_body(request)
    return [item for item in adapter.events(request) if not isinstance(item, CommandError)]


@pytest.mark.parametrize("family", families())
def test_what_other_families_send_is_refused(client: InProcess, shop: Shop, family: str) -> None:
    door = Door(client, shop, family)
    for row in ROWS:
        if are_relatives(row.family, family):
            continue
        for route in routes_of(family):
            door.refuses(route, row.raw, row.query, f"{row.family} {row.path}")
    assert door.stored() == 0


@pytest.mark.parametrize("family", families())
def test_what_no_family_sends_is_refused(client: InProcess, shop: Shop, family: str) -> None:
    door = Door(client, shop, family)
    for name, body in BODIES.items():
        for route in routes_of(family)[:2]:
            query = body.decode("latin-1") if len(body) < 100 and body.isascii() else ""
            door.refuses(route, body, query, name)
    assert door.stored() == 0


class Door:
    """The address of a family, with a list's public id in the path: every family takes it from there."""

    def __init__(self, client: InProcess, shop: Shop, family: str) -> None:
        self.client, self.shop, self.family = client, shop, family
        found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
        assert found is not None
        self.base = f"{PREFIX}{family}/{found.tracker_id}"
        self._addresses = (f"198.51.{a}.{b}" for a in range(100) for b in range(1, 255))

    def send(self, route: SdkRoute, body: bytes, query: str = "") -> Reply:
        path = self.base + "".join(f"/{'x1' if part[0] == '{' else part}" for part in route.parts)
        headers = {"Origin": "https://shop.example", "Content-Type": "text/plain"}
        return self.client.request(
            route.method,
            path,
            headers=headers,
            data=body or None,
            params=query or None,
            address=next(self._addresses),
        )

    def refuses(self, route: SdkRoute, body: bytes, query: str, what: str) -> None:
        reply = self.send(route, body, query)
        assert reply.status in (400, 413), f"{route}: {what}: {reply.status} {reply.text[:300]}"
        assert reply.headers["Access-Control-Allow-Origin"], what

    def stored(self) -> int:
        [(count,)] = self.client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", self.shop.list_id)
        return int(count)


@pytest.mark.parametrize("family", BATCHES)
def test_what_is_nested_too_deep_is_refused_alone(client: InProcess, shop: Shop, family: str) -> None:
    door, (path, event, batch) = Door(client, shop, family), BATCHES[family]
    key = door.base.rpartition("/")[2]
    nested: Any = {}
    for _ in range(40):
        nested = {"a": [nested]}
    good = [(f"good{n}", {"number": 2**70, "text": "\ud800"}) for n in (1, 2)]
    for sent, is_stored in (([good[0], ("bad", nested), good[1]], True), ([("bad", nested)], False)):
        made = batch(key, [event(key, *each) for each in sent])
        body = made.encode() if isinstance(made, str) else json.dumps(made).encode()
        reply = client.request("POST", door.base + path, headers={}, data=body, address="198.51.100.7")
        assert (reply.status < 300) is is_stored, reply.text
    names = client.rows("SELECT name FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    assert [bytes(name).decode() for (name,) in names if name != b"identify"] == ["good1", "good2"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def twisted(draw: st.DrawFn) -> tuple[str, Row, bytes]:
    """A recorded request in which one value is another."""
    row = draw(st.sampled_from([row for row in ROWS if row.body.startswith(("[", "{"))]))
    value = json.loads(row.body)
    at: Any = value
    for _ in range(draw(st.integers(0, 5))):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], (dict, list)) or draw(st.booleans()):
            at[key] = draw(JSON)
            break
        at = at[key]
    return row.family, row, json.dumps(value, default=str).encode()


@given(twisted())
def test_a_value_of_another_kind_breaks_no_adapter(found: tuple[str, Row, bytes]) -> None:
    family, row, body = found
    with suppress(CommandError):
        for item in read(listed_of(family).adapter, row.route[0], body, row.query):
            for event in item:
                json.dumps(event)


@given(st.sampled_from(families()), st.binary(max_size=200))
def test_any_bytes_break_no_adapter(family: str, body: bytes) -> None:
    for route in routes_of(family):
        with suppress(CommandError):
            read(listed_of(family).adapter, route, body, body.decode("latin-1"))
