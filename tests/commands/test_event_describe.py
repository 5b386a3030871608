"""`event.describe`: what a name means is kept as it was sent, and empty text takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.names import REFUSED, names_of, refused


@pytest.mark.parametrize(
    ("change", "code"),
    [*REFUSED, ({"Description": "x" * 501}, 15), ({"Description": 5}, 15), ({"Description": ...}, 16)],
)
def test_what_describes_nothing_has_its_number(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    assert refused(client, shop, "event.describe", {"Description": "y"}, change) == [code]


def test_a_description_is_kept_as_it_was_sent(client: InProcess, shop: Shop) -> None:
    about = {"ListID": shop.list_id, "Property": "it's <b>"}
    client.ok("event.describe", shop.key, **about, Description="Ünïcode 🎯 <script>")
    client.ok("event.describe", shop.key, ListID=shop.list_id, Event="x", Description="An event")
    assert names_of(client, shop) == [
        ("event", "x", None, False, "An event"),
        ("property", "it's <b>", None, False, "Ünïcode 🎯 <script>"),
    ]
    client.ok("event.describe", shop.key, **about, Description="")
    assert len(names_of(client, shop)) == 1
    entry = client.ok("audit.get", shop.key, RecordsPerRequest=1)["Entries"][0]
    assert (entry["Action"], entry["Object"]) == ("event.describe", f"list:{shop.list_id}")
