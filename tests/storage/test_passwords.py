"""Are passwords hashed expensively, a few at a time, while the process goes on with other work?"""

from __future__ import annotations

import time

import gevent
import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from tests.client import InProcess, Shop
from tracker.errors import StorageUnavailable
from tracker.storage.accounts.passwords import MAX_AT_ONCE, hash_password, is_password


@pytest.fixture(scope="module", autouse=True)
def cost_of_passwords() -> None:
    """As in service."""


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password("secret")


def test_the_hash_is_argon2id_with_19_mib(stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("secret") != stored


def test_only_the_password_fits(stored: str) -> None:
    assert is_password("secret", stored)
    for wrong in ("", "Secret", "secret ", "s\0ecret", "\ud800"):
        assert not is_password(wrong, stored)


def test_no_password_is_nobodys() -> None:
    assert not is_password("", None)
    assert not is_password("secret", None)


def test_other_work_goes_on_meanwhile(stored: str) -> None:
    turns = 0
    checking = gevent.spawn(is_password, "secret", stored)
    while not checking.dead:
        gevent.sleep(0)
        turns += 1
    assert checking.value
    assert turns > 10


def test_no_more_than_a_few_at_once(stored: str) -> None:
    checking = [gevent.spawn(is_password, "secret", stored) for _ in range(MAX_AT_ONCE)]
    gevent.sleep(0)
    with pytest.raises(StorageUnavailable):
        is_password("secret", stored, deadline=time.monotonic())
    gevent.joinall(checking)
    assert [each.value for each in checking] == [True] * MAX_AT_ONCE
    assert is_password("secret", stored, deadline=time.monotonic() + 5)


def test_a_login_of_nobody_costs_what_one_with_a_wrong_password_costs(
    client: InProcess, owner: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[Parameters] = []
    verify = PasswordHasher.verify

    def verified(hasher: PasswordHasher, stored: str, password: bytes) -> bool:
        costs.append(extract_parameters(stored))
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    for name in (owner.email, "john@example.com", "no address"):
        assert client.call("user.login", Username=name, Password="wrong").status == 422
    assert len(costs) == 3
    assert len(set(map(repr, costs))) == 1
