"""What does finding a person's events cost the one who writes them? A key of owners, or sorted runs. (Q9)

Groups of 10 events, as many as one commit carries under load, with an EventID each. `python storage_timeline.py [ROWS]`.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import apsw
import storage_rows as data

FILL = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
GROUP, GROUPS, ROUNDS, CHECKPOINT_PAGES, RUN, RUNS, CHUNK = 10, 300, 7, 4000, 4096, 16, 4096
IDS = (
    "CREATE TABLE event_ids(list_id INTEGER, event_key BLOB, event_id INTEGER, digest BLOB,"
    " PRIMARY KEY(list_id, event_key)) WITHOUT ROWID"
)
COLUMNS = "list_id, owner_id, event_at, event_id, visitor_id, segment, name_key"
ENTRY = COLUMNS.replace(",", " INTEGER,") + " INTEGER"
KEY = "list_id, owner_id, event_at, event_id"
TIMELINES = {
    "none": "",
    "index of events by visitor": data.BY_VISITOR,
    "table with a key of owners": f"CREATE TABLE timeline({ENTRY}, PRIMARY KEY({KEY})) WITHOUT ROWID",
    "rows appended, sorted later": f"CREATE TABLE timeline({ENTRY})",
}
Group = tuple[list[data.Row], list[tuple[int, bytes, int, bytes]], list[tuple[int, ...]]]


def groups(has_random_ids: bool) -> Iterator[Group]:
    rng, source = random.Random(7), data.rows()
    while True:
        rows = [next(source) for _ in range(GROUP)]
        keys = [rng.randbytes(16).hex() if has_random_ids else f"e-{row[1]:020}" for row in rows]
        ids = [(row[0], key.encode(), row[1], bytes(32)) for row, key in zip(rows, keys, strict=True)]
        yield rows, ids, [(row[0], row[2], row[6], row[1], row[2], 0, rng.getrandbits(63)) for row in rows]


class File:
    """One variant's database, and what its commits cost."""

    def __init__(self, path: Path, timeline: str, has_random_ids: bool) -> None:
        self.db = data.connect(path, cache_size=-16_000, wal_autocheckpoint=0)
        self.db.execute(";".join((data.TABLES["plain_rowid"], IDS, timeline)))
        self.db.set_wal_hook(self._note)
        self._has_entries = "timeline(" in timeline
        self._groups, self._pages = groups(has_random_ids), 0

    def _note(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def fill(self) -> None:
        self.db.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000")
        for _ in range(0, FILL, 50_000):
            with self.db:
                for _ in range(50_000 // GROUP):
                    self._insert(next(self._groups))
        self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self.db.execute("PRAGMA synchronous=FULL; PRAGMA cache_size=-16000")
        self.turn()

    def _insert(self, group: Group) -> None:
        rows, ids, entries = group
        self.db.executemany(data.INSERT, rows)
        self.db.executemany("INSERT INTO event_ids VALUES(?,?,?,?)", ids)
        if self._has_entries:
            self.db.executemany("INSERT INTO timeline VALUES(?,?,?,?,?,?,?)", entries)

    def turn(self) -> tuple[float, float, float, float]:
        """Microseconds an event of statements, of commits and of checkpoints; pages a commit."""
        spent, pages = [0.0, 0.0, 0.0], 0
        for _ in range(GROUPS):
            group, before = next(self._groups), self._pages
            times = [time.perf_counter()]
            self.db.execute("BEGIN IMMEDIATE")
            self._insert(group)
            times.append(time.perf_counter())
            self.db.execute("COMMIT")
            times.append(time.perf_counter())
            pages += self._pages - before
            if self._pages > CHECKPOINT_PAGES:
                self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
                self._pages = 0
            times.append(time.perf_counter())
            spent = [s + times[i + 1] - times[i] for i, s in enumerate(spent)]
        each = [s / GROUPS / GROUP * 1e6 for s in spent]
        return each[0], each[1], each[2], pages / GROUPS


def compare_writing(folder: Path) -> None:
    files = {
        (name, order): File(folder / f"{name} {order}", timeline, order == "random")
        for name, timeline in TIMELINES.items()
        for order in ("rising", "random")
    }
    for label in ("empty", f"{FILL:,} rows"):
        found = {variant: [] for variant in files}
        for _ in range(ROUNDS):
            for variant, file in files.items():
                found[variant].append(file.turn())
        for (name, order), turns in found.items():
            statements, commit, checkpoint, pages = (median(turn[i] for turn in turns) for i in range(4))
            total = statements + commit + checkpoint
            print(
                f"{label:14} {name:28} {order} EventIDs: {total:4.0f} us an event (statements {statements:.0f},"
                f" commit {commit:.0f}, checkpoints {checkpoint:.0f}), {pages:.0f} pages a commit",
                flush=True,
            )
        if label == "empty":
            for file in files.values():
                file.fill()


def compare_sorting(folder: Path) -> None:
    """What sorting and merging add, for each row and each time it is written."""
    db, rng = (
        data.connect(folder / "runs", cache_size=-16_000, wal_autocheckpoint=CHECKPOINT_PAGES),
        random.Random(3),
    )
    db.execute(f"CREATE TABLE recent({ENTRY})")
    db.execute(f"CREATE TABLE sorted(run INTEGER, {ENTRY}, PRIMARY KEY(run, {KEY})) WITHOUT ROWID")
    spent = 0.0
    for run in range(RUNS):
        rows = [
            (rng.randrange(50), rng.randrange(100_000), t, t, 1, 0, 1)
            for t in range(run * RUN, run * RUN + RUN)
        ]
        with db:
            db.executemany("INSERT INTO recent VALUES(?,?,?,?,?,?,?)", rows)
        started = time.process_time()
        with db:
            db.execute(f"INSERT INTO sorted SELECT ?, * FROM recent ORDER BY {KEY}", (run,))
            db.execute("DELETE FROM recent")
        spent += time.process_time() - started
    print(f"sorting: {spent / RUN / RUNS * 1e6:.1f} us of CPU a row")
    one = f"SELECT {COLUMNS} FROM sorted WHERE run = %d AND ({KEY}) > (?1, ?2, ?3, ?4)"
    merged = " UNION ALL ".join(one % run for run in range(RUNS))
    sql = f"INSERT INTO sorted SELECT {RUNS}, * FROM ({merged} ORDER BY {KEY} LIMIT {CHUNK})"
    last = f"SELECT {KEY} FROM sorted WHERE run = {RUNS} ORDER BY " + ", ".join(
        f"{c} DESC" for c in KEY.split(", ")
    )
    after: tuple[int, ...] | None = (-1, 0, 0, 0)
    started, pieces = time.process_time(), 0
    for _ in range(RUNS):
        with db:
            db.execute(sql, after)
        after = db.execute(f"{last} LIMIT 1").fetchone()
        pieces += 1
    for run in range(RUNS):
        with db:
            db.execute("DELETE FROM sorted WHERE run = ?", (run,))
    print(
        f"merging: {(time.process_time() - started) / RUN / RUNS * 1e6:.1f} us of CPU a row, {pieces} pieces"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        compare_writing(Path(folder))
        compare_sorting(Path(folder))


main()
