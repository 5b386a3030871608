"""Which real servers do the tests talk to, and how? Databases here, Tracker in `tests/served.py`."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql
import redis

from tests.processes import Program, find_program, make_folder, remove_folder, reserve_port, until
from tests.warm_start import WarmStart

#: Takes a kind, "sqlite" or "mariadb", and gives the URL of a fresh, empty database.
NewDatabase = Callable[[str], str]


class Server:
    """A server program with a temporary folder and a port that stay its own over restarts.

    In a `with` block it runs; after it, it does not and its folder is gone.
    """

    #: A few are enough where nothing else runs; with ten others on two cores a MariaDB has taken 22.
    ready_seconds = 90.0

    def __init__(self) -> None:
        self.folder = make_folder()
        self._reserved = reserve_port()
        self.port: int = self._reserved.getsockname()[1]
        self.program: Program | None = None

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def origin(self) -> WarmStart | None:
        """What has loaded its modules, if anything has."""
        return None

    def launch(self) -> Program:
        """Start it."""
        assert "TESTS_WITHOUT_SERVERS" not in os.environ, (
            "tests/needs.py does not see that this test starts a server"
        )
        assert self.program is None, "it is running"
        log = self.folder / "log"
        self.program = Program(self.arguments(), log, self.environment(), self.folder, self.origin())
        return self.program

    def start(self) -> Self:
        """Start it and wait until it answers."""
        program = self.launch()
        until(
            lambda: program.exit_code is not None or self.is_ready(), self.ready_seconds, self.arguments()[0]
        )
        assert program.exit_code is None, f"{self.arguments()[0]} ended while starting:\n{program.printed()}"
        return self

    @property
    def running(self) -> Program:
        assert self.program is not None, "it is not running"
        return self.program

    def stop(self) -> int:
        """End it with SIGTERM and give the exit code; it may be started again."""
        program, self.program = self.running, None
        return program.stop()

    def kill(self) -> None:
        """End it and its children with SIGKILL; it may be started again."""
        program, self.program = self.running, None
        program.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open and are never answered."""
        self.running.send_all(signal.SIGSTOP)

    def resume(self) -> None:
        self.running.send_all(signal.SIGCONT)

    def logs(self) -> str:
        """All it has printed, earlier starts included; nothing before its first start and after its end."""
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def close(self) -> None:
        """End it, if it runs, and give back its port and its folder."""
        if self.program is not None:
            self.kill()
        self._reserved.close()
        remove_folder(self.folder)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@functools.cache
def _installed(*user: str) -> Path:
    """An empty data folder, which is made once for all servers of this process."""
    folder = make_folder()
    atexit.register(remove_folder, folder)
    command = [find_program("mariadb-install-db", "mariadb-server"), "--no-defaults"]
    command += ["--auth-root-authentication-method=normal", f"--datadir={folder / 'data'}", *user]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "data"


class MariaDB(Server):
    """A MariaDB with an empty data folder and a root without password. `options` are added to its command line."""

    host = "127.0.0.1"

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self._numbers = itertools.count(1)
        self._user = ["--user=root"] if os.geteuid() == 0 else []
        self.install()

    def install(self) -> None:
        """Make the files of an empty server."""
        subprocess.run(["cp", "-a", _installed(*self._user), self.folder / "data"], check=True)

    def arguments(self) -> list[str]:
        return [
            find_program("mariadbd", "mariadb-server"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 's'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            *self._user,
            *self.options,
        ]

    def is_ready(self) -> bool:
        try:
            self.connect().close()
        except pymysql.OperationalError:
            return False
        return True

    def connect(self, database: str | None = None) -> pymysql.Connection[Any]:
        """A connection of the test's own, in autocommit mode."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,  # else all certificates of the system are read first
        )

    def execute(self, statement: str, *values: object) -> tuple[tuple[Any, ...], ...]:
        """Run one statement as root and give its rows."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return tuple(cursor.fetchall())

    def new_database(self, charset: str = "utf8mb4") -> str:
        """The URL of a fresh, empty database."""
        name = f"tracker_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET {charset}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"mysql://root:@{self.host}:{self.port}/{name}"


class Redis(Server):
    """A Redis without persistence."""

    def arguments(self) -> list[str]:
        program = find_program("redis-server", "redis-server")
        return [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def is_ready(self) -> bool:
        try:
            return self._send("PING") is True
        except redis.ConnectionError:
            return False

    def flush(self) -> None:
        """Forget all keys."""
        self._send("FLUSHALL")

    def _send(self, command: str) -> object:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            return client.execute_command(command)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
