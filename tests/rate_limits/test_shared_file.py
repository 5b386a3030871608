"""Does the embedded store stay exact and usable with many keys, damage, and processes that die or stop in the middle?"""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import until
from tests.rate_limits.children import running
from tests.rate_limits.clock import Clock
from tracker.rate_limits import Decision, RateLimit, build_limiter, empty, shared_memory, slot_file

FIVE = RateLimit(5, 60)


def remaining(path: Path, who: str = "user 1") -> int:
    """What a process that has just started finds left of FIVE."""
    return build_limiter(None, path, 1).hit("event.track", who, FIVE, cost=0).remaining


def test_a_hundred_thousand_keys_are_told_apart(path: Path, clock: Clock) -> None:
    limiter = build_limiter(None, path, 1, now=clock)
    for who in range(100):
        limiter.hit("event.track", f"heavy {who}", FIVE, cost=5)
    for who in range(100_000):
        assert limiter.hit("user.login", f"address {who}", FIVE).is_allowed
    assert not any(limiter.hit("event.track", f"heavy {who}", FIVE).is_allowed for who in range(100))
    forgotten = sum(
        limiter.hit("user.login", f"address {who}", FIVE).remaining != 3 for who in range(100_000)
    )
    assert forgotten < 100


def test_a_full_set_forgets_its_idlest_key(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "SETS", 1)
    limiter = build_limiter(None, path, 1, now=clock)
    for cost in range(1, slot_file.WAYS + 1):
        limiter.hit("event.track", f"user {cost}", RateLimit(100, 60), cost)
    assert limiter.hit("event.track", "new", RateLimit(100, 60)).remaining == 99
    counts = [100 - limiter.hit("event.track", f"user {cost}", RateLimit(100, 60), 0).remaining
              for cost in range(1, slot_file.WAYS + 1)]  # fmt: skip
    assert counts == [0, *range(2, slot_file.WAYS + 1)]


def test_ended_windows_make_room_first(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "SETS", 1)
    limiter = build_limiter(None, path, 1, now=clock)
    limiter.hit("event.track", "heavy but over", RateLimit(100, 1), 100)
    for who in range(slot_file.WAYS - 1):
        limiter.hit("event.track", f"user {who}", FIVE)
    clock.at += 2
    limiter.hit("event.track", "new", FIVE)
    assert all(
        limiter.hit("event.track", f"user {who}", FIVE).remaining == 3 for who in range(slot_file.WAYS - 1)
    )


def test_emptying_forgets_all_and_leaves_one_file(path: Path) -> None:
    before = build_limiter(None, path, 1)
    before.hit("event.track", "user 1", FIVE)
    (path.parent / f"{path.name}.x{slot_file.UNFINISHED_SUFFIX}").write_bytes(b"left by a killed process")
    empty(path)
    assert remaining(path) == 5
    assert before.hit("event.track", "user 1", FIVE).remaining == 3
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "stale",
    [b"", b"\0", b"SQLite format 3\0" * 256, os.urandom(slot_file.FILE_BYTES), bytes(slot_file.FILE_BYTES)],
    ids=["empty", "short", "a database", "noise", "zeros"],
)
def test_a_file_of_another_format_is_replaced(path: Path, stale: bytes) -> None:
    path.write_bytes(stale)
    assert [build_limiter(None, path, 1).hit("event.track", "1", FIVE).remaining for _ in range(2)] == [4, 3]
    path.write_bytes(stale)
    empty(path)
    assert remaining(path) == 5


@pytest.mark.parametrize("noise", [lambda: random.Random(1).randbytes, lambda: lambda size: b"\xff" * size])
def test_noise_in_the_slots_neither_refuses_nor_forgets(
    path: Path, noise: Callable[[], Callable[[int], bytes]]
) -> None:
    empty(path)
    with path.open("r+b") as file:
        file.seek(slot_file.HEADER_BYTES)
        file.write(noise()(slot_file.FILE_BYTES - slot_file.HEADER_BYTES))
    limiter = build_limiter(None, path, 1)
    callers = [f"user {number}" for number in range(300)]
    for expected in ([True] * 5) + [False]:
        assert {limiter.hit("event.track", who, FIVE).is_allowed for who in callers} == {expected}


def _die_with_the_lock(path: Path) -> None:
    def die() -> float:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    # The clock is read with the lock held.
    build_limiter(None, path, 1, now=die).hit("event.track", "user 1", FIVE)


def test_a_process_killed_with_the_lock_leaves_it_free(path: Path) -> None:
    build_limiter(None, path, 1).hit("event.track", "user 1", FIVE)
    with running(_die_with_the_lock, path) as process:
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
    assert build_limiter(None, path, 1).hit("event.track", "user 1", FIVE).remaining == 3


