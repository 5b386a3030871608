"""Calls about names of events and properties, and the rules that all of these commands share."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop

#: (parameters that replace those of a right call, code); a value of `...` takes a parameter away.
REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"ListID": ...}, 1),
    ({"ListID": "x"}, 2),
    ({"ListID": 999_999_999}, 3),
    ({"Event": ""}, 4),
    ({"Event": "é" * 101}, 4),
    ({"Event": ..., "Property": " "}, 5),
    ({"Event": ..., "Property": "x" * 256}, 5),
    ({"Event": ...}, 6),
    ({"Property": "y"}, 6),
]


def names_of(client: InProcess, shop: Shop) -> list[tuple[Any, ...]]:
    """(kind, name, shown as, hidden, description) of what is noted."""
    found = client.ok("eventnames.get", shop.key, ListID=shop.list_id)["Names"]
    return [tuple(each.values()) for each in found]


def refused(
    client: InProcess, shop: Shop, command: str, right: dict[str, Any], change: dict[str, Any]
) -> list[int]:
    """The codes of a call with this change, which notes nothing."""
    sent = {"ListID": shop.list_id, "Event": "x", **right, **change}
    answer = client.call(
        command, shop.key, **{name: value for name, value in sent.items() if value is not ...}
    )
    assert answer.status == 422
    assert names_of(client, shop) == []
    return answer.codes
