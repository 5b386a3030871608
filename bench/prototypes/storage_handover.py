"""How should two processes hand the file's write lock to each other? (Q4)

`backlog`: each process always has 16 rows waiting and nothing else to do. `clients`: each has 16 clients who compute for about
0.3 ms (a request), hand in one row, and wait until it is committed."""

import fcntl
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import IO

import apsw
import gevent
import gevent.event
import storage_rows as data

SECONDS, ROUNDS, CLIENTS, FILL = float(os.environ.get("SECONDS", "1.5")), 3, 16, 300_000
Take = Callable[[apsw.Connection, IO[bytes]], None]
Release = Callable[[IO[bytes]], None]


def begin(db: apsw.Connection) -> bool:
    try:
        db.execute("BEGIN IMMEDIATE")
    except apsw.BusyError:
        return False
    return True


def poll_sqlite(pause: Callable[[], None]) -> Take:
    def take(db: apsw.Connection, _lock: IO[bytes]) -> None:
        while not begin(db):
            pause()

    return take


def poll_lock(pause: Callable[[], None]) -> Take:
    def take(db: apsw.Connection, lock: IO[bytes]) -> None:
        while True:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                pause()
        poll_sqlite(pause)(db, lock)

    return take


def wait_inline(db: apsw.Connection, lock: IO[bytes]) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX)
    poll_sqlite(yield_only)(db, lock)


def wait_sqlite(db: apsw.Connection, _lock: IO[bytes]) -> None:
    db.set_busy_timeout(5000)
    db.execute("BEGIN IMMEDIATE")


