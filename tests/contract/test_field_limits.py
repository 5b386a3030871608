"""Is each published limit of an event kept at the limit, and refused one beyond it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.client import InProcess, Reply, Shop, Track

Listing = Callable[[], dict[str, list[str]]]
#: One character of three bytes.
EURO = "€"
#: 254 bytes, the longest address there is.
LONG_EMAIL = "e" * 64 + "@" + ("d" * 60 + ".") * 3 + "exampl"


def nested(levels: int) -> Any:
    """`levels` objects inside each other."""
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


#: (what fits, what does not, the code it is refused with); each is the parameters of one call.
BOUNDS: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "event name": ({"Event": "e" * 200}, {"Event": "e" * 201}, 11),
    "event name in bytes": ({"Event": EURO * 66 + "ee"}, {"Event": EURO * 67}, 11),
    "properties": (
        {"Properties": {f"p{number}": 1 for number in range(255)}},
        {"Properties": {f"p{number}": 1 for number in range(256)}},
        12,
    ),
    "property name": ({"Properties": {"p" * 255: 1}}, {"Properties": {"p" * 256: 1}}, 12),
    "property name in bytes": ({"Properties": {EURO * 85: 1}}, {"Properties": {EURO * 85 + "p": 1}}, 12),
    "string": ({"Properties": {"a": "x" * 32768}}, {"Properties": {"a": "x" * 32769}}, 12),
    "string in bytes": ({"Properties": {"a": EURO * 10922 + "xx"}}, {"Properties": {"a": EURO * 10923}}, 12),
    "string inside": ({"Properties": {"a": [{"b": "x" * 32768}]}}, {"Properties": {"a": [{"b": "x" * 32769}]}}, 12),
    "name inside": ({"Properties": {"a": {"x" * 32768: 1}}}, {"Properties": {"a": {"x" * 32769: 1}}}, 12),
    "depth": ({"Properties": nested(31)}, {"Properties": nested(32)}, 100000),
    "depth of a text": ({"Properties": orjson.dumps(nested(32)).decode()}, {"Properties": orjson.dumps(nested(33)).decode()}, 12),
    "values": (
        {"Properties": {"a": [1] * (20_000 - 6)}},
        {"Properties": {"a": [1] * (20_000 - 5)}},
        100000,
    ),
    "largest integer": ({"Properties": {"a": 10**308}}, {"Properties": {"a": 10**309}}, 100000),
    "smallest integer": ({"Properties": {"a": -(10**308)}}, {"Properties": {"a": -(10**309)}}, 100000),
    "ID": ({"ID": "i" * 255}, {"ID": "i" * 256}, 14),
    "ID in bytes": ({"ID": EURO * 85}, {"ID": EURO * 85 + "i"}, 14),
    "EventID": ({"EventID": "e" * 64}, {"EventID": "e" * 65}, 16),
    "Email": ({"Email": LONG_EMAIL}, {"Email": LONG_EMAIL + "e"}, 7),
    "local part": ({"Email": "e" * 64 + "@example.com"}, {"Email": "e" * 65 + "@example.com"}, 7),
}  # fmt: skip


@pytest.mark.parametrize("linked", BOUNDS)
def test_at_the_limit_and_one_beyond(client: InProcess, shop: Shop, track: Track, linked: str) -> None:
    fits, beyond, code = BOUNDS[linked]
    answer = track(**fits)
    assert answer.status == 200, answer.body
    before = client.counts()
    answer = track(**beyond)
    assert (answer.status, answer.codes) == (400 if code == 100000 else 422, [code])
    assert client.counts() == before


def body_of(shop: Shop, size: int) -> bytes:
    """A body of exactly so many bytes, as many of them as possible in one string."""
    head = b'{"Command":"event.track","Event":"seen","ListID":%d,"Properties":{"a":"%s","b":"' % (
        shop.list_id,
        b"x" * 32768,
    )
    return head + b"x" * (size - len(head) - 3) + b'"}}'


def test_a_body_of_64_kib_and_one_byte_more(client: InProcess, shop: Shop) -> None:
    def send(size: int) -> Reply:
        body = body_of(shop, size)
        assert len(body) == size
        return client.request("POST", "/api.php", shop.key, data=body, content_type="application/json")

    assert send(64 * 1024).status == 200
    before = client.counts()
    refused = send(64 * 1024 + 1)
    assert (refused.status, refused.codes) == (413, [100010])
    assert client.counts() == before


def test_what_is_stored_is_what_was_sent_at_every_limit(client: InProcess, shop: Shop, track: Track) -> None:
    """orjson writes fewer levels than it reads, and other libraries rewrite numbers: nothing of that may happen."""
    integers = {
        "largest exact": {"a": 2**63 - 1},
        "smallest exact": {"a": -(2**63)},
        "beyond": {"a": 2**63, "b": -(10**30)},
    }
    others = {linked: BOUNDS[linked][0]["Properties"] for linked in ("depth", "values", "string in bytes")}
    for linked, sent in (integers | others).items():
        assert track(Event=linked, Properties=sent).status == 200
        sql = "SELECT properties FROM events WHERE list_id = ? AND name = ?"
        [(stored,)] = client.rows(sql, shop.list_id, linked.encode())
        assert bytes(stored)[:1] == b"\x01"
        as_doubles = {"a": float(2**63), "b": -1e30} if linked == "beyond" else sent
        assert orjson.loads(bytes(stored)[1:]) == as_doubles


@pytest.mark.parametrize("value", [1e308, -1e-308, 0.1, 1e15, True, None, "", 10**18, -0.0])
def test_values_keep_their_kind(client: InProcess, shop: Shop, track: Track, value: Any) -> None:
    assert track(Properties={"value": value}).status == 200
    [(stored,)] = client.rows("SELECT properties FROM events WHERE list_id = ?", shop.list_id)
    assert bytes(stored)[1:] == orjson.dumps({"value": value})
