"""The Health page: what does not work stands there with what to do, for administrators alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.client import InProcess
from tests.console.made_up_console import Console
from tests.console.visitor import signed_in


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder: Path = tmp_path_factory.mktemp("health")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Console(client)


def test_an_administrator_sees_what_to_do(console: Console) -> None:
    client = console.client
    page = signed_in(client, client.open_shop("health@example.com", is_admin=True))("GET", "/console/health")
    assert page.status == 200
    assert "No nightly backups are made" in page.text
    assert "Set TRACKER_BACKUP_FOLDER to a folder on another disk." in page.text
    assert re.search(r'class="dot warn" role="img" aria-label="look at this"', page.text)


def test_nobody_else_does(console: Console) -> None:
    page = signed_in(console.client, console.user)("GET", "/console/health")
    assert page.status == 403
    assert "backups" not in page.text