def wait_in_thread(db: apsw.Connection, lock: IO[bytes]) -> None:
    """A free lock is taken at once; only a wait goes to the thread."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        gevent.get_hub().threadpool.apply(fcntl.flock, (lock, fcntl.LOCK_EX))
    poll_sqlite(yield_only)(db, lock)


def yield_only() -> None:
    gevent.sleep(0)


def yield_and_nap() -> None:
    """Let the others run; if that took no time, stop the process itself for a moment."""
    start = time.perf_counter()
    gevent.sleep(0)
    if time.perf_counter() - start < 50e-6:
        time.sleep(50e-6)


def nap_at_most_4000_times(tries: int) -> bool:
    time.sleep(50e-6)
    return tries < 4000


def sleeping(seconds: float) -> Callable[[], None]:
    return lambda: gevent.sleep(seconds)


def release_flock(lock: IO[bytes]) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)


def release_lockf(lock: IO[bytes]) -> None:
    fcntl.lockf(lock, fcntl.LOCK_UN)


METHODS: dict[str, tuple[Take, Release | None]] = {
    "SQLite busy timeout": (wait_sqlite, None),
    "BEGIN, yield (0)": (poll_sqlite(yield_only), None),
    "BEGIN, yield + nap 0.05": (poll_sqlite(yield_and_nap), None),
    "BEGIN, sleep 0.2 ms": (poll_sqlite(sleeping(0.0002)), None),
    "BEGIN, sleep 0.5 ms": (poll_sqlite(sleeping(0.0005)), None),
    "BEGIN, sleep 1 ms": (poll_sqlite(sleeping(0.001)), None),
    "F_SETLK, yield (0)": (poll_lock(yield_only), release_lockf),
    "F_SETLK, yield + nap 0.05": (poll_lock(yield_and_nap), release_lockf),
    "F_SETLK, sleep 0.2 ms": (poll_lock(sleeping(0.0002)), release_lockf),
    "flock, wait inline": (wait_inline, release_flock),
    "flock, wait in a thread": (wait_in_thread, release_flock),
    "two-step: BEGIN, nap": (poll_sqlite(yield_and_nap), None),
    "two-step: F_SETLK, nap": (poll_lock(yield_and_nap), release_lockf),
    "two-step: flock inline": (wait_inline, release_flock),
    "two-step spaced: BEGIN, nap": (poll_sqlite(yield_and_nap), None),
    "restart only: BEGIN, nap": (poll_sqlite(yield_and_nap), None),
}
SOFT_PAGES, HARD_PAGES = 4000, 10_000


class Process:
    """One worker: its connection, its queue and its counts."""

    def __init__(self, folder: Path, number: int, method: str) -> None:
        self.db = data.connect(folder / "events", cache_size=-64_000, wal_autocheckpoint=4000)
        self.lock = (folder / "lock").open("wb")
        self.take, self.release = METHODS[method]
        self.row_source = data.rows(seed=number)
        self.next_id = time.time_ns() // 1000 << 10 | number
        self.queue: list[gevent.event.Event] = []
        self.taken: list[gevent.event.Event] = []
        self.arrived = gevent.event.Event()
        self.commits, self.rows, self.waits = 0, 0, [0.0]
        self.wal_path, self.wal_bytes, self.wal_pages, self.skipped = folder / "events-wal", 0, 0, 0
        self.checkpointed_at, self.method = 0, method
        if method.startswith(("two-step", "restart only")):
            self.db.execute("PRAGMA wal_autocheckpoint=0")
            self.db.set_wal_hook(self.see_wal)

    def make_rows(self, count: int) -> list[data.Row]:
        self.next_id += count << 10
        return [
            (row[0], self.next_id - (place << 10), *row[2:])
            for place, row in enumerate(next(self.row_source) for _ in range(count))
        ]

    def see_wal(self, db: apsw.Connection, schema: str, pages: int) -> int:
        self.wal_pages = pages
        return 0

    def checkpoint(self) -> None:
        """After the lock is given back: first without holding up the other writer, past the hard limit holding it up."""
        hard = SOFT_PAGES if self.method.startswith("restart only") else HARD_PAGES
        if self.wal_pages >= hard:
            self.restart_wal()
        elif self.wal_pages >= SOFT_PAGES and not self.is_spaced_out():
            self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self.checkpointed_at = self.wal_pages

    def is_spaced_out(self) -> bool:
        """Is the last checkpoint of this WAL too near?"""
        if self.wal_pages < self.checkpointed_at:
            self.checkpointed_at = 0  # the WAL began anew
        return "spaced" in self.method and self.wal_pages < self.checkpointed_at + SOFT_PAGES

    def restart_wal(self) -> None:
        """SQLite's own busy timeout naps up to 100 ms between tries and never catches a free moment."""
        self.db.set_busy_handler(nap_at_most_4000_times)
        try:
            self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
        finally:
            self.db.set_busy_handler(None)

    def commit(self, collect: Callable[[], list[data.Row]]) -> None:
        start = time.perf_counter()
        self.take(self.db, self.lock)
        self.waits.append(time.perf_counter() - start)
        rows = collect()
        self.db.executemany(data.INSERT, rows)
        self.db.execute("COMMIT")
        if self.release:
            self.release(self.lock)
        try:
            self.checkpoint()
        except apsw.BusyError:
            self.skipped += 1  # the other process is at it
        self.commits += 1
        if self.commits % 20 == 0:
            self.wal_bytes = max(self.wal_bytes, self.wal_path.stat().st_size)
        self.rows += len(rows)

    def backlog(self, until: float) -> None:
        while time.time() < until:
            self.commit(lambda: self.make_rows(CLIENTS))
            gevent.sleep(0)

    def clients(self, until: float) -> None:
        for _ in range(CLIENTS):
            gevent.spawn(self.client)
        while time.time() < until:
            self.arrived.wait(timeout=0.1)
            self.commit(self.collect)
            for done in self.taken:
                done.set()
            gevent.sleep(0)

    def collect(self) -> list[data.Row]:
        """All that waits, taken only once the lock is held."""
        self.taken, self.queue = self.queue, []
        self.arrived.clear()
        return self.make_rows(len(self.taken))

    def client(self) -> None:
        while True:
            for _ in range(60):
                json.loads(
                    json.dumps(
                        {
                            "Command": "event.track",
                            "Event": "order",
                            "Properties": {"price": 1.5, "tags": ["a", "b"]},
                        }
                    )
                )
            done = gevent.event.Event()
            self.queue.append(done)
            self.arrived.set()
            done.wait()
            gevent.sleep(0)


