"""Is guessing passwords slowed down, over all workers, without locking the owner out and without telling anything?"""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest

from tests.client import InProcess, NewClient, Reply, Shop
from tests.served import StartTracker, make_account
from tracker.auth.failed_tries import AT_ACCOUNT, AT_ACCOUNT_FROM_PLACE, FROM_PLACE, place_of
from tracker.formats.credentials import new_key
from tracker.storage.accounts.known_networks import KEPT_MS

RATE = {"TRACKER_LIMITS": "user.login=1000000/60"}
_numbers = itertools.count(1)
#: Tries at an account that is stopped: on a busy machine the quickest of three took twice what it takes.
STOPPED = 15
_addresses = (f"198.51.{high}.{low}" for high in range(100) for low in range(1, 255))


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    return new_client(RATE)


@pytest.fixture
def owner(client: InProcess) -> Shop:
    return client.open_shop(f"login{next(_numbers)}@example.com")


@pytest.fixture
def address() -> str:
    """One that no other test calls from."""
    return next(_addresses)


def log_in(client: InProcess, username: str, password: str, address: str) -> Reply:
    params = {"Command": "user.login", "Username": username, "Password": password}
    return client.request("POST", "/api.php", json=params, address=address)


def statuses(client: InProcess, username: str, addresses: list[str]) -> list[int]:
    """Of one wrong login from each address."""
    return [log_in(client, username, "wrong", address).status for address in addresses]


def strangers(count: int) -> list[str]:
    return [next(_addresses) for _ in range(count)]


def test_an_address_may_fail_ten_times_at_an_account(client: InProcess, owner: Shop, address: str) -> None:
    most = AT_ACCOUNT_FROM_PLACE.hits
    assert statuses(client, owner.email, [address] * (most + 1)) == [422] * most + [429]
    stopped = log_in(client, owner.email, owner.password, address)
    assert stopped.status == 429
    assert stopped.body == {"Errors": [{"Code": 429, "Message": "Rate limit exceeded: try again later"}]}
    assert 1 <= int(stopped.headers["Retry-After"]) <= AT_ACCOUNT_FROM_PLACE.seconds
    assert log_in(client, owner.email, owner.password, next(_addresses)).status == 200


def test_an_address_may_fail_fifty_times_at_all_accounts(
    client: InProcess, owner: Shop, address: str
) -> None:
    known = next(_addresses)
    users = [f"nobody{next(_numbers)}@example.com" for _ in range(FROM_PLACE.hits + 1)]
    replies = [log_in(client, user, "wrong", address).status for user in users]
    assert replies == [422] * FROM_PLACE.hits + [429]
    assert log_in(client, owner.email, owner.password, address).status == 429
    assert log_in(client, owner.email, owner.password, known).status == 200


def test_strangers_stop_strangers_and_not_the_owner(client: InProcess, owner: Shop, address: str) -> None:
    assert log_in(client, owner.email, owner.password, address).status == 200
    most = AT_ACCOUNT.hits
    assert statuses(client, owner.email, strangers(most + 5)) == [422] * most + [429] * 5
    assert log_in(client, owner.email, owner.password, next(_addresses)).status == 429
    assert log_in(client, owner.email, owner.password, address).status == 200
    assert log_in(client, owner.email, "mistyped", address).status == 422
    assert log_in(client, owner.email, owner.password, address).status == 200


def test_strangers_at_the_owners_address_stop_themselves(
    client: InProcess, owner: Shop, address: str
) -> None:
    """A place that has spent its failures elsewhere is still good for the account it is known at."""
    assert log_in(client, owner.email, owner.password, address).status == 200
    for _ in range(FROM_PLACE.hits):
        log_in(client, f"nobody{next(_numbers)}@example.com", "wrong", address)
    assert log_in(client, "nobody@example.com", "wrong", address).status == 429
    assert log_in(client, owner.email, owner.password, address).status == 200


def test_a_known_address_has_its_own_ten(client: InProcess, owner: Shop, address: str) -> None:
    assert log_in(client, owner.email, owner.password, address).status == 200
    most = AT_ACCOUNT_FROM_PLACE.hits
    assert statuses(client, owner.email, [address] * (most + 1)) == [422] * most + [429]


def test_right_logins_are_not_counted(client: InProcess, owner: Shop, address: str) -> None:
    times = AT_ACCOUNT_FROM_PLACE.hits + 5
    assert {log_in(client, owner.email, owner.password, address).status for _ in range(times)} == {200}
    assert log_in(client, owner.email, "wrong", address).status == 422


def test_a_key_is_no_guess(client: InProcess, owner: Shop, address: str) -> None:
    assert 429 in statuses(client, owner.email, [address] * (AT_ACCOUNT_FROM_PLACE.hits + 1))
    params = {"Command": "user.login", "APIKey": owner.key}
    assert client.request("POST", "/api.php", json=params, address=address).status == 200


def with_key(client: InProcess, key: str, address: str) -> Reply:
    params = {"Command": "user.login", "APIKey": key}
    return client.request("POST", "/api.php", json=params, address=address)


