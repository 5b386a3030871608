"""Which layout of the events table is fast to write, small, and fast to read? (Q1)"""

import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import apsw
import storage_rows as data

FILL = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
LARGE_EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 0
ROUNDS, GROUPS = 5, 150


def time_reads(db: apsw.Connection, sql: str, binds: list[tuple[int, ...]]) -> float:
    """Median microseconds of one query."""
    took = []
    for bind in binds:
        start = time.perf_counter()
        db.execute(sql, bind).fetchall()
        took.append(time.perf_counter() - start)
    return median(took) * 1e6


def read_speeds(db: apsw.Connection) -> tuple[float, float]:
    rng = random.Random(7)
    visitors = [rng.randrange(data.VISITORS) for _ in range(1000)]
    by_list = time_reads(db, data.NEWEST_OF_LIST, [(v % data.LISTS,) for v in visitors])
    return by_list, time_reads(db, data.NEWEST_OF_VISITOR, [(v % data.LISTS, v) for v in visitors])


def alternate(opened: dict[str, tuple[apsw.Connection, object]]) -> dict[str, list[float]]:
    """Rows per second of every variant, `ROUNDS` times in turn."""
    rates: dict[str, list[float]] = {name: [] for name in opened}
    for _ in range(ROUNDS):
        for name, (db, source) in opened.items():
            rates[name].append(GROUPS * data.GROUP / data.write_groups(db, source, GROUPS))
    return rates


def show(label: str, rates: dict[str, list[float]]) -> None:
    for name, values in rates.items():
        print(
            f"{label} {name:24} {median(values):9.0f} rows/s  [{min(values):.0f}..{max(values):.0f}]",
            flush=True,
        )


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        opened = {}
        for name, sql in data.TABLES.items():
            db = data.connect(Path(folder, name), cache_size=-64_000)
            db.execute(sql + ";" + data.visitor_index(name))
            opened[name] = (db, data.rows(large_every=LARGE_EVERY))
        show("empty", alternate(opened))
        for name, (db, source) in opened.items():
            start = time.perf_counter()
            data.fill(db, source, FILL)
            print(
                f"filled {name} in {time.perf_counter() - start:.1f} s, {Path(folder, name).stat().st_size / 1e6:.0f} MB",
                flush=True,
            )
        show(f"{FILL}", alternate(opened))
        for name, (db, _) in opened.items():
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            print(f"reads {name:24} list %.0f us, visitor %.0f us" % read_speeds(db), flush=True)


main()
