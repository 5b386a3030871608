"""`tile.get`: the numbers of a tile, and one that fails, hangs or answers something else harms only itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.client import InProcess, Shop
from tests.commands.tiles import add_tiles
from tracker import TileNumbers
from tracker.api import tile_answers


@pytest.fixture(scope="module", autouse=True)
def tiles(client: InProcess) -> None:
    add_tiles(client.services.registry)


def test_numbers_are_those_of_the_run_about_this_list(client: InProcess, shop: Shop) -> None:
    assert client.ok("tile.get", shop.key, ListID=shop.list_id, Tile="test.weekdays") == {
        "Tile": "test.weekdays",
        "Title": "Weekdays",
        "Chart": "bars",
        "Labels": ["Mon", "Tue", "Wed"],
        "Series": [
            {"Name": "Own", "Values": [shop.list_id, 2.5, None]},
            {"Name": "Calls", "Values": [1, 0, 2]},
        ],
    }


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, 4),
        ({"Tile": ""}, 5),
        ({"Tile": 7}, 5),
        ({"Tile": "x" * 201}, 5),
        ({"Tile": "test.nobody"}, 6),
        ({"Tile": "test.channels"}, 7),
    ],
)
def test_what_is_no_tile_with_numbers_is_refused(
    client: InProcess, shop: Shop, sent: dict[str, object], code: int
) -> None:
    assert client.call("tile.get", shop.key, ListID=shop.list_id, **sent).refusal == (422, [code])


@pytest.mark.parametrize("name", ["failing", "hanging", "wrong"])
def test_a_tile_at_fault_is_100005_and_the_others_are_answered(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tile_answers, "TILE_SECONDS", 0.01)
    answer = client.call("tile.get", shop.key, ListID=shop.list_id, Tile=f"test.{name}")
    assert answer.refusal == (500, [100005])
    assert "secret" not in answer.text
    assert client.call("tile.get", shop.key, ListID=shop.list_id, Tile="test.weekdays").status == 200


@pytest.mark.parametrize(
    ("labels", "series", "reason"),
    [
        (("a",) * 401, {"n": (1,) * 401}, "up to 400 labels"),
        ((), {}, "1 to 5 series"),
        ((), dict.fromkeys("abcdef", ()), "1 to 5 series"),
        (("a" * 201,), {"n": (1,)}, "texts of up to 200 characters"),
        (("a",), {"n": (1, 2)}, "a value for every label"),
        (("a",), {"n": (float("nan"),)}, "finite numbers or None"),
        (("a",), {"n": (True,)}, "finite numbers or None"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_refused(
    labels: Sequence[str], series: dict[str, Sequence[float]], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        TileNumbers(labels, series)
