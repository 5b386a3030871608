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
from tests.cli.shell import Shell
from tests.ingest.real import Real
from tests.processes import until
from tracker.analytics.process.report_socket import short_path

pytestmark = pytest.mark.processes
#: What takes a quarter of an hour, a byte at a time.
DRIPPING = answer(b"1" * 20_000)
OURS = "X-ClickHouse-Summary: {}\r\n"
FOREIGN = (
    answer(bytes(range(256)) * 4),
    answer(b"<html>\x1b[31mIt works!\r\n</html>"),
    answer(b""),
    answer(b"1"),
    answer(bytes(range(256)) * 4, OURS),
    answer(b"1", OURS),
    answer(b'["version()"]\n["String"]\n[7]\n', OURS),
    answer(b'["version()"]\n["String"]\n7\n', OURS),
    b"SSH-2.0-OpenSSH_9.2\r\n",
)
NO_DATABASE = b"HTTP/1.1 404 Not Found\r\nX-ClickHouse-Exception-Code: 81\r\nContent-Length: 2\r\n\r\nno"


@pytest.fixture
def strange() -> Iterator[StrangeServer]:
    made = StrangeServer()
    yield made
    made.close()


@pytest.fixture
def reports(filed: Real, strange: StrangeServer) -> Iterator[Reporting]:
    """Reports whose copies were to lie there; their process runs, and is ended after the test."""
    settings = filed.services.settings
    made = Reporting(settings.database_url, settings.reports_folder, reports_url=strange.url)
    made.client.request({"figures": True})
    yield made
    made.kill()


@pytest.fixture
def shell(sqlite_url: str, strange: StrangeServer, tmp_path: Path) -> Shell:
    """The command line, with the same settings."""
    return Shell(tmp_path, TRACKER_DATABASE_URL=sqlite_url, TRACKER_REPORTS_URL=strange.url)


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


def test_what_is_no_clickhouse_is_told_in_its_own_printable_words(
    reports: Reporting, strange: StrangeServer, shell: Shell
) -> None:
    pid = reports.pid
    for said in FOREIGN:
        strange.said = said
        detail = told(reports)
        assert "names what is no ClickHouse: it answers" in detail, said
        assert detail.isprintable(), said
        assert len(detail) < 200, said
    strange.said = FOREIGN[1]
    assert "it answers 'HTTP status 200: <html> [31mIt works! </html>'" in told(reports)
    assert "\x1b" not in (reports.folder / "log").read_text()
    assert "Reports are not answered: TRACKER_REPORTS_URL names what is no ClickHouse" in health(shell)
    strange.said, strange.is_dripping = DRIPPING, True
    until(lambda: "ClickHouse did not answer in time" in health(shell), 60, "the words of Health")
    assert reports.pid == pid


def health(shell: Shell) -> str:
    return " ".join(shell.run("health").stdout.split())


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        (REFUSES, "ClickHouse refuses the user"),
        (NO_DATABASE, "ClickHouse has no database reports: create it"),
        (FOREIGN[1], "names what is no ClickHouse"),
        (b"", "ClickHouse cannot be reached at 127.0.0.1:"),
    ],
    ids=["user", "database", "foreign", "away"],
)
def test_a_start_warns_of_a_server_that_does_not_answer_in_one_line(
    strange: StrangeServer, shell: Shell, said: bytes, warned: str
) -> None:
    strange.said = said
    if not said:
        strange.close()
    done = shell.run("db", "upgrade")
    assert done.exit_code == 0
    [line] = done.stderr.splitlines()
    assert line.startswith("Warning: ")
    assert warned in line
    assert line.endswith(": reports are not answered until that, or TRACKER_REPORTS_URL, is changed")
    assert "secret" not in line
