"""Setup of the reports process and of the builds that it starts: handed over on standard input, as it has passwords in it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine import Database
from tracker.storage.schema import own_database

#: The modules that are started.
SERVER, BUILDER = "tracker.analytics.process.serve_reports", "tracker.analytics.process.build_process"
#: A shell starts what follows in the background, with the same standard input, and ends: nobody has to wait for the rest.
DETACHED = ("/bin/sh", "-c", 'exec 3<&0; "$0" "$@" <&3 3<&- &')
#: The file that a process of reports has locked as long as it lives.
LOCK = "lock"
#: The file that a gateway has locked, with others, as long as it serves the folder.
SERVED = "served"
#: The log of the process in the folder of the copies, and the bytes from which a start begins it anew.
LOG, MAX_LOG_BYTES = "log", 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReportsSetup:
    """What a process of reports needs of the settings."""

    database_url: str
    folder: str
    memory_mb: int
    is_weak_accepted: bool = False
    #: Where the copies lie, if it is not in the folder: a ClickHouse URL, with a password.
    reports_url: str = field(default="", repr=False)

    def open_database(self) -> Database:
        """Return the database; opens nothing."""
        return own_database(self.database_url, None, self.is_weak_accepted)

    @property
    def is_shared(self) -> bool:
        """Whether the copies lie where other instances have them, too."""
        return bool(self.reports_url)

    @property
    def digest(self) -> str:
        """What tells these settings from others, but for how the place of a file is spelled."""
        url = DatabaseURL.parse(self.database_url)
        database = str(url.path.resolve()) if url.kind == "sqlite" else self.database_url
        own = {**asdict(self), "folder": str(self.path.resolve()), "database_url": database}
        return hashlib.sha256(orjson.dumps(own)).hexdigest()

    @property
    def path(self) -> Path:
        return Path(self.folder)

    def start_server(self, log: IO[bytes], told: int, **more: Any) -> None:
        """Start the server as nobody's child. It writes to the descriptor `told` when it listens, and closes it when it ends."""
        process = self._start([*DETACHED, *_module(SERVER)], log, told, more)
        process.wait()

    def start_build(self, log: IO[bytes], list_id: int) -> subprocess.Popen[bytes]:
        """Start the build of a list's copy. It tells its progress on its standard output."""
        return self._start(_module(BUILDER), log, subprocess.PIPE, {"list_id": list_id})

    def _start(
        self, arguments: list[str], log: IO[bytes], stdout: int, more: Mapping[str, Any]
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, with this setup and `more` on its standard input."""
        process = subprocess.Popen(  # noqa: S603 - our own module
            arguments, stdin=subprocess.PIPE, stdout=stdout, stderr=log, start_new_session=True
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        with suppress(BrokenPipeError), process.stdin as stdin:  # it has ended already: its exit code says so
            stdin.write(orjson.dumps({**asdict(self), **more}))
        return process


def _module(name: str) -> list[str]:
    # -P: a folder called tracker in the working directory, such as a checkout, is not the package.
    return [sys.executable, "-P", "-m", name]


def read_setup() -> tuple[ReportsSetup, dict[str, Any]]:
    """Return the setup on standard input, and what else was handed over."""
    sent = orjson.loads(sys.stdin.buffer.read())
    own = {name: sent.pop(name) for name in ReportsSetup.__slots__}
    return ReportsSetup(**own), sent
