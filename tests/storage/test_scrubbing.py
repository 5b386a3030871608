"""Is a file that was scrubbed the same to who reads it, and has nothing between its rows? Also while others write."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.storage.busy_writer import ROWS
from tests.storage.conftest import Open
from tracker.storage.engine import scrubbing
from tracker.storage.engine.database import Database

PEOPLE, FORGOTTEN = 4_000, 40
CHANGE = "UPDATE event_ids SET event_id = -event_id - 1 WHERE list_id = 1 AND event_key = ?"


def fill(database: Database, rng: random.Random) -> list[bytes]:
    """Keys in no order, long rows and short ones, in tables with and without indexes; some are deleted again."""
    keys = [b"%s-%d" % (b"marked" if n < FORGOTTEN else b"other", n * 7919) for n in range(PEOPLE)]
    rng.shuffle(keys)
    columns = ("list_id", "event_key", "event_id", "digest")
    for start in range(0, PEOPLE, 200):
        part = list(enumerate(keys[start : start + 200], start))
        rows = [(1, key, number, key * rng.choice((1, 3, 300))) for number, key in part]
        database.write(lambda t, rows=rows: t.insert("event_ids", columns, rows))
    marked = [(1, key) for key in keys if key.startswith(b"marked")]
    rng.shuffle(marked)
    for one in marked:
        database.write(lambda t, one=one: t.remove("event_ids", ("list_id", "event_key"), [one]))
    return keys


def clean(database: Database, path: Path) -> None:
    first = 1
    while first <= path.stat().st_size // 4096:
        assert database.clean(first)
        first += scrubbing.SCRUBBED_PAGES


def rows(database: Database) -> list[tuple[object, ...]]:
    return database.read(lambda t: t.select("SELECT * FROM event_ids ORDER BY event_key"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_read_is_the_same_and_the_rest_is_gone(file: Database, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "tracker.db"
    fill(file, random.Random(seed))
    before = rows(file)
    assert len(before) == PEOPLE - FORGOTTEN
    clean(file, path)
    assert rows(file) == before
    assert file.read(lambda t: t.select("PRAGMA integrity_check")) == [("ok",)]
    assert b"marked" not in path.read_bytes()
    assert b"marked" not in (tmp_path / "tracker.db-wal").read_bytes()


def test_pages_that_are_in_others_memory_do_not_come_back(
    file: Database, opened: Open, tmp_path: Path
) -> None:
    """A process that has read a page and changes it later writes all of it, the unused middle too."""
    path = tmp_path / "tracker.db"
    other = opened(f"sqlite:///{path}")
    fill(file, random.Random(1))
    file.clean(10**6)  # nothing but the log, whose end would make the others read their pages anew
    last = other.write(lambda t: t.select("SELECT event_key, digest FROM event_ids"))
    clean(file, path)
    for key, _ in last[::7]:
        other.write(lambda t, key=key: t.execute(CHANGE, (key,)))
    assert b"marked" not in (tmp_path / "tracker.db-wal").read_bytes()
    clean(other, path)
    assert b"marked" not in path.read_bytes()


def test_while_others_write_nothing_is_harmed(file: Database, tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    fill(file, random.Random(1))
    file.write(lambda t: t.execute("CREATE TABLE busy (a BLOB PRIMARY KEY, b, c, d)"))
    before = rows(file)
    command = [sys.executable, "-m", "tests.storage.busy_writer", f"sqlite:///{path}", "3"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    cleaned = 0
    while writer.poll() is None:
        cleaned += file.clean(1)
    written = int(writer.communicate()[0])
    assert cleaned > 3
    assert file.read(lambda t: t.select("PRAGMA integrity_check")) == [("ok",)]
    assert file.read(lambda t: t.select("SELECT COUNT(*) FROM busy")) == [(written * ROWS,)]
    assert rows(file) == before


def test_no_page_is_taken_for_one_of_rows(tmp_path: Path) -> None:
    """One that goes on with a long row begins with a number, whose first byte is 0 in files of less than 137 GB."""
    assert struct.pack(">I", scrubbing.MAX_PAGES - 1)[0] == 1 < min(scrubbing._HEADER_BYTES)  # noqa: SLF001
    connection = apsw.Connection(str(tmp_path / "x.db"))
    connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))")
    for kind in (2, 5, 10, 13):
        connection.execute("UPDATE t SET a = ?", (bytes([kind]) * 100_000,))
        connection.execute("BEGIN IMMEDIATE")
        scrubbing.scrub(connection, tmp_path / "x.db", 1)
        connection.execute("COMMIT")
        assert connection.execute("SELECT a FROM t").fetchall() == [(bytes([kind]) * 100_000,)]
    connection.close()
