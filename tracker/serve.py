"""Start-up of `tracker serve`: checks settings and plugins, upgrades the database, prints the addresses, runs gunicorn."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tracker import __version__
from tracker.app import build_services, create_app, open_database
from tracker.config import Settings
from tracker.errors import StorageUnavailable
from tracker.plugins import load_commands
from tracker.registry import Registry
from tracker.services import Stores

Say = Callable[[str], object]
GUNICORN_SETTINGS = Path(__file__).with_name("gunicorn_conf.py")


def serve_forever(
    settings: Settings, say: Say, prepare_stores: Callable[[Stores], str | None] | None = None
) -> None:
    """Check, upgrade, print the addresses, and become gunicorn. Raises the fault that stops it; never returns.

    `prepare_stores` writes initial data, such as the demo account, and returns a text about it to print.
    """
    arguments = server_arguments()
    prepare(settings)
    say(_where(settings))
    if prepare_stores is not None:
        _say_prepared(settings, prepare_stores, say)
    sys.stdout.flush()
    os.execv(sys.executable, arguments)  # noqa: S606 - no shell is meant


def server_arguments() -> list[str]:
    """Return the command line that serves Tracker: gunicorn with this package's settings and application."""
    # -P: a folder called tracker in the working directory, such as a checkout, is not the package.
    return [sys.executable, "-P", "-m", "gunicorn", "-c", str(GUNICORN_SETTINGS), "tracker.wsgi:app"]


def prepare(settings: Settings) -> None:
    """Find faults of settings and plugins before workers do, and upgrade the database."""
    create_app(settings)  # opens nothing
    upgrade(settings, load_commands(settings.plugins_folder))


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
