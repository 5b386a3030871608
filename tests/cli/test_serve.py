"""Does `tracker serve` check, upgrade, serve, and give a newcomer lines that work when pasted?"""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.processes import reserve_port, until


@pytest.fixture
def bare(tmp_path: Path, sqlite_url: str) -> Iterator[Shell]:
    """A shell without a database, and with a port of its own."""
    with reserve_port() as holder:
        port = str(holder.getsockname()[1])
        yield Shell(tmp_path, TRACKER_DATABASE_URL=sqlite_url, PORT=port, WEB_CONCURRENCY="1")


class Served:
    """A running `tracker serve`."""

    def __init__(self, shell: Shell, process: subprocess.Popen[str], log: Path) -> None:
        self.shell, self.process, self.log = shell, process, log
        self.url = f"http://127.0.0.1:{shell.settings['PORT']}"

    def printed(self) -> str:
        return self.log.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.printed()
        try:
            with urllib.request.urlopen(self.url + "/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # it may listen and have no processor yet
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def serving(shell: Shell, *options: str) -> Iterator[Served]:
    log = shell.folder / "printed"
    with log.open("w") as file:
        process = shell.start("serve", *options, out=file.fileno())
    served = Served(shell, process, log)
    try:
        until(served.is_ready, 30, "tracker serve")
        yield served
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_demo_lines_work_when_pasted_and_are_printed_once(bare: Shell) -> None:
    with serving(bare, "--demo") as served:
        first, second = [line for line in served.printed().splitlines() if line.startswith("curl ")]
        tracked, listed = (
            json.loads(subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout)
            for line in (first, second)
        )
        assert tracked["status"] == "success"
        assert listed["Properties"]["page_view"] == ["$page_title", "plan"]
        assert served.stop() == 0
    words = dict(line.split(maxsplit=1) for line in served.printed().splitlines() if line.startswith("  "))
    with serving(bare, "--demo") as again:
        assert "curl" not in again.printed()
        assert "Password" not in again.printed()
        assert again.url in again.printed()
        login = {"Username": words["Username"], "Password": words["Password"]}
        request = urllib.request.Request(again.url + "/api/v1/user.login", json.dumps(login).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert json.load(answer)["Success"] is True
        assert again.stop() == 0


def test_serving_makes_no_account_by_itself_and_says_where_things_are(bare: Shell) -> None:
    with serving(bare) as served:
        printed = served.printed()
        assert f"{served.url}/api/v1/event" in printed
        assert f"Console   {served.url}/\n" in printed
        assert bare.settings["TRACKER_DATABASE_URL"] in printed
        assert "demo" not in printed
        assert served.stop() == 0
    assert "there is no user" in bare.fails("key", "list", "demo@example.com")


def test_a_folder_called_tracker_in_the_working_directory_is_not_the_package(bare: Shell) -> None:
    (bare.folder / "tracker").mkdir()
    with serving(bare) as served:
        assert served.stop() == 0
