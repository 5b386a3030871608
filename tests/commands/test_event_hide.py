"""`event.hide`: a name is left out of listings, and found by who asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.names import REFUSED, names_of, refused
from tests.full_catalogue import Listing


@pytest.mark.parametrize(("change", "code"), [*REFUSED, ({"IsHidden": "x"}, 14)])
def test_what_cannot_be_hidden_has_its_number(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    assert refused(client, shop, "event.hide", {}, change) == [code]


def test_a_list_has_a_bounded_number(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "kind", "name", "is_hidden", "description", "updated_at")
    rows = [(shop.list_id, 1, b"%d" % n, 1, b"", 0) for n in range(200)]
    client.services.storage.write(lambda transaction: transaction.insert("list_names", columns, rows))
    about = {"ListID": shop.list_id, "Event": "x"}
    assert client.call("event.hide", shop.key, **about).codes == [12]
    assert client.call("event.describe", shop.key, **about, Description="y").codes == [12]
    assert client.ok("event.hide", shop.key, **about, IsHidden=False)["Success"]


def test_hidden_names_are_left_out_and_come_back(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    track(Event="seen", Properties={"a": 1, "b": 2}), track(Event="ux_test")
    client.ok("event.hide", shop.key, ListID=shop.list_id, Event="ux_test")
    client.ok("event.hide", shop.key, ListID=shop.list_id, Property="b")
    assert listing() == {"seen": ["a"]}

    def names(**params: Any) -> list[tuple[str, int]]:
        found = client.ok("website_events.catalogue", shop.key, ListID=shop.list_id, **params)["Events"]
        return [(each["Event"], len(each["Properties"])) for each in found]

    assert names() == [("seen", 1)]
    assert names(WithHidden=True) == [("seen", 2), ("ux_test", 0)]
    assert names(Event="ux_test") == [("ux_test", 0)]
    for named in ({"Event": "ux_test"}, {"Property": "b"}):
        client.ok("event.hide", shop.key, ListID=shop.list_id, **named, IsHidden=False)
    assert (listing(), names_of(client, shop)) == ({"seen": ["a", "b"], "ux_test": []}, [])
