"""Does data flow one way? Every room imports only what its row allows, and so does every outside package's user."""

from __future__ import annotations

import sys

import pytest

from tests.house.sources import imports, modules

#: Room -> the rooms it may import, beside its own. Rooms not named here are refused, so that none is forgotten.
ROOMS: dict[str, set[str]] = {
    "tracker": {"tracker.caller", "tracker.errors", "tracker.registry"},
    "tracker.app": {"*"},
    "tracker.auth": {"tracker.caller", "tracker.errors", "tracker.storage"},
    "tracker.caller": set(),
    "tracker.cli": {"tracker.app", "tracker.config", "tracker.storage"},
    "tracker.config": set(),
    "tracker.dispatch": {"tracker.caller", "tracker.errors", "tracker.registry"},
    "tracker.errors": set(),
    "tracker.http": {"tracker.dispatch", "tracker.errors", "tracker.registry"},
    "tracker.ingest": {"tracker.errors", "tracker.storage"},
    "tracker.limits": {"tracker.errors"},
    "tracker.registry": {"tracker.caller", "tracker.errors"},
    "tracker.reports": {"tracker.storage"},
    "tracker.storage": set(),
    "tracker.tables": {"tracker.storage"},
    "commands": {"tracker"},
}

#: Outside package -> the rooms that may import it. A package that is not named here belongs to nobody yet.
OUTSIDE: dict[str, set[str]] = {
    "apispec": {"tracker.http"},
    "apsw": {"tracker.storage"},
    "argon2": {"tracker.auth"},
    "click": {"tracker.cli"},
    "flask": {"tracker.app", "tracker.http", "tracker.limits"},
    "flask_limiter": {"tracker.limits"},
    "gevent": {"tracker.app", "tracker.auth", "tracker.ingest", "tracker.storage"},
    "gunicorn": {"tracker.cli", "tracker.http"},
    "idna": {"tracker.ingest"},
    "limits": {"tracker.limits"},
    "marshmallow": {"commands", "tracker.dispatch", "tracker.http", "tracker.registry"},
    "orjson": {"tracker.http", "tracker.ingest", "tracker.reports"},
    "peewee": {"tracker.storage"},
    "playhouse": {"tracker.storage"},
    "pymysql": {"tracker.storage"},
    "redis": {"tracker.limits"},
    "werkzeug": {"tracker.http"},
}


def room_of(module: str) -> str | None:
    """The most exact room a module stands in: tracker.storage.mysql is in tracker.storage."""
    found = [
        room for room in ROOMS if module == room or (module.startswith(room + ".") and room != "tracker")
    ]
    return max(found, key=len, default=None)


@pytest.mark.parametrize("module", modules())
def test_every_module_stands_in_a_room(module: str) -> None:
    assert room_of(module), f"{module} has no row in the table: which question does it answer?"


@pytest.mark.parametrize("module", modules())
def test_rooms_import_only_what_their_row_allows(module: str) -> None:
    room = room_of(module) or ""
    targets = {name for name in imports(modules()[module]) if name.split(".")[0] in ("tracker", "commands")}
    allowed = ROOMS[room] | {room}
    assert {name for name in targets if "*" not in allowed and room_of(name) not in allowed} == set()


@pytest.mark.parametrize("module", modules())
def test_outside_packages_stay_in_their_rooms(module: str) -> None:
    roots = {name.split(".")[0] for name in imports(modules()[module])} - set(sys.stdlib_module_names)
    strangers = {
        name for name in roots - {"tracker", "commands"} if room_of(module) not in OUTSIDE.get(name, set())
    }
    assert strangers == set()


def test_each_row_is_needed() -> None:
    """The table only shrinks: a room or a package that is gone leaves it."""
    used = {name.split(".")[0] for path in modules().values() for name in imports(path)}
    assert set(ROOMS) - {room_of(module) for module in modules()} == set()
    assert set(OUTSIDE) - used == set()
