"""Can a user be given another password, with which all that knew the old one is over?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.shell import Shell
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.registry import Registry
from tracker.services import Stores
from tracker.storage.passwords import is_password


@pytest.fixture
def stores(shell_on_each: Shell) -> Iterator[Stores]:
    settings = Settings.from_environ(shell_on_each.settings)
    services = build_services(settings, open_database(settings, Registry()))
    yield services.stores
    services.close()


def test_a_new_password_holds_and_ends_the_sessions_of_the_old_one(
    shell_on_each: Shell, stores: Stores
) -> None:
    jane, john = (stores.users.add(f"{name}@example.com", "secret") for name in ("jane", "john"))
    key = stores.keys.add(jane, "*")
    by_password, by_key, of_john = (
        stores.sessions.open(jane),
        stores.sessions.open(jane, stores.keys.owner(key).key_id),
        stores.sessions.open(john),
    )
    said = shell_on_each.ok("user", "password", "Jane@Example.com", "--password-stdin", typed="n e w \n")
    assert said == "Changed the password of jane@example.com\n"
    _, stored = stores.users.with_hash("jane@example.com")
    assert is_password("n e w ", stored)
    assert not is_password("secret", stored)
    assert is_password("secret", stores.users.with_hash("john@example.com")[1])
    assert stores.sessions.find(by_password) is None
    assert stores.sessions.find(by_key) is not None
    assert stores.sessions.find(of_john) is not None
    assert "user.password" in shell_on_each.ok("audit", "jane@example.com")


def test_nobody_and_an_empty_password_are_told(shell: Shell, jane: str) -> None:
    assert shell.fails("user", "password", "john@example.com") == "there is no user 'john@example.com'"
    assert shell.fails("user", "password", jane, "--password-stdin") == "the password is empty"
