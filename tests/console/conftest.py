"""What do the tests of the console stand on? A served Tracker, two accounts, and somebody who has signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.visitor import Visitor
from tests.served import Account, StartTracker, Tracker, make_account

UNLIMITED = ",".join(
    f"{name}=100000/60" for name in ("user.login", "list.get", "lists.get", "apikeys.get", "list.update")
)


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker) -> Tracker:
    return start_tracker(settings={"TRACKER_LIMITS": UNLIMITED})


@pytest.fixture(scope="module")
def jane(tracker: Tracker) -> Account:
    return make_account(tracker, "jane@example.com", "*", list_name="Jane's shop")


@pytest.fixture(scope="module")
def john(tracker: Tracker) -> Account:
    return make_account(tracker, "john@example.com", "*", list_name="John's shop")


@pytest.fixture
def stranger(tracker: Tracker) -> Visitor:
    """A browser in which nobody has signed in."""
    return Visitor(tracker)


@pytest.fixture
def enter(tracker: Tracker) -> Callable[[Account], Visitor]:
    """`enter(account)`: a browser in which that person has signed in."""
    return lambda account: Visitor(tracker).sign_in(account)
