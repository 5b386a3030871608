"""Time zones: the names of the IANA database, and the country of each, from the tables of the `tzdata` package.

A zone names the country whose clocks it was made for. It is coarse: travellers keep or change it, and places near a border
use their neighbour's.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType

#: Old names that today are aliases of a zone in another country. Browsers still send some of them.
_MOVED = {
    "Africa/Asmera": "ER", "Africa/Timbuktu": "ML", "America/Coral_Harbour": "CA", "America/Virgin": "VI",
    "Antarctica/South_Pole": "AQ", "Atlantic/Jan_Mayen": "SJ", "Iceland": "IS", "Pacific/Ponape": "FM", "Pacific/Truk": "FM",
    "Pacific/Yap": "FM",
}  # fmt: skip
#: Zones that many countries share: aliases of one country's zone in the database, and no country's here.
_SHARED = ("CET", "EET", "EST", "HST", "MET", "MST", "WET")
#: A name of the database for clocks that were never set.
_UNSET = "Factory"


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones, such as `Europe/Berlin` and `UTC`."""
    return frozenset((files("tzdata") / "zones").read_text().split()) - {_UNSET}


def country_of_zone(name: str) -> str:
    """Return the ISO 3166-1 code of the first country of a zone; empty for one of no country, such as `UTC`."""
    return _countries().get(name, "")


@cache
def _countries() -> MappingProxyType[str, str]:
    """Return {name of a zone: country}. `zone.tab` has a row for each zone of a country; other names are its aliases."""
    folder = files("tzdata.zoneinfo")
    rows = (line.split("\t") for line in (folder / "zone.tab").read_text().splitlines() if line[:1] != "#")
    countries = {row[2]: row[0] for row in rows}
    lines = (line.split() for line in (folder / "tzdata.zi").read_text().splitlines())
    aliases = {line[2]: line[1] for line in lines if line[:1] == ["L"]}
    found = {name: countries.get(name) or countries.get(aliases.get(name, ""), "") for name in zone_names()}
    return MappingProxyType(found | _MOVED | dict.fromkeys(_SHARED, ""))
