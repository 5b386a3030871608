"""What if one has to go back to a backup? After a crash, killed at any moment: what it had is there, whole, and serves."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from tests.cli.shell import Shell
from tests.faults.acked_events import Story
from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.schema.own_database import own_database

DRILLS, KILLS, ACKS = (
    run_length(short=1, long=10),
    run_length(short=1, long=6),
    run_length(short=100, long=400),
)
#: Events that came after the moment up to which the ledger is read may be in a backup: its copying took a while.
EXPECTED = {"phantom"}


def _killed(shell: Shell, rng: random.Random) -> bool:
    """Whether a restore was killed before its end, at any moment of it."""
    process = shell.start("db", "restore", "backup.db")
    try:
        process.communicate(timeout=rng.uniform(0.5, 3.0))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


def _backed_up(tracker: Harness, shell: Shell, seed: int) -> Story:
    """A server under load is backed up and then killed, some events later; what was said before the backup's start."""
    with Load(tracker, seed) as load:
        load.until_more(ACKS)
        story = Story.read((load.ledger, load.ledger.stat().st_size))
        shell.ok("db", "backup", str(tracker.folder / "backup.db"))
        load.until_more(ACKS)
        tracker.kill()
    return story


def _copied_over(tracker: Harness) -> None:
    """What was done before there was a command: it is refused."""
    path, aside = tracker.folder / "tracker.db", tracker.folder / "aside.db"
    path.rename(aside)
    shutil.copy(tracker.folder / "backup.db", path)
    with pytest.raises(IncompatibleDatabase, match="belongs to another file"):
        own_database(tracker.database_url).upgrade()
    aside.replace(path)


def _drill(seed: int, rng: random.Random) -> tuple[Story, int]:
    """One drill; how many of its restores were killed."""
    with Harness(planted=["small log"]) as tracker:
        shell = Shell(tracker.folder, TRACKER_DATABASE_URL=tracker.database_url)
        story = _backed_up(tracker, shell, seed)
        _copied_over(tracker)
        kills = 0
        for _ in range(KILLS):
            kills += _killed(shell, rng)
            own_database(
                tracker.database_url
            ).connect().close()  # the old one or the new one, and nothing between
        shell.ok("db", "restore", str(tracker.folder / "backup.db"))
        verdict = check(tracker.database_url, story)
        assert verdict.kinds <= EXPECTED, f"seed {SEED}\n{verdict}"
        tracker.start()
        with Load(tracker, seed + 500) as load:
            load.until_more(ACKS // 2)
            load.finish()
        tracker.stop()
        whole = check(tracker.database_url, Story.read((load.ledger, None)))
        assert whole.kinds <= EXPECTED, f"seed {SEED}\n{whole}"
        return story, kills


def test_going_back_to_a_backup_after_a_crash(report: Report) -> None:
    rng = random.Random(SEED)
    drills = [_drill(SEED * 1000 + number, rng) for number in range(DRILLS)]
    acknowledged = sum(story.acks for story, _ in drills)
    told = figures(drills[-1][0]) | {"acknowledged": acknowledged}
    kills = sum(kills for _, kills in drills)
    report(
        f"back to a backup after a crash ({DRILLS}), restores killed",
        faults=kills,
        **told,
        verdict="nothing wrong",
    )
    assert acknowledged >= ACKS * DRILLS // 2
