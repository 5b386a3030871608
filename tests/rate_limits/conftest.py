"""Which stores do the limits' tests run on?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rate_limits.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the embedded store puts its file; nothing is there yet."""
    return tmp_path / "tracker.db-limits"


@pytest.fixture(params=["embedded", "redis"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Runs a test once for each store an instance can have."""
    return None if request.param == "embedded" else str(request.getfixturevalue("redis_server").url)
