"""Do a plugin's tables come about, change and keep what they are given, the same on every database?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.migrations import Migrations
from tracker.tables import (
    BytesColumn,
    CompositeKey,
    FlagColumn,
    LongBytesColumn,
    LongTextColumn,
    Model,
    NumberColumn,
    Tables,
    TextColumn,
    Transaction,
    fn,
)

#: Names that collations merge: case, accents, trailing space, composition, emoji.
LOOK_ALIKES = ["Price", "price", "prìce", "pri\N{COMBINING GRAVE ACCENT}ce", "price ", "😀", "🎉", ""]


class Opened:
    """A database with the tables of some plugins, as `tracker db upgrade` makes them."""

    def __init__(self, url: str, *plugins: Tables) -> None:
        self.database = Database(
            url, Migrations({"tracker": MIGRATIONS, **{p.owner: p.migrations for p in plugins}})
        )
        self.applied = self.database.upgrade()

    def write(self, query: Any) -> Any:
        return self.database.write(lambda transaction: transaction.run(query))

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        return self.database.read(lambda transaction: transaction.rows(query))

    def columns(self, table: str) -> list[str]:
        return self.database.read(lambda t: [column.name for column in t.database.get_columns(table)])

    def indexes(self, table: str) -> set[tuple[str, ...]]:
        return self.database.read(lambda t: {tuple(index.columns) for index in t.database.get_indexes(table)})


Open = Callable[..., Opened]


@pytest.fixture
def open_(database_url: str) -> Iterator[Open]:
    """`open_(tables, …)` upgrades this test's database and gives it; a second call is a later version's start."""
    opened: list[Opened] = []

    def open_now(*plugins: Tables) -> Opened:
        opened.append(Opened(database_url, *plugins))
        return opened[-1]

    yield open_now
    for each in opened:
        each.database.close()


def shelves(*later: str) -> tuple[Tables, Any]:
    """A plugin's tables in its first version, or with what came later: a column, an index."""
    tables = Tables("shelves")

    class Book(tables.Model):
        list_id = NumberColumn()
        title = TextColumn(20)
        cover = BytesColumn(4, null=True)
        is_lent = FlagColumn(default=False)
        text = LongTextColumn(null=True)
        scan = LongBytesColumn(null=True)
        if "column" in later:
            shelf = TextColumn(10, default="unsorted")

        class Meta:
            primary_key = CompositeKey("list_id", "title")
            indexes = ((("list_id", "is_lent"), False),)

    tables.migration("0001_books", Book)
    if "column" in later:
        tables.migration("0002_shelf", Book.shelf)
    if "index" in later:
        tables.migration("0003_by_shelf", tables.index(Book.list_id, Book.shelf))
    return tables, Book


def test_rows_come_back_as_they_were_given(open_: Open) -> None:
    tables, book = shelves()
    opened = open_(tables)
    text, scan = "long\n" * 30_000, bytes(range(256)) * 1000
    opened.write(
        book.insert(list_id=-(2**63), title="ü" * 20, cover=b"\0\xff'\\", text=text, scan=scan, is_lent=True)
    )
    [row] = opened.rows(book.select())
    assert row == (-(2**63), "ü" * 20, b"\0\xff'\\", True, text, scan)


def test_text_is_told_apart_and_sorted_by_bytes(open_: Open) -> None:
    tables, book = shelves()
    opened = open_(tables)
    for title in LOOK_ALIKES:
        opened.write(book.insert(list_id=1, title=title))
    assert opened.rows(book.select(book.title).order_by(book.title)) == [
        (t,) for t in sorted(LOOK_ALIKES, key=str.encode)
    ]
    assert opened.rows(book.select(book.title).where(book.title == "price")) == [("price",)]
    assert opened.rows(book.select(fn.COUNT(book.title.distinct()))) == [(len(LOOK_ALIKES),)]


