"""Can accounts, keys and lists be had from a shell, ready for use by scripts?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.cli.shell import Shell
from tracker.formats.credentials import key_prefix
from tracker.storage.accounts.api_keys import Keys
from tracker.storage.accounts.lists import Lists
from tracker.storage.accounts.passwords import is_password
from tracker.storage.accounts.users import Users
from tracker.storage.engine.database import Database
from tracker.storage.schema.own_database import own_database


def _now() -> int:
    return 0


@pytest.fixture
def database(shell: Shell) -> Iterator[Database]:
    opened = own_database(shell.settings["TRACKER_DATABASE_URL"])
    yield opened
    opened.close()


def test_a_user_is_added_with_a_password_from_standard_input(shell: Shell, database: Database) -> None:
    shell.ok("user", "add", "Jane@Example.com", "--password-stdin", typed="s e cret \nnot this\n")
    user, stored = Users(database, _now).with_hash("jane@example.com")
    assert user is not None
    assert is_password("s e cret ", stored)
    assert (user.permissions, user.is_admin) == ("*", False)


def test_an_administrator_is_added(shell: Shell, database: Database) -> None:
    shell.ok("user", "add", "--admin", "jane@example.com", "--password-stdin", typed="secret")
    user = Users(database, _now).find("jane@example.com")
    assert user is not None
    assert user.is_admin


@pytest.mark.parametrize("email", ["jane", "jane@localhost", "", "jane doe@example.com"])
def test_a_user_needs_an_address(shell: Shell, email: str) -> None:
    assert shell.fails("user", "add", email, "--password-stdin", typed="x\n").endswith(
        "is not an email address"
    )


def test_a_user_needs_a_password_and_an_address_of_their_own(shell: Shell, jane: str) -> None:
    assert shell.fails("user", "add", "john@example.com", "--password-stdin") == "the password is empty"
    taken = shell.fails("user", "add", jane.upper(), "--password-stdin", typed="x\n")
    assert taken == "there is a user jane@example.com already"


def test_of_several_at_once_one_gets_the_address(shell_on_each: Shell) -> None:
    started = [shell_on_each.start("user", "add", "jane@example.com", "--password-stdin") for _ in range(3)]
    said = [process.communicate("secret\n", timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 1, 1], said
    errors = [err for _, err in said if err.startswith("Error: ")]
    assert errors == ["Error: there is a user jane@example.com already\n"] * 2


def test_a_user_is_given_another_password(shell: Shell, jane: str, database: Database) -> None:
    said = shell.ok("user", "password", "Jane@Example.com", "--password-stdin", typed="n e w \nnot this\n")
    assert said == "Changed the password of jane@example.com\n"
    assert is_password("n e w ", Users(database, _now).with_hash(jane)[1])
    assert "user.password" in shell.ok("audit", jane)
    assert shell.fails("user", "password", jane, "--password-stdin") == "the password is empty"
    assert shell.fails("user", "password", "john@example.com") == "there is no user 'john@example.com'"


def test_a_key_is_printed_alone_and_works(shell: Shell, jane: str, database: Database) -> None:
    key = shell.ok("key", "add", jane, "--permission", "List.Get", "--permission", "Lists.Get")
    assert key_prefix(key.removesuffix("\n"))
    owner = Keys(database, _now).owner(key.strip())
    assert owner is not None
    assert owner.permissions == "List.Get,Lists.Get"


def test_a_key_without_permissions_and_one_with_all(shell: Shell, jane: str, database: Database) -> None:
    keys = Keys(database, _now)
    owners = [
        keys.owner(shell.ok("key", "add", jane, *given).strip()) for given in ([], ["--permission", "*"])
    ]
    assert [owner and owner.permissions for owner in owners] == ["", "*"]


def test_the_next_step_stands_beside_the_result(shell: Shell, jane: str) -> None:
    """On stderr: a script that reads the ListID gets nothing else."""
    user = shell.run("user", "add", "ann@example.com", "--password-stdin", typed="x y z\n")
    made = shell.run("list", "add", jane, "Shop")
    assert (user.stdout, user.stderr) == (
        "Added user ann@example.com\n",
        "Next: make a list with 'tracker list add ann@example.com NAME'\n",
    )
    assert made.stdout.strip().isdigit()
    assert made.stderr.startswith(f"Next: make a key with 'tracker key add {jane}'")


def test_a_permission_nothing_asks_for_is_noted_and_given(shell: Shell, jane: str) -> None:
    done = shell.run("key", "add", jane, "--permission", "Subscriber.Get")
    assert done.exit_code == 0
    assert key_prefix(done.stdout.strip())
    assert done.stderr == "Note: no command asks for the permission 'Subscriber.Get'\n"


@pytest.mark.parametrize("permission", ["", "A.B,C.D", "A B", "Ü.Get", "A\n"])
def test_what_is_no_name_of_a_permission(shell: Shell, jane: str, permission: str) -> None:
    assert "is not the name of a permission" in shell.fails("key", "add", jane, "--permission", permission)


def test_keys_are_listed_without_their_secrets_and_revoked(shell: Shell, jane: str) -> None:
    first, second = (
        shell.ok("key", "add", jane, *given).strip() for given in (["--permission", "List.Get"], [])
    )
    prefixes = [key.split("_")[1] for key in (first, second)]
    heads, *rows = shell.ok("key", "list", jane).splitlines()
    assert heads.split() == ["PREFIX", "CREATED", "STATE", "PERMISSIONS", "NAME"]
    assert [row.split()[0] for row in rows] == prefixes
    assert re.search(r"  active  List\.Get$", rows[0])
    assert first.split("_")[2] not in "".join(rows)
    shell.ok("key", "revoke", prefixes[0])
    _, revoked, active = shell.ok("key", "list", jane).splitlines()
    assert " revoked " in revoked
    assert " active " in active


def test_a_key_can_have_a_name(shell: Shell, jane: str) -> None:
    shell.ok("key", "add", jane, "--permission", "List.Get", "--name", "Réports")
    _, row = shell.ok("key", "list", jane).splitlines()
    assert row.endswith("  List.Get     Réports")
    assert shell.fails("key", "add", jane, "--name", "x" * 251).startswith("the name of a key is")


def test_an_administrators_key_is_given_without_a_note(shell: Shell, jane: str) -> None:
    done = shell.run("key", "add", jane, "--permission", "Administrator")
    assert (done.exit_code, done.stderr) == (0, "")


def _as_it_is(prefix: str) -> str:
    return prefix


@pytest.mark.parametrize("spelled", [_as_it_is, "trk_{}".format, "trk_{}_secret".format])
def test_a_key_is_revoked_by_whatever_shows_its_prefix(
    shell: Shell, jane: str, spelled: Callable[[str], str], database: Database
) -> None:
    key = shell.ok("key", "add", jane).strip()
    shell.ok("key", "revoke", spelled(key.split("_")[1]))
    assert Keys(database, _now).owner(key) is None


def test_an_unknown_prefix_is_told(shell: Shell) -> None:
    assert shell.fails("key", "revoke", "nothing1") == "there is no key with the prefix 'nothing1'"


def test_a_list_is_made_and_its_number_printed_alone(shell: Shell, jane: str, database: Database) -> None:
    number = shell.ok("list", "add", jane, "Wéb shop 🛒")
    assert re.fullmatch(r"[1-9][0-9]*\n", number)
    user = Users(database, _now).find(jane)
    assert user is not None
    found = Lists(database, _now).owned(user.id, int(number))
    assert found is not None
    assert found.name == "Wéb shop 🛒"


@pytest.mark.parametrize("name", ["", "  ", "x" * 251])
def test_a_list_needs_a_name(shell: Shell, jane: str, name: str) -> None:
    assert shell.fails("list", "add", jane, name).startswith("the name of a list is 1 to 250 characters")


@pytest.mark.parametrize("arguments", [("key", "add"), ("key", "list"), ("list", "add", "Shop")])
def test_an_unknown_user_is_told(shell: Shell, arguments: tuple[str, ...]) -> None:
    room, verb, *rest = arguments
    assert shell.fails(room, verb, "john@example.com", *rest) == "there is no user 'john@example.com'"
