"""What is left by a restore that is killed? `python -m tests.storage.restoring FOLDER`: killed before each of its steps.

Steps are all calls that change names or files, as Python's audit hooks tell them. Each kill is a child's; what it leaves is
opened, then restored by a second call. Prints one line a kill: the step, and whose database was there.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import apsw

from tracker.storage.engine.log_stamp import refuse_foreign_log
from tracker.storage.recovery.restore import restore
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.migrations import Migrations

STEPS = {
    "os.rename",
    "os.remove",
    "os.link",
    "os.chmod",
    "os.chown",
    "open",
    "tempfile.mkstemp",
    "fcntl.lockf",
}
ALL = Migrations({"tracker": MIGRATIONS})


def put_back(folder: Path) -> None:
    restore(f"sqlite:///{folder}/tracker.db", folder / "backup.db", ALL, lambda *_: None)


def killed_before(step: int, folder: Path) -> str | None:
    """The step that a child was killed before; None if it came to its end."""
    at, told = 0, os.pipe()

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal at
        if (event in STEPS and str(folder) in str(arguments)) or event == "fcntl.lockf":
            at += 1
            if at == step:
                os.write(told[1], f"{event} {Path(str(arguments[0])).suffix}".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        sys.addaudithook(count)
        put_back(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.close(told[1])
    said = os.read(told[0], 100).decode()
    os.close(told[0])
    assert said or status == 0, status
    return said or None


def whose(folder: Path) -> str:
    """Which database is there, found whole and with no log of another's."""
    path = folder / "tracker.db"
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    refuse_foreign_log(connection, path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    [(name,)] = connection.execute("SELECT name FROM whose")
    connection.close()
    return str(name)


def main() -> None:
    template, folder = Path(sys.argv[1]), Path(sys.argv[1]) / "trial"
    for step in range(1, 200):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in template.iterdir():
            if path.is_file():
                shutil.copy(path, folder / path.name)
        name = killed_before(step, folder)
        sys.stdout.write(f"{name or 'end'} {whose(folder)}\n")
        if name is None:
            return
        put_back(folder)
        assert whose(folder) == "new"
        left = {path.name for path in folder.iterdir()}
        assert not [each for each in left if each.endswith((".restoring", "-wal", "-shm"))], left
        old = [each for each in left if ".before-" in each]
        assert any(_is_old(folder / each) for each in old), left


def _is_old(path: Path) -> bool:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    [(name,)] = connection.execute("SELECT name FROM whose")
    connection.close()
    return bool(name == "old")


if __name__ == "__main__":
    main()
