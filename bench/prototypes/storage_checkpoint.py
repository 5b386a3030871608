"""What does the visitor index cost once checkpoints are rarer, or visitors come in visits? (Q2)

Longer runs than storage_indexes.py, so that every variant pays for whole checkpoints. `visits`: nine events of ten come from the
2,000 visitors who came last, as on a real site; `uniform`: every event from any of 100,000 visitors."""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import storage_rows as data

FILL = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS, GROUPS = 3, 500
VARIANTS: dict[str, dict[str, int]] = {
    "auto 1000": {"wal_autocheckpoint": 1000},
    "auto 4000": {"wal_autocheckpoint": 4000},
    "auto 8000": {"wal_autocheckpoint": 8000},
    "auto 12000": {"wal_autocheckpoint": 12000},
    "thread 4000": {"wal_autocheckpoint": 0},
}


def in_visits(source: Iterator[data.Row]) -> Iterator[data.Row]:
    """The same rows, told of visitors who stay for a while."""
    rng, recent, newest = random.Random(5), 2_000, 20_000
    for row in source:
        newest += rng.random() < 0.1
        visitor = newest - int(rng.random() * recent) if rng.random() < 0.9 else int(rng.random() * newest)
        yield (visitor % data.LISTS, row[1], visitor, *row[3:])


class Checkpointer(threading.Thread):
    """A second connection that moves the WAL's pages home while the writer goes on."""

    def __init__(self, path: Path, wal_pages: int) -> None:
        super().__init__(daemon=True)
        self.path, self.limit_bytes, self.is_done = path, wal_pages * 4096, False

    def run(self) -> None:
        db = data.connect(self.path)
        db.set_busy_timeout(100)
        wal = Path(f"{self.path}-wal")
        while not self.is_done:
            time.sleep(0.005)
            if wal.exists() and wal.stat().st_size > self.limit_bytes:
                mode = "RESTART" if wal.stat().st_size > 8 * self.limit_bytes else "PASSIVE"
                db.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        db.close()


def write(
    path: Path, setting: dict[str, int], source: Iterator[data.Row]
) -> tuple[float, float, float, float]:
    """Rows a second, CPU seconds a wall second, WAL megabytes, slowest commit in ms."""
    db = data.connect(path, cache_size=-64_000, **setting)
    db.set_busy_timeout(1000)  # a RESTART checkpoint holds the write lock for a moment
    helper = Checkpointer(path, 4000)
    if not setting["wal_autocheckpoint"]:
        helper.start()
    slowest, took, cpu, start = 0.0, 0.0, time.process_time(), time.perf_counter()
    for _ in range(GROUPS):
        one = data.write_groups(db, source, 1)
        took += one
        slowest = max(slowest, one)
    cpu = (time.process_time() - cpu) / (time.perf_counter() - start)
    size = Path(f"{path}-wal").stat().st_size / 1e6
    helper.is_done = True
    if helper.is_alive():
        helper.join()
    db.close()
    return GROUPS * data.GROUP / took, cpu, size, slowest * 1000


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for shape in ("uniform", "visits"):
            path = Path(folder, shape)
            db = data.connect(path)
            db.execute(data.TABLES["plain_rowid"] + ";" + data.BY_VISITOR)
            source: Iterator[data.Row] = data.rows() if shape == "uniform" else in_visits(data.rows())
            data.fill(db, source, FILL)
            db.close()
            results: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in VARIANTS}
            for _ in range(ROUNDS):
                for name, setting in VARIANTS.items():
                    results[name].append(write(path, setting, source))
            for name, values in results.items():
                rate, cpu, size, slowest = (median(column) for column in zip(*values, strict=True))
                print(
                    f"{shape:8} {name:12} {rate:7.0f} rows/s, {cpu:.2f} cores, WAL {size:.0f} MB, slowest commit {slowest:.0f} ms",
                    flush=True,
                )


main()