def test_keys_that_are_none_are_counted_by_network(client: InProcess, owner: Shop) -> None:
    """Their checksum is no secret: whoever makes them up is stopped, and fills no log; a good key still opens."""
    network = f"2001:db8:{next(_numbers):x}"
    addresses = [f"{network}::{number:x}" for number in range(1, FROM_PLACE.hits + 6)]
    failed = "SELECT COUNT(*) FROM audit_log WHERE action = ?"
    [(before,)] = client.rows(failed, b"user.login.failed")
    statuses = [with_key(client, new_key().text, address).status for address in addresses]
    assert statuses == [422] * FROM_PLACE.hits + [429] * 5
    assert with_key(client, owner.key, addresses[0]).status == 200
    assert with_key(client, new_key().text, f"2001:db8:ffff:{next(_numbers):x}::1").status == 422
    [(after,)] = client.rows(failed, b"user.login.failed")
    assert 2 <= after - before <= 4, "one of each network, and one of each minute that has begun"


def test_the_log_tells_of_one_failure_of_a_place_at_an_account(
    client: InProcess, owner: Shop, address: str
) -> None:
    failed = "SELECT COUNT(*) FROM audit_log WHERE action = ? AND user_id = ?"
    [(before,)] = client.rows(failed, b"user.login.failed", owner.user_id)
    statuses(client, owner.email, [address] * 5)
    [(after,)] = client.rows(failed, b"user.login.failed", owner.user_id)
    assert 1 <= after - before <= 2
    statuses(client, owner.email, strangers(3))
    [(more,)] = client.rows(failed, b"user.login.failed", owner.user_id)
    assert more - after == 3, "others are told of by themselves"


@pytest.mark.parametrize("spelled", [str, str.upper, "  {} ".format])
def test_spellings_of_an_account_are_one(
    client: InProcess, owner: Shop, address: str, spelled: type[str]
) -> None:
    assert 429 in statuses(client, owner.email, [address] * (AT_ACCOUNT_FROM_PLACE.hits + 1))
    assert statuses(client, spelled(owner.email), [address]) == [429]


def test_an_account_that_does_not_exist_is_answered_like_one_that_does(
    client: InProcess, owner: Shop
) -> None:
    """Same bytes before and after it is stopped, at the same number of tries, and neither sooner nor later."""
    missing = f"missing{next(_numbers)}@example.com"
    places = {name: strangers(AT_ACCOUNT.hits + STOPPED) for name in (owner.email, missing)}
    replies: dict[str, list[tuple[int, bytes]]] = {owner.email: [], missing: []}
    seconds: dict[str, list[float]] = {owner.email: [], missing: []}
    for number in range(AT_ACCOUNT.hits + STOPPED):
        for name in (owner.email, missing):
            started = perf_counter()
            reply = log_in(client, name, "wrong", places[name][number])
            seconds[name].append(perf_counter() - started)
            replies[name].append((reply.status, reply.raw))
    assert replies[owner.email] == replies[missing]
    assert {status for status, _ in replies[missing]} == {422, 429}
    for status in (422, 429):  # the quickest of each: what holds up a busy machine only ever adds to it
        theirs, nobodys = (
            min(took for took, (told, _) in zip(seconds[name], replies[name], strict=True) if told == status)
            for name in (owner.email, missing)
        )
        assert 0.5 < theirs / nobodys < 2


def test_places_are_kept_as_hashes_and_forgotten(client: InProcess, owner: Shop, address: str) -> None:
    assert log_in(client, owner.email, owner.password, address).status == 200
    assert log_in(client, owner.email, owner.password, address).status == 200
    rows = "SELECT network_hash, last_at FROM known_networks WHERE user_id = ?"
    [(network_hash, last_at)] = client.rows(rows, owner.user_id)
    assert len(network_hash) == 32
    assert address.encode() not in network_hash
    client.services.storage.write(
        lambda transaction: transaction.execute(
            "UPDATE known_networks SET last_at = ? WHERE user_id = ?",
            (last_at - KEPT_MS - 60_000, owner.user_id),
        )
    )
    assert log_in(client, owner.email, owner.password, next(_addresses)).status == 200
    [(other, _)] = client.rows(rows, owner.user_id)
    assert bytes(other) != bytes(network_hash)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_is_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_failures_are_counted_over_all_workers(start_tracker: StartTracker) -> None:
    """In memory that they share, whatever the database."""
    tracker = start_tracker(workers=3, settings=RATE)
    account = make_account(tracker, "served@example.com")
    wrong = {"Username": account.email, "Password": "wrong"}
    with ThreadPoolExecutor(8) as callers:
        calls = [callers.submit(tracker.call, "user.login", **wrong) for _ in range(60)]
        answered = Counter(call.result().status for call in calls)
    # A few are under way in each worker when the last one that is allowed is counted.
    most = AT_ACCOUNT_FROM_PLACE.hits
    assert answered.keys() == {422, 429}
    assert most <= answered[422] <= most + 3 * 2
    assert tracker.call("user.login", Username=account.email, Password=account.password).status == 429
