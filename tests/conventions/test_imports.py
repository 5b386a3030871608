"""Import directions: every room imports only what its row allows, and so does every outside package's user."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.conventions.sources import imports, modules, type_imports

OURS = {"tracker", "commands"}

STORAGE = {
    "tracker.storage.accounts", "tracker.storage.aggregates", "tracker.storage.changes", "tracker.storage.engine",
    "tracker.storage.events",
    "tracker.storage.alerts", "tracker.storage.job_queue", "tracker.storage.shards", "tracker.storage.rejections", "tracker.storage.subscribers", "tracker.storage.timeline", "tracker.storage.triggers",
}  # fmt: skip
PURE = {"tracker.domain", "tracker.errors", "tracker.formats", "tracker.times"}

#: Room -> the rooms it may import, beside its own. A module without a row fails, so that none is forgotten.
ROOMS: dict[str, set[str]] = {
    # the plugin API
    "tracker": {"tracker.caller", "tracker.errors", "tracker.registry"},
    "tracker.caller": set(),
    "tracker.errors": set(),
    "tracker.fields": {"tracker.caller", "tracker.errors", "tracker.formats", "tracker.registry"},
    "tracker.tables": {"tracker.storage.engine", "tracker.storage.plugins"},
    "tracker.times": set(),
    # pure: what text may look like, what an event is and whose
    "tracker.formats": set(),
    "tracker.domain": {"tracker.formats", "tracker.times"},
    # what a report asks
    "tracker.questions": {"tracker.times"},
    "tracker.analytics.queries": {"tracker.domain", "tracker.questions"},
    # what workers count
    "tracker.metrics": {"tracker.errors", "tracker.private_file"},
    # calls to others
    "tracker.outgoing": set(),
    "tracker.mail": PURE,
    # the route of a call
    "tracker.registry": {"tracker.caller", "tracker.errors", "tracker.formats"},
    "tracker.call": {"tracker.caller", "tracker.registry"},
    "tracker.admission": {"tracker.call", "tracker.caller", "tracker.errors", "tracker.formats", "tracker.registry"},
    "tracker.dispatch": {"tracker.admission", "tracker.call", "tracker.errors", "tracker.registry"},
    "tracker.http.message": {"tracker.call", "tracker.caller", "tracker.errors", "tracker.formats", "tracker.registry"},
    "tracker.http.body": {"tracker.call", "tracker.errors", "tracker.registry"},
    # SDKs of other trackers: what they send becomes events
    "tracker.sdks": {"tracker.http.body", "tracker.registry", *PURE},
    "tracker.http": {
        "tracker.call", "tracker.dispatch", "tracker.errors", "tracker.formats", "tracker.http.body", "tracker.http.message",
        "tracker.registry", "tracker.sdks",
    },
    "tracker.http.server": {"tracker.call", "tracker.errors", "tracker.http", "tracker.http.body", "tracker.http.message"},
    "tracker.console": {
        "tracker", "tracker.browser", "tracker.call", "tracker.config", "tracker.dispatch", "tracker.errors", "tracker.http",
        "tracker.http.body", "tracker.http.message", "tracker.mail", "tracker.registry", "tracker.sdks",
    },
    "tracker.openapi": {"tracker", "tracker.caller", "tracker.errors", "tracker.registry", "tracker.sdks"},
    "tracker.rate_limits": {"tracker.registry"},
    "tracker.auth": {
        "tracker.caller", "tracker.errors", "tracker.formats", "tracker.rate_limits", "tracker.storage.accounts",
        "tracker.storage.engine",
    },
    "commands": {
        "tracker", "tracker.api", "tracker.browser", "tracker.caller", "tracker.fields", "tracker.ingest", "tracker.live",
        "tracker.privacy", "tracker.questions", "tracker.reports", *PURE,
    },
    # what commands share on the wire
    "tracker.api": {
        "tracker", "tracker.analytics", "tracker.fields", "tracker.inbox", "tracker.ingest", "tracker.metrics", "tracker.outgoing", "tracker.privacy", "tracker.questions",
        "tracker.registry", "tracker.preflight", "tracker.reports", "tracker.delivery", "tracker.storage.recovery", *STORAGE, *PURE,
    },
    # siblings: each knows what is pure, and storage
    "tracker.ingest": STORAGE | PURE,
    "tracker.reports": {"tracker.storage.schema", *STORAGE, *PURE},
    "tracker.live": STORAGE | PURE,
    "tracker.delivery": {"tracker.jobs", "tracker.mail", "tracker.outgoing", "tracker.questions", *STORAGE, *PURE},
    "tracker.privacy": STORAGE | PURE,
    "tracker.integrity": {"tracker.storage.schema", *STORAGE, *PURE},
    "tracker.inbox": {"tracker.call", "tracker.caller", *STORAGE, *PURE},
    "tracker.jobs": {"tracker.ingest", "tracker.privacy", "tracker.storage.recovery", *STORAGE, *PURE},
    # reports: a copy derived from the truth, the process that answers from it, and its client in the workers
    "tracker.analytics": {
        "tracker", "tracker.analytics.copy", "tracker.analytics.gateway", "tracker.analytics.process", "tracker.private_file", "tracker.storage.engine",
        "tracker.storage.schema", *PURE,
    },
    "tracker.analytics.gateway": {"tracker.analytics.process", "tracker.outgoing", "tracker.private_file", *PURE},
    "tracker.analytics.copy": {"tracker.analytics.queries", "tracker.private_file", "tracker.questions", *STORAGE, *PURE},
    "tracker.analytics.clickhouse": {
        "tracker.analytics.copy", "tracker.analytics.queries", "tracker.questions", *STORAGE, *PURE,
    },
    "tracker.analytics.process": {
        "tracker", "tracker.metrics", "tracker.analytics.clickhouse", "tracker.analytics.copy", "tracker.analytics.queries", "tracker.private_file", "tracker.questions",
        "tracker.storage.schema", *STORAGE, *PURE,
    },
    "tracker.importing": {
        "tracker.api", "tracker.ingest", "tracker.registry", "tracker.sdks", "tracker.storage.accounts", "tracker.storage.engine",
        *PURE,
    },
    # storage, from the ground up
    "tracker.storage.engine": {"tracker.private_file", *PURE},
    "tracker.storage.schema": {"tracker.storage.engine"},
    "tracker.storage.plugins": {"tracker.storage.engine", "tracker.storage.schema"},
    "tracker.storage.recovery": {"tracker.private_file", "tracker.storage.engine", *PURE},
    "tracker.storage.job_queue": {"tracker.storage.engine"},
    "tracker.storage.shards": {"tracker.storage.engine", "tracker.storage.schema", *PURE},
    "tracker.storage.rejections": {"tracker.storage.engine", *PURE},
    "tracker.storage.changes": {"tracker.storage.engine", *PURE},
    "tracker.storage.accounts": {"tracker.storage.engine", "tracker.storage.schema", "tracker.storage.shards", *PURE},
    "tracker.storage.subscribers": {
        "tracker.storage.changes", "tracker.storage.engine", "tracker.storage.schema", "tracker.storage.shards", *PURE,
    },
    "tracker.storage.timeline": {"tracker.storage.engine", *PURE},
    "tracker.storage.events": {
        "tracker.storage.changes", "tracker.storage.engine", "tracker.storage.job_queue", "tracker.storage.subscribers",
        "tracker.storage.timeline", *PURE,
    },
    "tracker.storage.triggers": {
        "tracker.storage.accounts", "tracker.storage.engine", "tracker.storage.job_queue", "tracker.storage.schema", "tracker.storage.shards", *PURE,
    },
    "tracker.storage.alerts": {
        "tracker.storage.accounts", "tracker.storage.engine", "tracker.storage.schema", "tracker.storage.triggers", *PURE,
    },
    "tracker.storage.aggregates": {
        "tracker.storage.engine", "tracker.storage.events", "tracker.storage.schema", "tracker.storage.shards", *PURE,
    },
    "tracker.storage": set(),
    # the wiring
    "tracker.browser": set(),
    "tracker.config": {"tracker.formats"},
    "tracker.private_file": set(),
    "tracker.plugins": {"tracker", "tracker.registry", "tracker.sdks"},
    "tracker.services": {"*"},
    "tracker.app": {"*"},
    "tracker.preflight": {
        "tracker.analytics.clickhouse", "tracker.config", "tracker.rate_limits", "tracker.storage.engine",
        "tracker.storage.recovery", "tracker.storage.shards",
    },
    "tracker.serve": {"*"},
    "tracker.reports_wiring": {
        "tracker.analytics", "tracker.analytics.clickhouse", "tracker.analytics.copy", "tracker.analytics.gateway", "tracker.analytics.process",
        "tracker.config", "tracker.questions",
    },
    "tracker.wsgi": {"tracker.app"},
    "tracker.gateway_wsgi": {"tracker.config", "tracker.reports_wiring"},
    "tracker.garbage": set(),
    "tracker.gunicorn_conf": {"tracker.config", "tracker.garbage", "tracker.http.server", "tracker.metrics", "tracker.storage.engine"},
    "tracker.demo.traffic": {"tracker.times"},
    "tracker.demo": {"*"},
    "tracker.cli": {"*"},
}  # fmt: skip

#: Outside package -> the rooms that may import it. A package without a row belongs to nobody yet.
OUTSIDE: dict[str, set[str]] = {
    "apispec": {"tracker.openapi"},
    "apsw": {"tracker.storage.engine", "tracker.storage.recovery"},
    "argon2": {"tracker.storage.accounts"},
    "babel": {"tracker.console"},
    "click": {"tracker.cli"},
    "crawleruseragents": {"tracker.domain"},
    "duckdb": {"tracker.analytics.clickhouse", "tracker.analytics.copy", "tracker.analytics.process"},
    "flask": {"tracker.app", "tracker.console", "tracker.http", "tracker.rate_limits"},
    "flask_limiter": {"tracker.rate_limits"},
    "gevent": {
        "tracker.analytics", "tracker.analytics.gateway", "tracker.auth", "tracker.console", "tracker.http", "tracker.http.message", "tracker.http.server", "tracker.importing",
        "tracker.inbox", "tracker.ingest", "tracker.jobs", "tracker.live", "tracker.mail", "tracker.outgoing", "tracker.rate_limits", "tracker.reports", "tracker.storage.accounts",
        "tracker.storage.aggregates",
        "tracker.storage.engine", "tracker.storage.subscribers", "tracker.delivery",
    },
    "gunicorn": {"tracker.http.server"},
    "idna": {"tracker.formats"},
    "jinja2": {"tracker.console"},
    "limits": {"tracker.rate_limits"},
    "markupsafe": {"tracker.console"},
    "marshmallow": {
        "commands", "tracker.api", "tracker.fields", "tracker.openapi", "tracker.registry",
    },
    "orjson": {
        "tracker.analytics", "tracker.analytics.clickhouse", "tracker.analytics.copy", "tracker.analytics.gateway", "tracker.analytics.process", "tracker.api", "tracker.console", "tracker.domain", "tracker.formats", "tracker.http", "tracker.http.body", "tracker.http.message",
        "tracker.inbox", "tracker.ingest", "tracker.integrity", "tracker.live", "tracker.registry", "tracker.reports",
        "tracker.questions", "tracker.sdks", "tracker.storage.accounts", "tracker.storage.aggregates",
    },
    "packaging": {"tracker.plugins"},
    "peewee": {
        "tracker.storage.accounts", "tracker.storage.engine", "tracker.storage.plugins", "tracker.storage.schema",
        "tracker.storage.subscribers",
    },
    "playhouse": {"tracker.storage.engine"},
    "pymysql": {"tracker.storage.engine"},
    "redis": {"tracker.rate_limits"},
    "ua_parser": {"tracker.domain"},
    "werkzeug": {"tracker.console", "tracker.http", "tracker.http.body", "tracker.http.message", "tracker.http.server"},
}  # fmt: skip


#: (module, what it imports for its types alone) -> why. At run time nothing is imported, so no direction is broken.
TYPE_ONLY: dict[tuple[str, str], str] = {
    ("tracker", "tracker.caller"): "the plugin API is loaded when a name of it is asked for",
    ("tracker", "tracker.errors"): "the plugin API is loaded when a name of it is asked for",
    ("tracker", "tracker.registry"): "the plugin API is loaded when a name of it is asked for",
    ("tracker.registry.command", "tracker.services"): "authors of commands see what `self.services` has",
    (
        "tracker.registry.command",
        "tracker.storage.accounts",
    ): "authors of commands see what `self.own_list` returns",
    ("tracker.registry.tile", "tracker.services"): "authors of tiles see what `self.services` has",
    ("tracker.dispatch", "tracker.services"): "hands on to commands what they may use",
    ("tracker.api.forget", "tracker.services"): "is handed a command's services",
    ("tracker.api.health_checks", "tracker.services"): "is handed a command's services",
    ("tracker.api.instance_metrics", "tracker.services"): "is handed the services of the process",
    ("tracker.api.setup_checks", "tracker.services"): "is handed a command's services",
    ("tracker.api.unlink", "tracker.services"): "is handed a command's services",
}


def room_of(module: str) -> str | None:
    """The most exact room a module stands in: tracker.storage.engine.mysql is in tracker.storage."""
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


def test_imports_for_types_alone_are_those_of_the_table() -> None:
    found = {(module, name) for module, path in modules().items() for name in type_imports(path)}
    assert found == TYPE_ONLY.keys()


def test_an_import_for_types_alone_is_told_from_others(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    block = "if TYPE_CHECKING:\n    from tracker.services import Services\nelse:\n    import tracker.app\n"
    module.write_text(f"from typing import TYPE_CHECKING\n{block}def late():\n    import tracker.dispatch\n")
    assert list(type_imports(module)) == ["tracker.services"]
    assert sorted(imports(module)) == ["tracker.app", "tracker.dispatch", "typing"]


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
