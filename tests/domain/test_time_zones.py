"""Time zones: which names are known, and which country each stands for."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tracker.domain.time_zones import country_of_zone, zone_names


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Amsterdam", "NL"),
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("US/Eastern", "US"),
        ("Japan", "JP"),
        ("Africa/Asmera", "ER"),
        ("Iceland", "IS"),
        ("UTC", ""),
        ("Etc/GMT+5", ""),
        ("CET", ""),
        ("Mars/Olympus", ""),
        ("", ""),
    ],
)
def test_a_zone_stands_for_the_country_it_was_made_for(name: str, country: str) -> None:
    assert country_of_zone(name) == country


def test_every_name_is_a_zone_that_python_can_load() -> None:
    assert len(zone_names()) > 500
    assert all(ZoneInfo(name).key == name for name in zone_names())


def test_every_place_has_a_country_of_two_letters() -> None:
    places = {name for name in zone_names() if "/" in name and not name.startswith("Etc/")}
    assert {name for name in places if len(country_of_zone(name)) != 2} == set()
