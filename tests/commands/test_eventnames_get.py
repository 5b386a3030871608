"""`eventnames.get`: what is noted of one list's names, and of no other's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.names import names_of


@pytest.mark.parametrize(("params", "code"), [({}, 1), ({"ListID": "x"}, 2), ({"ListID": 999_999_999}, 3)])
def test_what_is_no_list_has_its_number(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    assert client.call("eventnames.get", shop.key, **params).refusal == (422, [code])


def test_names_are_those_of_the_list(client: InProcess, shop: Shop, owner: Shop) -> None:
    client.ok("event.alias", shop.key, ListID=shop.list_id, Event="b", As="a")
    client.ok("event.hide", shop.key, ListID=shop.list_id, Event="a")
    client.ok("event.hide", owner.key, ListID=owner.list_id, Event="theirs")
    assert names_of(client, shop) == [("event", "a", None, True, ""), ("event", "b", "a", False, "")]
    stranger = client.open_shop(f"reader{shop.list_id}@example.com")
    assert client.call("eventnames.get", stranger.key, ListID=shop.list_id).codes == [3]
