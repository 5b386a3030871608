"""What do the tests of the console stand on? One served Tracker for all of them, and people of each module's own."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.somebody import somebody
from tests.console.visitor import Visitor
from tests.served import Account, Tracker, make_account

UNLIMITED = ",".join(
    f"{name}=100000/60"
    for name in (
        "user.login",
        "user.create",
        "alert.create",
        "alert.delete",
        "alert.test",
        "annotation.create",
        "apikey.create",
        "goal.create",
        "savedreport.create",
        "schedule.create",
        "segment.create",
        "share.create",
        "trigger.create",
        "goal.delete",
        "savedreport.delete",
        "schedule.delete",
        "segment.delete",
        "share.revoke",
        "trigger.delete",
        "list.get",
        "lists.get",
        "setup.check",
        "rejections.get",
        "apikeys.get",
        "list.update",
        "subscribers.get",
        "website_events.catalogue",
    )
)
#: Of a plugin, so that there is a tile that a page can show.
TILES = Path(__file__).parents[1] / "plugins" / "examples" / "tiles.py"
ADMIN = "admin@example.com"
PASSWORD = f"password of {ADMIN}"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    settings = {
        "TRACKER_LIMITS": UNLIMITED,
        "TRACKER_PLUGINS_FOLDER": str(tmp_path_factory.mktemp("plugins")),
    }
    shutil.copy(TILES, settings["TRACKER_PLUGINS_FOLDER"])
    with Tracker(settings=settings) as served:
        make_account(served, ADMIN, is_admin=True)
        yield served


@pytest.fixture(scope="module")
def jane(tracker: Tracker) -> Account:
    return account(tracker, f"jane{next(_numbers)}@example.com", "Jane's shop")


@pytest.fixture(scope="module")
def john(tracker: Tracker) -> Account:
    return account(tracker, f"john{next(_numbers)}@example.com", "John's shop")


def account(tracker: Tracker, email: str, list_name: str) -> Account:
    """A user who may do everything, with a list and a key; quicker than three runs of the `tracker` script."""
    password = f"password of {email}"
    admin = tracker.call("user.login", Username=ADMIN, Password=PASSWORD).body["SessionID"]
    made = tracker.call(
        "user.create", SessionID=admin, EmailAddress=email, Password=password, Permissions="*"
    )
    assert made.status == 200, made.text
    session = tracker.call("user.login", Username=email, Password=password).body["SessionID"]
    list_id = tracker.call("list.create", SessionID=session, SubscriberListName=list_name).body["ListID"]
    key = tracker.call("apikey.create", SessionID=session, Permissions="*").body["APIKey"]
    return Account(email, password, key, list_id)


@pytest.fixture
def fresh(tracker: Tracker, jane: Account) -> Account:
    """Jane with an empty list."""
    made = tracker.call("list.create", jane.key, SubscriberListName="Fresh").body["ListID"]
    return Account(jane.email, jane.password, jane.key, made)


@pytest.fixture(scope="module")
def janes(tracker: Tracker, jane: Account) -> dict[str, Any]:
    """Somebody on Jane's list, as the parts of paths."""
    return somebody(tracker, jane)


@pytest.fixture(scope="module")
def johns(tracker: Tracker, john: Account) -> dict[str, Any]:
    return somebody(tracker, john)


@pytest.fixture
def stranger(tracker: Tracker) -> Visitor:
    """A browser in which nobody has signed in."""
    return Visitor(tracker)


@pytest.fixture
def enter(tracker: Tracker) -> Callable[[Account], Visitor]:
    """`enter(account)`: a browser in which that person has signed in."""
    return lambda account: Visitor(tracker).sign_in(account)
