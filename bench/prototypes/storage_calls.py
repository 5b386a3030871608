"""What does one call to the database cost, by apsw and through peewee? (Q6)"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import apsw
import peewee
import storage_rows as data
from playhouse.apsw_ext import APSWDatabase

ROUNDS, REPEATS = 7, 60
Key = tuple[int, int]
Measures = dict[str, Callable[[], float]]
FIND = "SELECT properties FROM events WHERE list_id=? AND id=?"


class Event(peewee.Model):
    list_id = peewee.BigIntegerField()
    id = peewee.BigIntegerField()
    visitor_id = peewee.BigIntegerField()
    segment = peewee.IntegerField()
    subscriber_id = peewee.BigIntegerField(null=True)
    name = peewee.BlobField()
    event_at = peewee.BigIntegerField()
    received_at = peewee.BigIntegerField()
    external_id = peewee.BlobField(null=True)
    flags = peewee.IntegerField()
    properties = peewee.BlobField()

    class Meta:
        table_name = "events"
        primary_key = peewee.CompositeKey("list_id", "id")


def per_row_us(
    write: Callable[[list[data.Row]], object], source: Iterator[data.Row], db: apsw.Connection
) -> float:
    """Microseconds a row inside an open transaction: neither BEGIN nor COMMIT is counted."""
    groups = [[next(source) for _ in range(data.GROUP)] for _ in range(REPEATS)]
    took = 0.0
    for group in groups:
        db.execute("BEGIN IMMEDIATE")
        start = time.perf_counter()
        write(group)
        took += time.perf_counter() - start
        db.execute("COMMIT")
    return took / REPEATS / data.GROUP * 1e6


def per_call_us(read: Callable[[int, int], object], keys: list[Key]) -> float:
    start = time.perf_counter()
    for key in keys:
        read(*key)
    return (time.perf_counter() - start) / len(keys) * 1e6


def writes(db: apsw.Connection, orm: APSWDatabase, source: Iterator[data.Row]) -> Measures:
    raw = orm.connection()
    fields = [Event._meta.fields[name] for name in Event._meta.sorted_field_names]
    many = "INSERT INTO events VALUES" + ",".join(["(" + ",".join("?" * 11) + ")"] * data.GROUP)

    def model_inserts(group: list[data.Row]) -> None:
        for row in group:
            Event.insert(dict(zip(fields, row, strict=True))).execute()

    return {
        "apsw executemany, a row": lambda: per_row_us(
            lambda group: db.executemany(data.INSERT, group), source, db
        ),
        "apsw one INSERT of 32 rows, a row": lambda: per_row_us(
            lambda group: db.execute(many, [v for row in group for v in row]), source, db
        ),
        "apsw execute each, a row": lambda: per_row_us(
            lambda group: [db.execute(data.INSERT, row) for row in group], source, db
        ),
        "peewee insert_many, a row": lambda: per_row_us(
            lambda group: Event.insert_many(group, fields=fields).execute(), source, raw
        ),
        "peewee Model.insert each, a row": lambda: per_row_us(model_inserts, source, raw),
    }


def reads(db: apsw.Connection, orm: APSWDatabase, keys: list[Key]) -> Measures:
    def selected(list_id: int, event_id: int) -> object:
        query = Event.select(Event.properties).where(Event.list_id == list_id, Event.id == event_id)
        return list(query.tuples())

    def got(list_id: int, event_id: int) -> object:
        return Event.get((Event.list_id == list_id) & (Event.id == event_id))

    return {
        "apsw select by key": lambda: per_call_us(lambda *key: db.execute(FIND, key).fetchall(), keys),
        "peewee execute_sql by key": lambda: per_call_us(
            lambda *key: orm.execute_sql(FIND, key).fetchone(), keys
        ),
        "peewee select().tuples()": lambda: per_call_us(selected, keys),
        "peewee Event.get()": lambda: per_call_us(got, keys),
    }


def commits(db: apsw.Connection, source: Iterator[data.Row]) -> Measures:
    def empty(*_: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")

    return {
        "empty BEGIN IMMEDIATE + COMMIT": lambda: per_call_us(empty, [(0, 0)] * 200),
        "commit of one row (FULL)": lambda: data.write_groups(db, source, 100, size=1) / 100 * 1e6,
        "commit of 32 rows (FULL)": lambda: data.write_groups(db, source, 100) / 100 * 1e6,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder, "events")
        db = data.connect(path, cache_size=-64_000)
        db.execute(data.TABLES["plain_rowid"])
        source = data.rows()
        data.fill(db, source, 100_000)
        orm = APSWDatabase(str(path))
        orm.connect()
        Event.bind(orm)
        keys = db.execute("SELECT list_id, id FROM events LIMIT 2000").fetchall()
        measures = writes(db, orm, source) | reads(db, orm, keys) | commits(db, source)
        results: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(ROUNDS):
            for name, measure in measures.items():
                results[name].append(measure())
        for name, values in results.items():
            print(f"{name:36} {median(values):7.1f} us [{min(values):.1f}..{max(values):.1f}]")
        orm.close()


main()
