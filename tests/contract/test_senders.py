"""Is who sends taken as they are, through the proxies, browsers and settings that there are in the field?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.servers import NewDatabase

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.fixture
def proxied(new_database: NewDatabase, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker behind one proxy that says whom it speaks for."""
    client = InProcess(new_database("sqlite"), tmp_path, {"TRACKER_TRUSTED_PROXIES": "1"})
    yield client
    client.close()


def send(client: InProcess, shop: Shop, event: dict[str, Any], **headers: str) -> Reply:
    """An event as a page sends it."""
    public = client.services.stores.lists.owned(shop.user_id, shop.list_id).tracker_id
    said = {"User-Agent": CHROME, "Content-Type": "text/plain", **headers}
    return client.request("POST", f"/t/{public}", headers=said, data=json.dumps(event).encode())


def stored(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    rows = client.rows("SELECT properties FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    return [json.loads(bytes(properties)[1:]) for (properties,) in rows]


@pytest.mark.parametrize("form", ["{}", "{}:51234", "[{}]", "[{}]:443"])
def test_a_port_beside_a_forwarded_address_makes_no_other_address(proxied: InProcess, form: str) -> None:
    """With the port taken for part of it, nobody's address could be read, and all visitors were the proxy."""
    shop = proxied.open_shop("ports@example.com")
    proxied.services.stores.list_settings.change(shop.list_id, is_address_kept=True)
    address = "2001:db8:7:1::5" if "[" in form else "203.0.113.7"
    assert send(proxied, shop, {"Event": "x"}, **{"X-Forwarded-For": form.format(address)}).status == 200
    kept = "2001:db8:7::" if "[" in form else "203.0.113.0"
    assert [each["$ip"] for each in stored(proxied, shop)] == [kept]


def test_limits_count_each_forwarded_address(proxied: InProcess) -> None:
    shop = proxied.open_shop("many@example.com")
    left = [
        send(
            proxied, shop, {"Event": "x"}, **{"X-Forwarded-For": f"198.51.100.{number}:{5000 + number}"}
        ).headers["X-RateLimit-Remaining"]
        for number in range(3)
    ]
    assert left == ["599"] * 3


@pytest.mark.parametrize(
    ("allowed", "kept", "origin"),
    [
        ("https://shop.example.com:443", "https://shop.example.com", "https://shop.example.com"),
        ("HTTP://Shop.example.com:80", "http://shop.example.com", "http://shop.example.com"),
        ("https://shop.example.com:80", "https://shop.example.com:80", "https://shop.example.com:80"),
        ("http://shop.example.com:443", "http://shop.example.com:443", "http://shop.example.com:443"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443", "https://shop.example.com:8443"),
    ],
)
def test_an_origin_with_the_port_that_everybody_has_lets_its_pages_in(
    proxied: InProcess, allowed: str, kept: str, origin: str
) -> None:
    shop = proxied.open_shop("origins@example.com")
    changed = proxied.call("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=[allowed, kept])
    assert changed.body["AllowedOrigins"] == [kept]
    assert send(proxied, shop, {"Event": "x"}, Origin=origin).status == 200
    assert send(proxied, shop, {"Event": "x"}, Origin="https://other.example").status == 403


@pytest.mark.parametrize(("sent", "read"), [("Телефон", "Телефон"), ("Galaxy Ü", "Galaxy Ü")])
def test_a_user_agent_in_utf_8_is_read_as_that(proxied: InProcess, sent: str, read: str) -> None:
    shop = proxied.open_shop("agents@example.com")
    agent = f"Mozilla/5.0 (Linux; Android 14; {sent} Build/X) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"
    assert (
        send(proxied, shop, {"Event": "x"}, **{"User-Agent": agent.encode().decode("latin-1")}).status == 200
    )
    assert [each["$device"] for each in stored(proxied, shop)] == [read]


def test_a_host_is_one_in_any_letter_case(proxied: InProcess) -> None:
    shop = proxied.open_shop("hosts@example.com")
    said = {"$current_url": "https://Shop.Example:8443/A?b", "$referrer": "https://WWW.Search.example/x"}
    send(proxied, shop, {"Event": "x", "Properties": said})
    [found] = stored(proxied, shop)
    assert (found["$host"], found["$referring_domain"]) == ("shop.example:8443", "www.search.example")
    assert found["$current_url"] == said["$current_url"]
