"""`tracker health`: the state is the exit code, and the next step is told."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.shell import Shell


def test_the_worst_state_is_the_exit_code(shell: Shell, tmp_path: Path) -> None:
    done = shell.run("health")
    assert done.exit_code == 1
    assert "Backup: Set TRACKER_BACKUP_FOLDER to a folder on another disk." in done.stdout
    shell.settings["TRACKER_BACKUP_FOLDER"] = str(tmp_path / "backups")
    assert shell.run("health").exit_code == 2, "there is no backup"
    shell.ok("db", "backup")
    told = json.loads(shell.run("health", "--json").stdout)
    assert {each["Check"]: each["State"] for each in told["Checks"]}["Backup"] == "ok"
    assert told["State"] in ("ok", "warn", "bad")  # of the machine's disk


def test_a_database_that_cannot_be_opened_is_bad(shell: Shell) -> None:
    shell.settings["TRACKER_DATABASE_URL"] = f"sqlite:///{shell.folder}/none.db"
    done = shell.run("health")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")


def _state(shell: Shell, name: str) -> tuple[str, str]:
    """The state and the text of a check."""
    [found] = [
        each for each in json.loads(shell.run("health", "--json").stdout)["Checks"] if each["Check"] == name
    ]
    return found["State"], found["Detail"]


def test_old_backups_and_full_disks_are_told(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    shell.settings["TRACKER_BACKUP_FOLDER"] = str(folder)
    shell.ok("db", "backup")
    [made] = folder.iterdir()
    old = made.rename(folder / "tracker-20260101-030000.db")
    state, detail = _state(shell, "Backup")
    assert (state, detail[-8:]) in {
        ("bad", " missing"),
        ("warn", "Z is due"),
    }  # warn: between 03:00 and 04:00
    old.rename(made)
    _leave(monkeypatch, 1_000_000)
    state, detail = _state(shell, "Backup")
    assert state == "bad"
    assert "The next one has no room: " in detail
    assert _state(shell, "Disk")[0] == "bad"
    _leave(monkeypatch, 2**40 // 20)
    assert (_state(shell, "Backup")[0], _state(shell, "Disk")[0]) == ("ok", "warn")


def _leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Have so many bytes free of a disk of a terabyte."""
    usage = SimpleNamespace(total=2**40, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)


def test_a_log_that_something_holds_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _state(shell, "Log")[0] == "ok"
    monkeypatch.setattr("tracker.api.health_checks.LONG_LOG_BYTES", -1)
    assert _state(shell, "Log")[0] == "warn"


def test_a_redis_that_is_away_is_told(shell: Shell) -> None:
    shell.settings["TRACKER_RATELIMIT_URL"] = "redis://127.0.0.1:1"
    state, detail = _state(shell, "RateLimits")
    assert state == "bad"
    assert detail.startswith("TRACKER_RATELIMIT_URL cannot be reached")
