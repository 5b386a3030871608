"""Start-up of `tracker serve`: checks settings and plugins, upgrades the database, prints the addresses, runs gunicorn."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tracker import __version__
from tracker.analytics.gateway.gateway_url import socket_path
from tracker.app import build_services, create_app, open_database
from tracker.config import ConfigError, Settings
from tracker.errors import StorageUnavailable
from tracker.plugins import load_commands
from tracker.preflight import Looked, heed, look_at_others, look_at_servers
from tracker.registry import Registry
from tracker.reports_wiring import prepare_gateway
from tracker.services import Stores
from tracker.storage.engine import Database

Say = Callable[[str], object]
GATEWAY = "tracker.gateway_wsgi:app"
_HOST_PORT = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
GUNICORN_SETTINGS = Path(__file__).with_name("gunicorn_conf.py")


def serve_forever(
    settings: Settings, say: Say, warn: Say, prepare_stores: Callable[[Stores], str | None] | None = None
) -> None:
    """Check, upgrade, print the addresses, and become gunicorn. Raises the fault that stops it; never returns.

    `warn` takes lines about what would fail at a failover. `prepare_stores` writes initial data, such as the demo account, and returns a text about it to print.
    """
    arguments = server_arguments()
    prepare(settings, warn)
    say(_where(settings))
    if prepare_stores is not None:
        _say_prepared(settings, prepare_stores, say)
    sys.stdout.flush()
    os.execv(sys.executable, arguments)  # noqa: S606 - no shell is meant


def server_arguments() -> list[str]:
    """Return the command line that serves Tracker: gunicorn with this package's settings and application."""
    # -P: a folder called tracker in the working directory, such as a checkout, is not the package.
    return [sys.executable, "-P", "-m", "gunicorn", "-c", str(GUNICORN_SETTINGS), "tracker.wsgi:app"]


def serve_reports(settings: Settings, address: str, say: Say) -> None:
    """Check, print the address, and become gunicorn that serves reports to other instances there: HOST:PORT, or unix:/PATH.

    Raises ConfigError; never returns.
    """
    _check_address(address)
    is_new = prepare_gateway(settings)
    say(
        f"Tracker {__version__}\n  Reports   {address}\n"
        f"  Secret    {settings.reports_secret_file}{', made now: those that ask need it too' if is_new else ''}\n"
        f"  Database  {shown_database(settings.database_url)}\n"
    )
    sys.stdout.flush()
    # One process passes on what another one answers; only its user may connect to its socket.
    more = ["--bind", address, "--workers", "1", "--umask", "0o177", GATEWAY]
    os.execv(sys.executable, [*server_arguments()[:-1], *more])  # noqa: S606 - no shell is meant


def _check_address(address: str) -> None:
    """Raise ConfigError unless something can listen there, and nothing does."""
    if not address.startswith("unix:"):
        if _HOST_PORT.fullmatch(address) is None:
            raise ConfigError(f"the address to serve reports at is unix:/PATH or HOST:PORT, not '{address}'")
        return
    try:
        path = socket_path(address.removeprefix("unix:"))
    except ValueError as failure:
        raise ConfigError(f"the address to serve reports at {failure}") from None
    if not Path(path).parent.is_dir():
        raise ConfigError(f"there is no folder {Path(path).parent} for the socket")
    with socket.socket(socket.AF_UNIX) as other, suppress(FileNotFoundError, ConnectionRefusedError):
        other.connect(path)
        raise ConfigError(f"another process serves at {address}")


def prepare(settings: Settings, warn: Say) -> None:
    """Find faults of settings, plugins and servers before workers do, and upgrade the database."""
    create_app(settings)  # opens nothing
    checked_upgrade(settings, load_commands(settings.plugins_folder), warn)


def checked_upgrade(settings: Settings, registry: Registry, warn: Say) -> list[str]:
    """Upgrade the database to this version, between looks at what would fail at a failover. Returns the migrations applied.

    Raises StorageUnavailable.
    """
    database = open_database(settings, registry)
    try:
        heed(_looked_at_servers(settings, database), warn)
        applied = upgrade(settings, registry)
        heed(look_at_others(settings, database), warn)
        return applied
    finally:
        database.close()


def _looked_at_servers(settings: Settings, database: Database) -> Looked:
    try:
        return look_at_servers(settings, database)
    except StorageUnavailable as failure:
        raise StorageUnavailable(f"{shown_database(settings.database_url)}: {failure}") from failure


def upgrade(settings: Settings, registry: Registry) -> list[str]:
    """Upgrade the database to this version. Returns the migrations applied. Raises StorageUnavailable."""
    database = open_database(settings, registry)
    try:
        return database.upgrade()
    except StorageUnavailable:
        raise
    except Exception as failure:
        raise StorageUnavailable(f"{shown_database(settings.database_url)}: {failure}") from failure


def shown_database(url: str) -> str:
    """Return the database's URL without its password."""
    parts = urlsplit(url)
    return (
        parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}").geturl()
        if parts.username
        else url
    )


def _where(settings: Settings) -> str:
    url = settings.listening_url
    console = f"  Console   {url}/\n" if settings.has_console else ""
    return (
        f"Tracker {__version__}\n{console}"
        f"  API       {url}/api/v1/event and {url}/api.php\n"
        f"  Reference {url}/api/docs\n"
        f"  Ready?    {url}/ready\n"
        f"  Database  {shown_database(settings.database_url)}\n"
    )


def _say_prepared(settings: Settings, prepare_stores: Callable[[Stores], str | None], say: Say) -> None:
    database = open_database(settings, Registry())
    try:
        prepared = prepare_stores(build_services(settings, database).stores)
    finally:
        database.close()
    if prepared is not None:
        say(prepared)