class _DieBeforeStore:
    """Stands for the struct that stores a number: the process is killed before the n-th."""

    def __init__(self, left: int) -> None:
        self._left = left

    def pack_into(self, memory: bytearray, at: int, number: int) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        memory[at : at + 8] = number.to_bytes(8, "little")


def _die_before_store(path: Path, stores: int, cost: int, at: float) -> None:
    pytest.MonkeyPatch().setattr(shared_memory, "_NUMBER", _DieBeforeStore(stores))
    build_limiter(None, path, 1, now=Clock(at)).hit("event.track", "user 1", FIVE, cost)


@pytest.mark.parametrize("stores", range(4))
@pytest.mark.parametrize(
    ("earlier", "later", "left"),
    [(0, 0, {5, 3}), (2, 0, {3, 1}), (2, 61, {5, 3})],
    ids=["new", "open", "over"],
)
def test_a_process_killed_between_two_stores_leaves_a_right_count(
    path: Path, clock: Clock, stores: int, earlier: int, later: int, left: set[int]
) -> None:
    limiter = build_limiter(None, path, 1, now=clock)
    limiter.hit("event.track", "user 1", FIVE, earlier)
    clock.at += later
    with running(_die_before_store, path, stores, 2, clock.at) as process:
        process.join(10)
    assert limiter.hit("event.track", "user 1", FIVE, 0).remaining in left


def _cell(path: Path) -> mmap.mmap:
    """A number that outlives the process that counts in it."""
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 8)


def _number(cell: mmap.mmap) -> int:
    return int.from_bytes(cell[:], "little")


MANY = RateLimit(10**9, 3600)


def _is_of_the_file(hit: Decision) -> bool:
    """Whether the file has counted it: of two processes that count for themselves each applies half of a limit."""
    return hit.limit == MANY.hits


def _hit_until_killed(path: Path, cell_path: Path) -> None:
    limiter, answered = build_limiter(None, path, 2), _cell(cell_path)
    while (hit := limiter.hit("event.track", "user 1", MANY)).is_allowed:
        if _is_of_the_file(hit):
            answered[:] = (_number(answered) + 1).to_bytes(8, "little")


def test_kills_at_random_moments_lose_no_hit_that_was_answered(path: Path, tmp_path: Path) -> None:
    cell_path, kills = tmp_path / "answered", 15
    cell_path.write_bytes(bytes(8))
    answered = _cell(cell_path)
    for _ in range(kills):
        enough = _number(answered) + random.randrange(1, 500)
        with running(_hit_until_killed, path, cell_path):
            until(lambda enough=enough: _number(answered) >= enough)
    limiter = build_limiter(None, path, 2)

    def look() -> Decision | None:
        hit = limiter.hit("event.track", "user 1", MANY, 0)
        return hit if _is_of_the_file(hit) else None

    found = until(look)
    assert found is not None
    assert _number(answered) <= MANY.hits - found.remaining <= _number(answered) + kills


def _stop_with_the_lock(path: Path) -> None:
    def stop() -> float:
        os.kill(os.getpid(), signal.SIGSTOP)
        return 1_700_000_000.0

    build_limiter(None, path, 1, now=stop).hit("event.track", "user 1", FIVE)


def is_stopped(pid: int | None) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_process_stopped_with_the_lock_costs_others_a_quarter_second_once(path: Path, clock: Clock) -> None:
    limiter = build_limiter(None, path, 2, now=clock)
    with running(_stop_with_the_lock, path) as process:
        until(lambda: is_stopped(process.pid))
        began = time.monotonic()
        limits = [limiter.hit("event.track", "user 1", FIVE).limit for _ in range(50)]
        assert (set(limits), time.monotonic() - began < 0.6) == ({2}, True)
    until(lambda: limiter.hit("event.track", "user 1", FIVE, 0).limit == 5)


def test_a_file_that_cannot_be_made_leaves_a_share_until_it_can(path: Path) -> None:
    limiter = build_limiter(None, path / "limits", 2)
    path.write_text("a file where a folder is needed")
    assert [limiter.hit("event.track", "user 1", FIVE).is_allowed for _ in range(3)] == [True, True, False]
    path.unlink()
    until(lambda: limiter.hit("event.track", "user 1", FIVE, 0).limit == 5)
    assert limiter.hit("event.track", "user 1", FIVE).remaining == 4


def test_no_disk_space_is_needed_after_the_file_is_made(path: Path) -> None:
    empty(path)
    assert path.stat().st_blocks * 512 >= slot_file.FILE_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
