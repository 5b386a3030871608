"""Does a slot go on where its last worker ended, whenever that was, and is each file read as what it is?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.metrics import MetricsFile, MetricsRecorder
from tracker.metrics.metrics_file import ENTRIES, MAGIC, NAME_BYTES, PROCESS, SCRATCH, SEEN_AT, USED
from tracker.metrics.totals import SILENT_MS, totals_of

CODES = {"event.track": {4, 5}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "tracker.metrics"


def recorder(path: Path, file: MetricsFile, number: int = 0) -> MetricsRecorder:
    """A worker that counts in a slot."""
    made = MetricsRecorder(path, CODES)
    made.serve(file, file.slot(number))
    return made


def test_a_successor_goes_on_and_all_workers_are_summed(path: Path) -> None:
    file = MetricsFile.make(path, 2)
    recorder(path, file).tracked(3, 1)
    file.slot(0).leave()
    recorder(path, file).tracked(4, 0)
    other = recorder(path, file, 1)
    other.tracked(10, 0)
    totals = other.totals()
    assert (totals.counters["stored"], totals.counters["repeated"], totals.counters["starts"]) == (17, 1, 3)
    assert (len(totals.workers), totals.asked) == (2, 2)
    assert MetricsRecorder(path, {}).seen() == totals, "a program beside it"


def test_a_worker_that_was_killed_in_the_midst_of_a_new_counter_leaves_no_other(path: Path) -> None:
    file = MetricsFile.make(path, 1)
    recorder(path, file)
    slot = file.slot(0)
    before, used = slot.counters(), slot.words[USED]
    slot.add_entry("half of a na")
    slot.words[USED] = used
    assert recorder(path, file).totals().counters == {**before, "starts": 2}
    assert slot.add_entry("whole") != SCRATCH
    assert slot.counters()["whole"] == 0


def test_what_has_no_room_is_counted_nowhere(path: Path) -> None:
    slot = MetricsFile.make(path, 1).slot(0)
    assert slot.add_entry("n" * (NAME_BYTES + 1)) == SCRATCH
    assert slot.add_entry("n" * NAME_BYTES) != SCRATCH
    slot.words[USED] = ENTRIES
    assert slot.add_entry("one more") == SCRATCH
    assert len(slot.counters()) <= ENTRIES


def test_a_place_is_given_once_and_again_after_its_worker(path: Path) -> None:
    file = MetricsFile.make(path, 1)
    taken: set[int] = set()
    while (slot := file.free_slot(taken)) is not None:
        taken.add(slot.number)
    assert len(taken) >= 4, "a reload has the old workers and the new ones"
    again = file.free_slot(taken - {2})
    assert again is not None
    assert again.number == 2
    lost = MetricsRecorder(path, CODES)
    lost.serve(file, None)
    lost.tracked(1, 0)  # and goes on


@pytest.mark.parametrize("seen", [SILENT_MS, -1])
def test_who_gives_no_sign_of_life_is_gone(path: Path, seen: int) -> None:
    """Nor does a sign from before the machine's restart count, which may be of a later time."""
    file = MetricsFile.make(path, 1)
    alive = recorder(path, file)
    words = file.slot(0).words
    assert len(totals_of(file).workers) == 1
    words[SEEN_AT] -= SILENT_MS if seen > 0 else -SILENT_MS
    assert totals_of(file).workers == []
    alive.beat()
    words[PROCESS] = 0
    assert totals_of(file).workers == []


def test_an_instance_removes_its_own_file_alone(path: Path) -> None:
    old, new = MetricsFile.make(path, 1), MetricsFile.make(path, 1)
    old.remove()
    assert path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    new.remove()
    assert not path.exists()
    new.remove()
    assert MetricsFile.read(path) is None
    assert [each.name for each in path.parent.iterdir()] == []


@pytest.mark.parametrize("content", [b"", b"x" * 5000, MAGIC, MAGIC + bytes(8192), b"tracker-metrics0" * 900])
def test_another_file_is_not_read(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "tracker.metrics"
    other.write_bytes(content)
    assert MetricsFile.read(other) is None


def test_without_room_for_a_file_the_workers_still_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    file = MetricsFile.make(tmp_path / "tracker.metrics", 2)
    recorder(tmp_path, file, 1).tracked(1, 0)
    assert (totals_of(file).counters["stored"], totals_of(file).asked) == (1, 2)
    assert list(tmp_path.iterdir()) == []
