"""Command context: the services on the database of the settings, and the user and list that a command names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.registry import Registry
from tracker.services import Services
from tracker.storage.accounts import User


@contextmanager
def open_services() -> Iterator[Services]:
    """Open the services on the database of the settings, and close them. Raises at once if the database is unusable."""
    settings = Settings.from_environ()
    database = open_database(settings, Registry())
    database.connect().close()
    services = build_services(settings, database)
    try:
        yield services
    finally:
        services.close()


def find_user(services: Services, email: str) -> User:
    """Return the user. Raises ClickException if there is none."""
    found = services.stores.users.find(email)
    if found is None:
        raise click.ClickException(f"there is no user '{email}'")
    return found


def check_own_list(services: Services, email: str, user_id: int, list_id: int) -> None:
    """Raise ClickException unless the list is the user's."""
    if services.stores.lists.owned(user_id, list_id) is None:
        raise click.ClickException(f"{email} has no list {list_id}")