@pytest.mark.parametrize("values", [{"title": "x" * 81}, {"title": "t", "cover": b"12345"}])
def test_what_is_too_long_is_refused_on_every_database(open_: Open, values: dict[str, Any]) -> None:
    tables, book = shelves()
    opened = open_(tables)
    with pytest.raises(Exception, match=r"too long|CHECK constraint"):
        opened.write(book.insert(list_id=1, **values))
    assert opened.rows(book.select()) == []


def test_a_model_without_a_key_is_counted_up(open_: Open) -> None:
    tables = Tables("counted")

    class Line(tables.Model):
        words = TextColumn(10, unique=True)
        spoken_at = NumberColumn(index=True)

    tables.migration("0001", Line)
    opened = open_(tables)
    first, second = (opened.write(Line.insert(words=words, spoken_at=7)) for words in "ab")
    assert first < second
    assert opened.rows(Line.select(Line.id, Line.words)) == [(first, "a"), (second, "b")]
    assert {("words",), ("spoken_at",)} <= opened.indexes("plugin_counted_line")
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        opened.write(Line.insert(words="a", spoken_at=8))


def test_changes_and_deletions_tell_how_many_rows_they_met(open_: Open) -> None:
    tables, book = shelves()
    opened = open_(tables)
    for title in "abc":
        opened.write(book.insert(list_id=1, title=title))
    assert opened.write(book.update(is_lent=True).where(book.title > "a")) == 2
    assert opened.write(book.delete().where(book.is_lent == True)) == 2  # noqa: E712 - a query, not a comparison


def test_migrations_are_applied_once(open_: Open) -> None:
    tables, _ = shelves()
    first, second = open_(tables), open_(tables)
    assert next(name for name in first.applied if name.startswith("shelves")) == "shelves: 0001_books"
    assert second.applied == []


def test_an_older_table_catches_up_with_a_new_one(open_: Open, new_database: Any, database_kind: str) -> None:
    old, old_book = shelves()
    opened = open_(old)
    opened.write(old_book.insert(list_id=1, title="from before"))
    tables, book = shelves("column", "index")
    upgraded = open_(tables)
    fresh = Opened(new_database(database_kind), tables)
    assert upgraded.rows(book.select(book.title, book.shelf)) == [("from before", "unsorted")]
    assert sorted(upgraded.columns("plugin_shelves_book")) == sorted(fresh.columns("plugin_shelves_book"))
    assert upgraded.indexes("plugin_shelves_book") == fresh.indexes("plugin_shelves_book")
    assert ("list_id", "shelf") in fresh.indexes("plugin_shelves_book")
    fresh.database.close()


def test_a_run_that_was_killed_is_finished_by_the_next(open_: Open) -> None:
    """On MySQL the steps before the kill stay: whichever those are, all is run again."""
    tables, book = shelves("column", "index")
    opened = open_(tables)
    opened.database.write(
        lambda transaction: transaction.execute("DELETE FROM migrations WHERE owner = ?", [b"shelves"])
    )
    assert len(open_(tables).applied) == 4
    assert opened.rows(book.select()) == []


def test_a_function_can_be_a_step(open_: Open) -> None:
    tables, book = shelves()

    def lend_all(transaction: Transaction) -> None:
        transaction.run(book.update(is_lent=True))

    open_(tables).write(book.insert(list_id=1, title="a"))
    tables.migration("0002_lend_all", lend_all)
    assert open_(tables).rows(book.select(book.is_lent)) == [(True,)]


def _nothing(_: Transaction) -> None:
    """A step of a later version."""


@pytest.mark.parametrize(
    ("declared", "is_refused"),
    [({}, True), ({"only_adds": True}, False), ({"breaks_before": "0001_books"}, False)],
)
def test_an_older_version_goes_on_unless_a_step_may_break_it(
    open_: Open, declared: dict[str, Any], is_refused: bool
) -> None:
    """As the instances do that are not upgraded yet."""
    older, book = shelves()
    open_(older)
    newer, _ = shelves("column", "index")
    newer.migration("0004_more", _nothing, **declared)
    open_(newer)
    if is_refused:
        with pytest.raises(IncompatibleDatabase, match=r"of the plugin 'shelves': it has 0004_more$"):
            open_(older)
        return
    opened = open_(older)
    assert opened.applied == []
    opened.write(book.insert(list_id=1, title="after"))
    assert opened.rows(book.select(book.title)) == [("after",)]