def run(
    folder: Path,
    number: int,
    method: str,
    mode: str,
    begin_at: float,
    answers: "multiprocessing.Queue[tuple[float, ...]]",
) -> None:
    worker = Process(folder, number, method)
    time.sleep(max(0, begin_at - time.time()))
    start, cpu = time.perf_counter(), time.process_time()
    getattr(worker, mode)(time.time() + SECONDS)
    worker.db.set_busy_timeout(5000)
    worker.db.close(force=True)  # the last to close removes the WAL, so that its size is this run's own
    took = time.perf_counter() - start
    waits = sorted(worker.waits)
    answers.put(
        (
            worker.commits / took,
            worker.rows / took,
            (time.process_time() - cpu) / took,
            waits[int(len(waits) * 0.99)] * 1e3,
            worker.wal_bytes / 1e6,
        )
    )


def busy_cpu_seconds() -> float:
    """What all processes of the machine have used since it started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return (sum(map(int, fields[:8])) - int(fields[3]) - int(fields[4])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, method: str, mode: str) -> tuple[float, ...]:
    """Commits a second, rows a second, cores burnt, the worst p99 wait, the smaller process's share,
    the cores that others used meanwhile, and the WAL's size."""
    spawn = multiprocessing.get_context("spawn")  # a forked child would share its parent's event loop
    answers = spawn.Queue()
    begin_at = time.time() + 0.6  # both have started by then
    workers = [
        spawn.Process(target=run, args=(folder, number, method, mode, begin_at, answers)) for number in (1, 2)
    ]
    for worker in workers:
        worker.start()
    time.sleep(max(0, begin_at - time.time()))
    busy, start = busy_cpu_seconds(), time.perf_counter()
    one, two = answers.get(timeout=20), answers.get(timeout=20)
    others = (busy_cpu_seconds() - busy) / (time.perf_counter() - start) - one[2] - two[2]
    for worker in workers:
        worker.join()
    return (
        one[0] + two[0],
        one[1] + two[1],
        one[2] + two[2],
        max(one[3], two[3]),
        min(one[1], two[1]) / (one[1] + two[1]),
        others,
        one[4],
    )


def main() -> None:
    modes = sys.argv[1:2] or ["backlog", "clients"]
    chosen = [method for method in METHODS if not sys.argv[2:] or method in sys.argv[2:]]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        db = data.connect(folder / "events")
        db.execute(data.TABLES["plain_rowid"] + ";" + data.BY_VISITOR)
        data.fill(db, data.rows(), FILL)
        db.close()
        for mode in modes:
            results: dict[str, list[tuple[float, ...]]] = {method: [] for method in chosen}
            for _ in range(ROUNDS):
                for method in random.sample(chosen, len(chosen)):
                    results[method].append(measure(folder, method, mode))
            for method, values in results.items():
                quiet = [value for value in values if value[5] < 0.3] or values
                commits, rows, cpu, wait, share, others, wal = (
                    median(column) for column in zip(*quiet, strict=True)
                )
                print(
                    f"{mode} {method:26} {commits:6.0f} commits/s {rows:7.0f} rows/s {cpu:.2f} cores, p99 wait {wait:6.1f} ms, smaller share {share:.2f}, others {others:.2f}, WAL {wal:.0f} MB, runs {len(quiet)}",
                    flush=True,
                )


if __name__ == "__main__":
    start = time.perf_counter()
    gevent.sleep(0.0002)
    print(f"gevent.sleep(0.0002) takes {(time.perf_counter() - start) * 1e3:.2f} ms, pid {os.getpid()}")
    main()
