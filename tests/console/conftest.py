"""What do the tests of the console stand on? A served Tracker, two accounts, and somebody who has signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.visitor import Visitor
from tests.served import Account, StartTracker, Tracker

UNLIMITED = ",".join(
    f"{name}=100000/60" for name in ("user.login", "list.get", "lists.get", "apikeys.get", "list.update")
)


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker) -> Tracker:
    return start_tracker(settings={"TRACKER_LIMITS": UNLIMITED})


@pytest.fixture(scope="module")
def jane(tracker: Tracker) -> Account:
    return account(tracker, "jane@example.com", "Jane's shop")


@pytest.fixture(scope="module")
def john(tracker: Tracker) -> Account:
    return account(tracker, "john@example.com", "John's shop")


def account(tracker: Tracker, email: str, list_name: str) -> Account:
    """A user who may do everything, with a list and a key: quicker than three runs of the `tracker` script."""
    password = f"password of {email}"
    tracker.cli("user", "add", email, "--password-stdin", typed=password + "\n")
    session = tracker.call("user.login", Username=email, Password=password).json()["SessionID"]
    list_id = tracker.call("list.create", SessionID=session, SubscriberListName=list_name).json()["ListID"]
    key = tracker.call("apikey.create", SessionID=session, Permissions="*").json()["APIKey"]
    return Account(email, password, key, list_id)


@pytest.fixture
def stranger(tracker: Tracker) -> Visitor:
    """A browser in which nobody has signed in."""
    return Visitor(tracker)


@pytest.fixture
def enter(tracker: Tracker) -> Callable[[Account], Visitor]:
    """`enter(account)`: a browser in which that person has signed in."""
    return lambda account: Visitor(tracker).sign_in(account)
