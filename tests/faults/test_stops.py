"""What if the disk is full, or Tracker is told to stop? What was accepted is answered, what was answered is there."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import pytest

from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.processes import until
from tests.served import Tracker

FULL_DISKS, STOPS = run_length(short=1, long=8), run_length(short=1, long=10)
IN_FLIGHT = 32
DISK_BYTES = 32 * 1024 * 1024
Fill = Callable[[Harness], None]


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own, if this may be mounted here."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _fill(folder: Path) -> None:
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(65536)) > 0:
            pass


def _limit_files(tracker: Tracker, most: int) -> None:
    for worker in tracker.running.children():
        _, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (most, hard))


@contextmanager
def _full_disk(tracker: Tracker, folder: Path, is_mounted: bool) -> Iterator[None]:
    """No file of the database can grow any more: the disk is full, or the processes may not write more."""
    sizes = [path.stat().st_size for path in folder.glob("tracker.db*")]
    if is_mounted:
        _fill(folder)
    else:
        _limit_files(tracker, max(sizes) + 4096)
    yield
    if is_mounted:
        (folder / "filler").unlink()
    else:
        _limit_files(tracker, resource.RLIM_INFINITY)


@pytest.mark.parametrize("is_mounting", [True, False])
def test_a_full_disk_is_told_and_left_behind(report: Report, tmp_path: Path, is_mounting: bool) -> None:
    folder = tmp_path / "disk"
    with _small_disk(folder) if is_mounting else _plain(folder) as is_mounted:
        url = f"sqlite:///{folder / 'tracker.db'}"
        with Harness(url, planted=["small log"]) as tracker, Load(tracker, SEED, folder=tmp_path) as load:
            for _ in range(FULL_DISKS):
                load.until_more(100)
                with _full_disk(tracker, folder, is_mounted):
                    load.until_said("certain")
            load.until_more(100)
            story = load.finish()
            tracker.stop()
            verdict = check(url, story)
    assert ("certain", 100012) in {said for sent in story.events.values() for said in sent.outcomes}
    how = "file system" if is_mounted else "largest file (RLIMIT_FSIZE)"
    report(f"disk full: {how}", faults=FULL_DISKS, **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"


@contextmanager
def _plain(folder: Path) -> Iterator[bool]:
    folder.mkdir()
    yield False


def test_a_stop_answers_what_it_has_accepted(report: Report) -> None:
    answered = 0
    for _ in range(STOPS):
        with Harness() as tracker:
            statuses = _stop_in_flight(tracker)
            answered += statuses.count(200)
            assert statuses == [200] * IN_FLIGHT
            assert _stored(tracker) == IN_FLIGHT
    report("SIGTERM with 32 requests in flight", faults=STOPS, acknowledged=answered, verdict="all answered")


def test_a_stop_that_does_not_wait_is_seen(report: Report) -> None:
    """The control: a server that ends at once leaves requests without an answer."""
    with Harness(options=["--graceful-timeout", "0"]) as tracker:
        statuses = _stop_in_flight(tracker)
    assert 0 in statuses
    report(
        "no graceful stop",
        of="mutation",
        met="SIGTERM",
        found=f"{statuses.count(0)} requests without an answer",
    )


def _stop_in_flight(tracker: Harness) -> list[int]:
    """SIGTERM while another process holds the database's write lock; the status of each request, 0 for no answer."""
    holder = apsw.Connection(str(tracker.folder / "tracker.db"))
    holder.execute("BEGIN IMMEDIATE")
    clients = [_sent(tracker, number) for number in range(IN_FLIGHT)]
    program = tracker.running
    stopping = threading.Thread(target=tracker.stop)
    stopping.start()
    until(lambda: program.exit_code is not None or not _is_listening(tracker), 10, "the end of listening")
    holder.execute("ROLLBACK")
    statuses = [_status(client) for client in clients]
    stopping.join(20)
    holder.close()
    return statuses


def _sent(tracker: Harness, number: int) -> socket.socket:
    body = json.dumps({"Event": "stop", "EventID": f"stop-{number}", "Properties": {"n": number}}).encode()
    head = f"POST /api/v1/event HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tracker.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    client = socket.create_connection(("127.0.0.1", tracker.port), timeout=15)
    client.sendall(head.encode() + body)
    return client


def _status(client: socket.socket) -> int:
    with client, suppress(OSError):
        first = client.makefile("rb").readline().split()
        return int(first[1]) if first else 0
    return 0


def _is_listening(tracker: Tracker) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", tracker.port)) == 0


def _stored(tracker: Tracker) -> int:
    connection = apsw.Connection(str(tracker.folder / "tracker.db"))
    [(count,)] = connection.execute("SELECT COUNT(*) FROM events")
    connection.close()
    return int(count)