def test_a_unique_index_may_break_older_versions(open_: Open) -> None:
    newer, book = shelves()
    newer.migration("0002_one_each", newer.index(book.list_id, is_unique=True))
    open_(newer)
    with pytest.raises(IncompatibleDatabase, match=r"of the plugin 'shelves': it has 0002_one_each$"):
        open_(shelves()[0])


def test_a_forgotten_migration_stops_the_upgrade(open_: Open) -> None:
    open_(shelves()[0])
    forgetful = Tables("shelves")

    class Book(forgetful.Model):
        title = TextColumn(20, primary_key=True)
        colour = TextColumn(20)

    forgetful.migration("0001_books", Book)
    with pytest.raises(
        IncompatibleDatabase, match="'shelves': plugin_shelves_book has no column 'colour', and no mig"
    ):
        open_(forgetful)


def test_a_model_that_no_migration_makes_stops_the_upgrade(open_: Open) -> None:
    tables = Tables("forgotten")

    class Leaf(tables.Model):
        colour = TextColumn(20)

    with pytest.raises(IncompatibleDatabase, match="there is no table plugin_forgotten_leaf"):
        open_(tables)


def test_a_model_names_its_plugin_in_its_meta(open_: Open) -> None:
    """So that checkers of types can follow it; each plugin has its own models, those of others are none of its own."""
    tables, other = Tables("named"), Tables("other")

    class _Dated(Model):
        written_at = NumberColumn()

        class Meta:
            table_function = tables.table_name

    class WordCount(_Dated):
        count = NumberColumn()

    class Forgotten(Model):
        class Meta:
            table_function = other.table_name

    tables.migration("0001", WordCount)
    opened = open_(tables)
    assert opened.columns("plugin_named_word_count") == ["id", "written_at", "count"]
    assert opened.rows(WordCount.select()) == []
    with pytest.raises(IncompatibleDatabase, match="there is no table plugin_other_forgotten"):
        open_(tables, other)


def test_a_worker_refuses_a_database_without_the_plugins_tables(open_: Open, database_url: str) -> None:
    open_()
    tables, _ = shelves()
    database = Database(database_url, Migrations({"tracker": MIGRATIONS, "shelves": tables.migrations}))
    with pytest.raises(IncompatibleDatabase, match="lacks shelves: 0001_books"):
        database.connect()


def test_a_plugin_that_is_gone_leaves_its_tables(open_: Open) -> None:
    tables, book = shelves()
    open_(tables).write(book.insert(list_id=1, title="kept"))
    without = open_()
    without.database.connect().close()
    assert without.applied == []
    assert open_(tables).rows(book.select(book.title)) == [("kept",)]


def test_a_lost_race_for_a_key_is_run_again(open_: Open) -> None:
    """Look, then insert or update, is right under concurrency: it is what plugins do instead of an upsert."""
    tables, book = shelves()
    opened, rival = open_(tables), open_(tables)
    seen: list[Any] = []

    def put(transaction: Transaction) -> None:
        mine = (book.list_id == 1) & (book.title == "contested")
        seen.append(transaction.row(book.select(book.is_lent).where(mine)))
        if len(seen) == 1 and transaction.engine.name == "mysql":
            rival.write(book.insert(list_id=1, title="contested", is_lent=False))
        if seen[-1] is None:
            transaction.run(book.insert(list_id=1, title="contested", is_lent=True))
        else:
            transaction.run(book.update(is_lent=True).where(mine))

    opened.database.write(put)
    assert opened.rows(book.select(book.is_lent)) == [(True,)]
    assert seen == ([None, (False,)] if opened.database.engine.name == "mysql" else [None])
