"""What do the storage measurements write? Rows of the candidate events table, and a database to put them in."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

LISTS, VISITORS, NAMES, GROUP = 50, 100_000, 20, 32
Row = tuple[int, int, int, int, int | None, bytes, int, int, bytes | None, int, bytes]

COLUMNS = """list_id INTEGER NOT NULL, id INTEGER NOT NULL, visitor_id INTEGER NOT NULL, segment INTEGER NOT NULL,
subscriber_id INTEGER, name BLOB NOT NULL, event_at INTEGER NOT NULL, received_at INTEGER NOT NULL, external_id BLOB,
flags INTEGER NOT NULL, properties BLOB NOT NULL"""
TABLES = {
    "without_rowid": f"CREATE TABLE events({COLUMNS}, PRIMARY KEY(list_id, id)) WITHOUT ROWID",
    "rowid_is_id": f"CREATE TABLE events({COLUMNS.replace('id INTEGER NOT NULL, v', 'id INTEGER PRIMARY KEY, v')});"
    "CREATE UNIQUE INDEX events_key ON events(list_id, id)",
    "rowid_is_id_list_index": f"CREATE TABLE events({COLUMNS.replace('id INTEGER NOT NULL, v', 'id INTEGER PRIMARY KEY, v')});"
    "CREATE INDEX events_list ON events(list_id)",  # the rowid is every index's last column: this is (list_id, id)
    "plain_rowid": f"CREATE TABLE events({COLUMNS}, PRIMARY KEY(list_id, id))",
}
BY_VISITOR = "CREATE INDEX events_visitor ON events(list_id, visitor_id, event_at, id)"
BY_VISITOR_ROWID = "CREATE INDEX events_visitor ON events(list_id, visitor_id, event_at)"
BY_NAME = "CREATE INDEX events_name ON events(list_id, name, event_at, id)"
BY_NAME_ROWID = "CREATE INDEX events_name ON events(list_id, name, event_at)"
INSERT = f"INSERT INTO events VALUES({','.join('?' * 11)})"
NEWEST_OF_LIST = "SELECT * FROM events WHERE list_id=? ORDER BY id DESC LIMIT 50"
NEWEST_OF_VISITOR = (
    "SELECT * FROM events WHERE list_id=? AND visitor_id=? ORDER BY event_at DESC, id DESC LIMIT 50"
)


def visitor_index(table: str) -> str:
    return BY_VISITOR_ROWID if table.startswith("rowid_is_id") else BY_VISITOR


def name_index(table: str) -> str:
    return BY_NAME_ROWID if table.startswith("rowid_is_id") else BY_NAME


def connect(path: Path, page_size: int = 4096, **pragmas: int) -> apsw.Connection:
    """WAL and FULL, never waiting for a lock; `pragmas` are set as given."""
    db = apsw.Connection(str(path))
    db.set_busy_timeout(5000)  # switching to WAL needs the file for itself for a moment
    db.execute(f"PRAGMA page_size={page_size}")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    for name, value in pragmas.items():
        db.execute(f"PRAGMA {name}={value}")
    db.set_busy_timeout(0)
    return db


def properties(size_bytes: int, rng: random.Random) -> bytes:
    """JSON of about that many bytes, incompressible in the small."""
    digits = max(size_bytes - 90, 1)
    filler = f"{rng.getrandbits(4 * digits):0{digits}x}"
    value = {"page": "https://example.com/shop/product", "price": rng.random() * 100, "reference": filler}
    return b"\x01" + json.dumps(value).encode()


def rows(seed: int = 1, large_every: int = 0) -> Iterator[Row]:
    """Endless rows with rising ids over all lists; every `large_every`th has 32 KB of properties."""
    rng = random.Random(seed)
    pool = [properties(rng.randint(150, 350), rng) for _ in range(1000)]
    large = properties(32_000, rng)
    start_ms, count = 1_700_000_000_000, 0
    while True:
        count += 1
        now_ms = start_ms + count // 2
        visitor = int(rng.random() * VISITORS)
        blob = large if large_every and count % large_every == 0 else pool[visitor % 1000]
        yield (
            visitor % LISTS,
            now_ms << 20 | 3 << 10 | count & 1023,
            visitor,
            0,
            visitor if count % 4 == 0 else None,
            b"event name %d" % (count % NAMES),
            now_ms - count % 900,
            now_ms,
            None,
            0,
            blob,
        )


def fill(db: apsw.Connection, source: Iterator[Row], count: int) -> None:
    """Many rows at once without safety, in the same order in which single groups would bring them."""
    db.execute("PRAGMA synchronous=OFF")
    old_cache = db.execute("PRAGMA cache_size").fetchone()[0]
    db.execute("PRAGMA cache_size=-1000000")
    for _ in range(0, count, 50_000):
        with db:
            db.executemany(INSERT, (next(source) for _ in range(50_000)))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute(f"PRAGMA cache_size={old_cache}")
    db.execute("PRAGMA synchronous=FULL")


def write_groups(db: apsw.Connection, source: Iterator[Row], groups: int, size: int = GROUP) -> float:
    """Commit `groups` groups; the seconds that took, the making of the rows not counted."""
    batches = [[next(source) for _ in range(size)] for _ in range(groups)]
    start = time.perf_counter()
    for batch in batches:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(INSERT, batch)
        db.execute("COMMIT")
    return time.perf_counter() - start
