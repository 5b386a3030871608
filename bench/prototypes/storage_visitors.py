"""Which layout of the visitors table finds and makes a visitor fastest? (Q3)"""

import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import storage_rows as data

FILL = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS, GROUPS, LOOK_UPS = 5, 100, 3000
COLUMNS = "uuid BLOB NOT NULL, segment INTEGER NOT NULL, subscriber_id INTEGER, created_at INTEGER NOT NULL"
TABLES = {
    "PK(list,uuid) WITHOUT ROWID": f"CREATE TABLE visitors(list_id INTEGER NOT NULL, id INTEGER NOT NULL, {COLUMNS}, PRIMARY KEY(list_id, uuid)) WITHOUT ROWID",
    "the same + UNIQUE(list,id)": f"CREATE TABLE visitors(list_id INTEGER NOT NULL, id INTEGER NOT NULL, {COLUMNS}, PRIMARY KEY(list_id, uuid)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX visitors_id ON visitors(list_id, id)",
    "PK(list,id) + UNIQUE(list,uuid)": f"CREATE TABLE visitors(list_id INTEGER NOT NULL, id INTEGER NOT NULL, {COLUMNS}, PRIMARY KEY(list_id, id), UNIQUE(list_id, uuid))",
    "PK(list,id) W/O ROWID + UNIQUE": f"CREATE TABLE visitors(list_id INTEGER NOT NULL, id INTEGER NOT NULL, {COLUMNS}, PRIMARY KEY(list_id, id), UNIQUE(list_id, uuid)) WITHOUT ROWID",
    "id INTEGER PK + UNIQUE(list,uuid)": f"CREATE TABLE visitors(list_id INTEGER NOT NULL, id INTEGER PRIMARY KEY, {COLUMNS}, UNIQUE(list_id, uuid))",
}
INSERT = "INSERT INTO visitors(list_id, id, uuid, segment, subscriber_id, created_at) VALUES(?,?,?,0,NULL,?)"
FIND = "SELECT id, segment, subscriber_id FROM visitors WHERE list_id=? AND uuid=?"
Key = tuple[int, bytes]


class Table:
    """One layout, filling up."""

    def __init__(self, path: Path, sql: str) -> None:
        self.db, self.path, self.rng, self.count = (
            data.connect(path, cache_size=-64_000, wal_autocheckpoint=4000),
            path,
            random.Random(3),
            0,
        )
        self.db.execute(sql)
        self.known: list[Key] = []

    def new(self) -> tuple[int, int, bytes, int]:
        self.count += 1
        key = (self.rng.randrange(data.LISTS), self.rng.randbytes(16))
        if self.count % 100 == 0:
            self.known.append(key)
        return key[0], 1_700_000_000_000 + self.count << 20, key[1], 1_700_000_000_000

    def fill(self, count: int) -> None:
        self.db.execute("PRAGMA cache_size=-1000000")
        with self.db:
            self.db.executemany(INSERT, (self.new() for _ in range(count)))
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.execute("PRAGMA cache_size=-64000")

    def find(self) -> float:
        keys = self.rng.choices(self.known, k=LOOK_UPS)
        start = time.perf_counter()
        for key in keys:
            self.db.execute(FIND, key).fetchall()
        return (time.perf_counter() - start) / LOOK_UPS * 1e6

    def insert(self) -> float:
        groups = [[self.new() for _ in range(data.GROUP)] for _ in range(GROUPS)]
        start = time.perf_counter()
        for group in groups:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.executemany(INSERT, group)
            self.db.execute("COMMIT")
        return (time.perf_counter() - start) / GROUPS * 1e3


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        tables = {
            name: Table(Path(folder, str(number)), sql) for number, (name, sql) in enumerate(TABLES.items())
        }
        for table in tables.values():
            table.fill(FILL)
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in tables}
        for _ in range(ROUNDS):
            for name, table in tables.items():
                results[name].append((table.find(), table.insert()))
        for name, values in results.items():
            find, insert = (median(column) for column in zip(*values, strict=True))
            print(
                f"{name:34} look-up {find:5.1f} us, group of 32 new {insert:.2f} ms, {tables[name].path.stat().st_size / 1e6:.0f} MB"
            )


main()
