"""How does a test start and stop a ClickHouse? `clickhouse_double` in a process of its own, with databases of the tests."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.analytics.clickhouse_double import PASSWORD, USER
from tests.processes import make_folder, remove_folder, reserve_port, until
from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_errors import ClickHouseAway
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL

_databases = itertools.count(1)


class ClickHouseDouble:
    """One server on a port that stays its own, also while it is not there."""

    def __init__(self) -> None:
        self._holder = reserve_port()
        self.port = int(self._holder.getsockname()[1])
        self._folder = make_folder()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        program = Path(__file__).with_name("clickhouse_double.py")
        self._process = subprocess.Popen([sys.executable, str(program), str(self.port), str(self._folder)])
        client = ClickHouseClient(self.url("default"))
        until(lambda: self._answers(client), 60, "an answer of the server")
        client.close()

    def url(self, database: str, password: str = PASSWORD) -> ClickHouseURL:
        return ClickHouseURL("127.0.0.1", self.port, USER, password, database, has_tls=False)

    def text(self, url: ClickHouseURL) -> str:
        """The URL as it is set."""
        return (
            f"clickhouse://{url.user}:{url.password.replace(' ', '%20')}@{url.host}:{url.port}/{url.database}"
        )

    def new_database(self) -> ClickHouseURL:
        client = ClickHouseClient(self.url("default"))
        name = f"test_{next(_databases)}"
        client.write(f"CREATE DATABASE {name} ENGINE = Atomic")
        client.close()
        return self.url(name)

    def pause(self, *, is_paused: bool) -> None:
        """Have it answer nothing any more, or go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP if is_paused else signal.SIGCONT)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.pause(is_paused=False)
        self.kill()
        self._holder.close()
        remove_folder(self._folder)

    @staticmethod
    def _answers(client: ClickHouseClient) -> bool:
        try:
            return bool(client.rows("SELECT 1"))
        except ClickHouseAway:
            return False
