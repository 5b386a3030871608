"""Which secondary indexes and which settings can the write path afford? (Q2)"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import apsw
import storage_rows as data

FILL = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
ROUNDS, GROUPS, TABLE = 5, 150, "plain_rowid"
INDEXES: dict[str, list[str]] = {
    "none": [],
    "visitor": [data.BY_VISITOR],
    "visitor+name": [data.BY_VISITOR, data.BY_NAME],
    "visitor_id,id": ["CREATE INDEX v ON events(visitor_id, id)"],
    "list,received": ["CREATE INDEX r ON events(list_id, event_at)"],
}
SETTINGS: dict[str, dict[str, int]] = {
    "page 4096, cache 2 MB": {"cache_size": -2_000},
    "page 4096, cache 64 MB": {"cache_size": -64_000},
    "page 4096, cache 256 MB": {"cache_size": -256_000},
    "page 8192, cache 64 MB": {"page_size": 8192, "cache_size": -64_000},
    "page 16384, cache 64 MB": {"page_size": 16384, "cache_size": -64_000},
    "checkpoint 4000 pages": {"cache_size": -64_000, "wal_autocheckpoint": 4000},
    "checkpoint 12000 pages": {"cache_size": -64_000, "wal_autocheckpoint": 12000},
    "checkpoint 4000, mmap 1 GB": {"cache_size": -64_000, "wal_autocheckpoint": 4000, "mmap_size": 1 << 30},
}
Opened = dict[str, tuple[apsw.Connection, Iterator[data.Row], Path]]


def alternate(opened: Opened, label: str) -> None:
    """Rows per second of every variant in turn, and the worst size of its WAL."""
    rates: dict[str, list[float]] = {name: [] for name in opened}
    wal: dict[str, int] = dict.fromkeys(opened, 0)
    for _ in range(ROUNDS):
        for name, (db, source, path) in opened.items():
            rates[name].append(GROUPS * data.GROUP / data.write_groups(db, source, GROUPS))
            wal[name] = max(wal[name], Path(f"{path}-wal").stat().st_size)
    for name, values in rates.items():
        print(
            f"{label:8} {name:28} {median(values):8.0f} rows/s [{min(values):.0f}..{max(values):.0f}] WAL {wal[name] / 1e6:.0f} MB",
            flush=True,
        )


def compare_indexes(folder: Path) -> None:
    opened: Opened = {}
    for name, sql in INDEXES.items():
        db = data.connect(folder / name, cache_size=-64_000)
        db.execute(";".join([data.TABLES[TABLE], *sql]))
        opened[name] = (db, data.rows(), folder / name)
    alternate(opened, "empty")
    for name, (db, source, path) in opened.items():
        data.fill(db, source, FILL)
        print(f"{name:28} {path.stat().st_size / 1e6:.0f} MB", flush=True)
    alternate(opened, str(FILL))


def compare_settings(folder: Path) -> None:
    """One full file per page size; the variants of a page size share a file in turn."""
    for page_size in (4096, 8192, 16384):
        db = data.connect(folder / str(page_size), page_size)
        db.execute(data.TABLES[TABLE] + ";" + data.BY_VISITOR)
        data.fill(db, data.rows(), FILL)
        print(f"page {page_size}: {(folder / str(page_size)).stat().st_size / 1e6:.0f} MB", flush=True)
        db.close()
    rates: dict[str, list[float]] = {name: [] for name in SETTINGS}
    wal_mb: dict[str, float] = {}
    sources = {size: data.rows(seed=2) for size in (4096, 8192, 16384)}
    for source in sources.values():  # on to the ids after those already there
        for _ in range(FILL):
            next(source)
    for _ in range(ROUNDS):
        for name, setting in SETTINGS.items():
            size = setting.get("page_size", 4096)
            path = folder / str(size)
            db = data.connect(path, **setting)
            data.write_groups(db, sources[size], 60)  # warm the page cache of this connection
            rates[name].append(GROUPS * data.GROUP / data.write_groups(db, sources[size], GROUPS))
            wal_mb[name] = max(wal_mb.get(name, 0), Path(f"{path}-wal").stat().st_size / 1e6)
            db.close()
    for name, values in rates.items():
        print(
            f"{name:28} {median(values):8.0f} rows/s [{min(values):.0f}..{max(values):.0f}] WAL {wal_mb[name]:.0f} MB",
            flush=True,
        )


def main() -> None:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        {"indexes": compare_indexes, "settings": compare_settings}[sys.argv[1]](Path(folder))
    print(f"{time.perf_counter() - started:.0f} s")


main()
