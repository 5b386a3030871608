"""Are tiles of plugins on the overview, each drawn as it wants, without harm to the page when one fails?"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.client import InProcess
from tests.commands.tiles import add_tiles
from tests.console.made_up_console import Console
from tests.console.made_up_reports import failure
from tests.console.visitor import words
from tracker import Tile, TileNumbers
from tracker.api import tile_answers
from tracker.registry import CHARTS


def numbers(_: Tile, list_id: int) -> TileNumbers:
    return TileNumbers(("<b>one</b>", "two"), {"First": (3, None), "Second": (1, 1.5)})


def extreme(_: Tile, list_id: int) -> TileNumbers:
    return TileNumbers(("one", "two"), {"First": (1e308, -1e308), "Second": (1.7e308, -1.7e308)})


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder: pathlib.Path = tmp_path_factory.mktemp("tiles")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        add_tiles(client.services.registry)
        for chart in CHARTS:
            named = {"name": f"own.{chart}", "title": f"Own {chart}", "chart": chart}
            client.services.registry.add_tile(type("Own", (Tile,), {**named, "run": numbers}), "tests")
            named = {"name": f"extreme.{chart}", "title": f"Extreme {chart}", "chart": chart}
            client.services.registry.add_tile(type("Extreme", (Tile,), {**named, "run": extreme}), "tests")
            for report, params in (
                ("reports.trend", {"Measures": ["visits"]}),
                ("reports.breakdown", {"By": "visit:$channel", "Measures": ["revenue"]}),
                ("reports.breakdown", {"By": ["visit:$channel", "visit:$device_type"]}),
            ):
                name = f"{report}.{chart}{len(str(params))}"
                shown = {"name": name, "title": name, "chart": chart, "report": (report, params)}
                client.services.registry.add_tile(type("Reported", (Tile,), shown), "tests")
        yield Console(client)


def test_the_overview_names_each_and_waits_for_none(console: Console) -> None:
    page = console.get(console.path)
    addresses = re.findall(r'data-tile="([^"]+)"', page.text)
    assert len(addresses) == 5 + 5 * len(CHARTS)
    assert f"{console.path}/tiles/test.hanging" in addresses
    assert "/console/tiles.js" in page.text
    for address in addresses:
        if "hanging" not in address:
            assert console.get(address).status == 200, address


@pytest.mark.parametrize("chart", CHARTS)
def test_numbers_of_its_own_are_drawn_and_escaped(console: Console, chart: str) -> None:
    page = console.get(f"{console.path}/tiles/own.{chart}")
    assert "<svg" in page.text.partition('id="tile"')[2]
    assert "First" in words(page)
    assert "<b>one" not in page.text
    assert "It cannot be answered" not in page.text


def test_a_report_is_drawn_as_if_it_were_pinned(console: Console) -> None:
    page = words(console.get(f"{console.path}/tiles/test.channels"))
    assert "Channels" in page
    assert "Email" in page
    [asked] = console.asked("reports.breakdown")
    assert (asked["By"], asked["ListID"]) == ("visit:$channel", console.list_id)


@pytest.mark.parametrize("name", ["failing", "hanging", "wrong"])
def test_what_goes_wrong_is_told_in_its_place(
    console: Console, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tile_answers, "TILE_SECONDS", 0.01)
    page = console.get(f"{console.path}/tiles/test.{name}")
    assert page.status == 200
    assert "It cannot be answered" in page.text
    assert "(error 100005)" in page.text
    assert "secret" not in page.text
    assert console.get(console.path).status == 200


def test_a_report_that_is_refused_says_so_in_its_place(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        console.reports.made, "reports.breakdown", failure(422, (6, "Invalid Where parameter"))
    )
    page = console.get(f"{console.path}/tiles/test.channels")
    assert (page.status, "Invalid Where parameter (error 6)" in page.text) == (200, True)


def test_an_unknown_tile_is_the_404_page(console: Console) -> None:
    assert console.get(f"{console.path}/tiles/no.such").status == 404
    assert console.get("/lists/999/tiles/test.weekdays").status == 404
