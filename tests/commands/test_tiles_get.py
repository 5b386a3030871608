"""`tiles.get`: which tiles plugins have, to whom they are told."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.tiles import ALL, add_tiles


@pytest.fixture(scope="module", autouse=True)
def tiles(client: InProcess) -> None:
    assert client.services.registry.tiles == []
    add_tiles(client.services.registry)


def test_tiles_are_listed_by_name_with_their_reports(client: InProcess, shop: Shop) -> None:
    found = client.ok("tiles.get", shop.key, ListID=shop.list_id)["Tiles"]
    assert [each["Tile"] for each in found] == sorted(tile.name for tile in ALL)
    assert found[0] == {
        "Tile": "test.channels",
        "Title": "Channels",
        "Chart": "share",
        "Report": "reports.breakdown",
        "Params": {"By": "visit:$channel"},
    }
    assert {each["Report"] for each in found[1:]} == {None}


@pytest.mark.parametrize(("command", "sent"), [("tiles.get", {}), ("tile.get", {"Tile": "test.weekdays"})])
def test_anothers_list_and_a_missing_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str, sent: dict[str, str]
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = (stranger.list_id, 2**62)
    answers = {client.call(command, shop.key, ListID=number, **sent).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert client.call(command, shop.key, **sent).codes == [1]
    assert client.call(command, shop.key, ListID="x", **sent).codes == [2]


@pytest.mark.parametrize("command", ["tiles.get", "tile.get"])
def test_they_need_the_permission_to_see_numbers(client: InProcess, shop: Shop, command: str) -> None:
    keys = client.services.stores.keys
    assert client.call(command, keys.add(shop.user_id, "Subscribers.Get")).codes == [403]
    assert client.call(command, keys.add(shop.user_id, "Reports.Get")).status == 422
