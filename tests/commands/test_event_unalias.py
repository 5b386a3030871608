"""`event.unalias`: a name stands for itself again; what stands for no other is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.names import REFUSED, names_of, refused


@pytest.mark.parametrize(("change", "code"), [*REFUSED, ({}, 13)])
def test_what_is_no_alias_has_its_number(
    client: InProcess, shop: Shop, change: dict[str, Any], code: int
) -> None:
    assert refused(client, shop, "event.unalias", {}, change) == [code]


def test_what_else_is_noted_stays(client: InProcess, shop: Shop) -> None:
    about = {"ListID": shop.list_id, "Event": "a"}
    client.ok("event.alias", shop.key, **about, As="b")
    client.ok("event.describe", shop.key, **about, Description="An old name")
    client.ok("event.unalias", shop.key, **about)
    assert names_of(client, shop) == [("event", "a", None, False, "An old name")]
    assert client.call("event.unalias", shop.key, **about).codes == [13]
