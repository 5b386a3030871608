"""Which application do the tests of the house call?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.commands.api import Api, User


@pytest.fixture
def api(sqlite_url: str) -> Iterator[Api]:
    """Tracker on an empty database."""
    tracker = Api(sqlite_url)
    yield tracker
    tracker.close()


@pytest.fixture
def jane(api: Api) -> User:
    """An administrator who may do everything."""
    return api.add_user(is_admin=True)
