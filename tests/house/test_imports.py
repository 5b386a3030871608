"""Does data flow one way? Every room imports only what its row allows, and so does every outside package's user."""

from __future__ import annotations

import sys

import pytest

from tests.house.sources import imports, modules

#: Room -> the rooms it may import, beside its own. A module without a row fails, so that none is forgotten.
#: A more exact row goes before the folder's: storage/failures.py may be known where the rest of storage may not.
ROOMS: dict[str, set[str]] = {
    # words that every room may need: pure, and they know no room
    "tracker.caller": set(),
    "tracker.config": set(),
    "tracker.email_address": set(),
    "tracker.errors": set(),
    "tracker.fields": set(),
    "tracker.keys": set(),
    "tracker.storage.failures": set(),
    "tracker.times": set(),
    # the route of a call
    "tracker.http": {"tracker.dispatch", "tracker.errors", "tracker.registry"},
    "tracker.dispatch": {"tracker.caller", "tracker.errors", "tracker.registry", "tracker.storage.failures"},
    "tracker.registry": {"tracker.caller", "tracker.errors"},
    "tracker.auth": {"tracker.caller", "tracker.errors", "tracker.keys", "tracker.storage"},
    "tracker.limits": set(),
    "commands": {
        "tracker", "tracker.email_address", "tracker.errors", "tracker.fields", "tracker.ingest", "tracker.times",
    },
    "tracker.ingest": {"tracker.storage", "tracker.storage.failures"},
    "tracker.reports": {"tracker.storage", "tracker.storage.failures"},
    "tracker.storage": {"tracker.email_address", "tracker.keys", "tracker.storage.failures"},
    # the door for plugins
    "tracker": {"tracker.caller", "tracker.errors", "tracker.registry"},
    "tracker.plugins": {"tracker.registry"},
    # where the parts are joined
    "tracker.app": {"*"},
    "tracker.cli": {"*"},
    "tracker.demo": {"tracker.app"},
    "tracker.serving": {"*"},
}  # fmt: skip

#: Outside package -> the rooms that may import it. A package without a row belongs to nobody yet.
OUTSIDE: dict[str, set[str]] = {
    "apsw": {"tracker.storage"},
    "argon2": {"tracker.storage"},
    "click": {"tracker.cli"},
    "flask": {"tracker.app", "tracker.http", "tracker.limits"},
    "flask_limiter": {"tracker.limits"},
    "gevent": {"tracker.http", "tracker.ingest", "tracker.limits", "tracker.storage"},
    "gunicorn": {"tracker.http"},
    "idna": {"tracker.email_address"},
    "limits": {"tracker.limits"},
    "marshmallow": {"commands", "tracker.cli", "tracker.dispatch", "tracker.fields", "tracker.registry"},
    "orjson": {"tracker.http", "tracker.ingest"},
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
    """A room or a package that is gone leaves the table."""
    used = {name.split(".")[0] for path in modules().values() for name in imports(path)}
    assert set(ROOMS) - {room_of(module) for module in modules()} == set()
    assert set(OUTSIDE) - used == set()
