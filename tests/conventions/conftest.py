"""Which application do the tests of the house call?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.client import InProcess


@pytest.fixture
def client(sqlite_url: str, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker on an empty database."""
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        yield client
