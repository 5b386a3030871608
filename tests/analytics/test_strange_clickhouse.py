"""Is a server told of that is no ClickHouse, or drips, and is everything as before when it is well again?"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.analytics.asking import Reporting, is_gone
from tests.analytics.strange_server import REFUSES, StrangeServer, answer
from tests.ingest.real import Real
from tests.processes import until
from tracker.analytics.process.report_socket import short_path

pytestmark = pytest.mark.processes
#: What takes a quarter of an hour, a byte at a time.
DRIPPING = answer(b"1" * 20_000)


@pytest.fixture
def strange() -> Iterator[StrangeServer]:
    made = StrangeServer()
    yield made
    made.close()


@pytest.fixture
def reports(filed: Real, strange: StrangeServer, tmp_path: Path) -> Iterator[Reporting]:
    """Reports whose copies were to lie there; their process runs, and is ended after the test."""
    made = Reporting(filed.services.settings.database_url, tmp_path / "reports", reports_url=strange.url)
    made.client.request({"figures": True})
    yield made
    made.kill()


def told(reports: Reporting, seconds: float = 30.0) -> str:
    """The words with which a question is refused."""
    reply = reports.ask(1, seconds)
    assert reply["error"] == "unavailable", reply
    return str(reply["detail"])


def test_an_answer_that_drips_takes_the_time_of_its_question_and_no_other(
    reports: Reporting, strange: StrangeServer
) -> None:
    pid = reports.pid
    strange.said, strange.is_dripping = DRIPPING, True
    until(lambda: told(reports, 2.0) == "ClickHouse did not answer in time", 60, "the end of the question")
    strange.said, strange.is_dripping = REFUSES, False
    assert "refuses the user" in told(reports)
    assert reports.pid == pid


def test_a_process_that_waits_for_an_answer_that_drips_ends_when_it_is_told_to(
    reports: Reporting, strange: StrangeServer
) -> None:
    pid = reports.pid
    strange.said, strange.is_dripping = DRIPPING, True
    with short_path(reports.folder) as path, socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        asking.sendall(b'{"check": 1, "seconds": 600}\n')
        until(lambda: strange.asked, 30, "a statement")
        os.kill(pid, signal.SIGTERM)
        until(lambda: is_gone(pid), 30, "the end of the process")
