"""Setup of the reports process and of the builds that it starts: handed over on standard input, as it has passwords in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from tracker.storage.engine import Database
from tracker.storage.schema import own_database

#: The modules that are started.
SERVER, BUILDER = "tracker.analytics.process.serve_reports", "tracker.analytics.process.build_process"
#: The log of the process in the folder of the copies, and the bytes from which a start begins it anew.
LOG, MAX_LOG_BYTES = "log", 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReportsSetup:
    """What a process of reports needs of the settings."""

    database_url: str
    folder: str
    memory_mb: int
    is_weak_accepted: bool = False

    def open_database(self) -> Database:
        """Return the database; opens nothing."""
        return own_database(self.database_url, None, self.is_weak_accepted)

    @property
    def path(self) -> Path:
        return Path(self.folder)

    def start(self, module: str, log: IO[bytes], stdout: Any, **more: Any) -> subprocess.Popen[bytes]:
        """Start a module of this package in a session of its own, with this setup and `more` on its standard input."""
        # -P: a folder called tracker in the working directory, such as a checkout, is not the package.
        arguments = [sys.executable, "-P", "-m", module]
        process = subprocess.Popen(  # noqa: S603 - our own module
            arguments, stdin=subprocess.PIPE, stdout=stdout, stderr=log, start_new_session=True
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        with process.stdin as stdin:
            stdin.write(orjson.dumps({**asdict(self), **more}))
        return process


def read_setup() -> tuple[ReportsSetup, dict[str, Any]]:
    """Return the setup on standard input, and what else was handed over."""
    sent = orjson.loads(sys.stdin.buffer.read())
    own = {name: sent.pop(name) for name in ReportsSetup.__slots__}
    return ReportsSetup(**own), sent
