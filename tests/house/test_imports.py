"""Does data flow one way? Every room imports only what its row allows, and so does every outside package's user."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.house.sources import imports, modules

OURS = {"tracker", "commands"}

#: Room -> the rooms it may import, beside its own. A module without a row fails, so that none is forgotten.
#: A more exact row goes before the folder's: storage/failures.py may be known where the rest of storage may not.
ROOMS: dict[str, set[str]] = {
    # words that every room may need: pure, and they know no room
    "tracker.addresses": set(),
    "tracker.browser": set(),
    "tracker.caller": set(),
    "tracker.config": {"tracker.database_url"},
    "tracker.database_url": set(),
    "tracker.email_address": set(),
    "tracker.email_hashes": set(),
    "tracker.errors": set(),
    "tracker.fields": {"tracker.caller", "tracker.email_address", "tracker.errors", "tracker.json_object"},
    "tracker.json_object": {"tracker.errors"},
    "tracker.ingest.placeholders": set(),
    "tracker.ingest.rules": {"tracker.ingest.placeholders"},
    "tracker.keys": set(),
    "tracker.private_file": set(),
    "tracker.storage.failures": set(),
    "tracker.times": set(),
    # the route of a call
    "tracker.http": {
        "tracker.addresses", "tracker.call", "tracker.caller", "tracker.dispatch", "tracker.errors", "tracker.json_object",
        "tracker.registry",
    },
    "tracker.http.server": {"tracker.errors", "tracker.http"},
    "tracker.console": {
        "tracker", "tracker.browser", "tracker.call", "tracker.config", "tracker.dispatch", "tracker.errors", "tracker.http",
        "tracker.registry",
    },
    "tracker.call": {"tracker.caller", "tracker.registry"},
    "tracker.admission": {
        "tracker.addresses", "tracker.call", "tracker.caller", "tracker.errors", "tracker.registry", "tracker.storage.failures",
    },
    "tracker.dispatch": {
        "tracker.admission", "tracker.call", "tracker.errors", "tracker.registry", "tracker.storage.failures",
    },
    "tracker.registry": {"tracker.caller", "tracker.errors"},
    "tracker.auth": {"tracker.caller", "tracker.errors", "tracker.keys", "tracker.storage"},
    "tracker.limits": set(),
    "tracker.logins": {
        "tracker.addresses", "tracker.email_address", "tracker.errors", "tracker.keys", "tracker.limits", "tracker.storage",
        "tracker.storage.failures",
    },
    "commands": {
        "tracker", "tracker.addresses", "tracker.browser", "tracker.caller", "tracker.errors", "tracker.fields",
        "tracker.ingest", "tracker.privacy", "tracker.reports", "tracker.subscribers", "tracker.times",
    },
    "tracker.ingest": {
        "tracker.email_hashes", "tracker.errors", "tracker.fields", "tracker.ingest.placeholders", "tracker.ingest.rules", "tracker.storage", "tracker.storage.failures",
        "tracker.subscribers", "tracker.times",
    },
    "tracker.subscribers": {
        "tracker", "tracker.email_address", "tracker.errors", "tracker.fields", "tracker.ingest.placeholders", "tracker.ingest.rules",
        "tracker.storage", "tracker.times",
    },
    "tracker.privacy": {
        "tracker.email_hashes", "tracker.ingest", "tracker.ingest.rules", "tracker.jobs", "tracker.reports",
        "tracker.storage", "tracker.times",
    },
    "tracker.reports": {
        "tracker", "tracker.email_hashes", "tracker.errors", "tracker.fields", "tracker.ingest", "tracker.ingest.rules", "tracker.storage", "tracker.storage.failures",
        "tracker.times",
    },
    "tracker.jobs": {"tracker.storage", "tracker.storage.failures"},
    "tracker.importing": {
        "tracker.errors", "tracker.ingest", "tracker.json_object", "tracker.registry", "tracker.storage",
        "tracker.storage.failures",
    },
    "tracker.storage": {
        "tracker.database_url", "tracker.email_address", "tracker.email_hashes", "tracker.keys", "tracker.private_file",
        "tracker.storage.failures",
    },
    "tracker.openapi": {"tracker", "tracker.caller", "tracker.errors", "tracker.registry"},
    # the door for plugins
    "tracker": {"tracker.caller", "tracker.errors", "tracker.registry"},
    "tracker.plugins": {"tracker.registry"},
    "tracker.tables": {"tracker.storage"},
    # where the parts are joined
    "tracker.app": {"*"},
    "tracker.cli": {"*"},
    "tracker.demo": {"*"},
    "tracker.demo.traffic": {"tracker.times"},
    "tracker.services": {"*"},
    "tracker.serving": {"*"},
}  # fmt: skip

#: Outside package -> the rooms that may import it. A package without a row belongs to nobody yet.
OUTSIDE: dict[str, set[str]] = {
    "apispec": {"tracker.openapi"},
    "apsw": {"tracker.storage"},
    "argon2": {"tracker.storage"},
    "click": {"tracker.cli"},
    "crawleruseragents": {"tracker.ingest"},
    "flask": {"tracker.app", "tracker.console", "tracker.http", "tracker.limits"},
    "flask_limiter": {"tracker.limits"},
    "gevent": {
        "tracker.http",
        "tracker.http.server",
        "tracker.importing",
        "tracker.ingest",
        "tracker.jobs",
        "tracker.limits",
        "tracker.logins",
        "tracker.reports",
        "tracker.storage",
    },
    "gunicorn": {"tracker.http.server"},
    "idna": {"tracker.email_address"},
    "jinja2": {"tracker.console"},
    "limits": {"tracker.limits"},
    "marshmallow": {
        "commands",
        "tracker.cli",
        "tracker.dispatch",
        "tracker.fields",
        "tracker.ingest",
        "tracker.openapi",
        "tracker.registry",
        "tracker.reports",
        "tracker.subscribers",
    },
    "orjson": {
        "tracker.http",
        "tracker.ingest",
        "tracker.ingest.rules",
        "tracker.json_object",
        "tracker.privacy",
        "tracker.reports",
        "tracker.subscribers",
    },
    "peewee": {"tracker.storage"},
    "playhouse": {"tracker.storage"},
    "pymysql": {"tracker.storage"},
    "redis": {"tracker.limits"},
    "ua_parser": {"tracker.ingest"},
    "werkzeug": {"tracker.console", "tracker.http"},
}


def room_of(module: str) -> str | None:
    """The most exact room a module stands in: tracker.storage.mysql is in tracker.storage."""
    found = [
        room for room in ROOMS if module == room or (module.startswith(room + ".") and room != "tracker")
    ]
    return max(found, key=len, default=None)


def test_every_module_stands_in_a_room() -> None:
    assert [module for module in modules() if room_of(module) is None] == []


def test_rooms_import_only_what_their_row_allows() -> None:
    assert _faults(_forbidden_rooms) == {}


def test_outside_packages_stay_in_their_rooms() -> None:
    assert _faults(_forbidden_packages) == {}


def test_each_row_is_needed() -> None:
    """A room or a package that is gone leaves the table."""
    used = {name.split(".")[0] for path in modules().values() for name in imports(path)}
    assert set(ROOMS) - {room_of(module) for module in modules()} == set()
    assert set(OUTSIDE) - used == set()


def _faults(forbidden: Callable[[str, set[str]], set[str]]) -> dict[str, set[str]]:
    """What each module imports and must not; modules without fault are left out."""
    found = {
        module: forbidden(room_of(module) or "", set(imports(path))) for module, path in modules().items()
    }
    return {module: names for module, names in found.items() if names}


def _forbidden_rooms(room: str, imported: set[str]) -> set[str]:
    allowed = ROOMS.get(room, set()) | {room}
    ours = {name for name in imported if name.split(".")[0] in OURS}
    return set() if "*" in allowed else {name for name in ours if room_of(name) not in allowed}


def _forbidden_packages(room: str, imported: set[str]) -> set[str]:
    packages = {name.split(".")[0] for name in imported} - OURS - set(sys.stdlib_module_names)
    return {name for name in packages if room not in OUTSIDE.get(name, set())}
