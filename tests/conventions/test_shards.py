"""Does every statement stay in the shard of one list? Statements are read from the source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.conventions.statements import Query, Statement, all_modules, keyed_calls, queries, statements
from tracker.storage.schema import list_tables, tables
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.placement import AT_HEAD, is_of_list

TABLES = [each for room in (tables, list_tables) for each in vars(room).values() if isinstance(each, Table)]
#: Tables of SQLite's files alone, which have one shard.
OF_SQLITE = {"timeline_recent", "timeline_sorted", "timeline_runs"}
OF_LISTS = {table.name for table in TABLES if is_of_list(table)} - OF_SQLITE
#: Models of peewee whose rows are a list's.
MODELS = {"SubscriberRow": "subscribers", "CustomFieldRow": "custom_fields", "TriggerRow": "triggers"}
_NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+)")
#: How a statement says of which lists it is. A keyed INSERT has its columns beside it.
_OF_LIST = re.compile(r"\blist_id (?:= |IN )")

#: (module, function) -> why a statement of it does not name a list.
_SEARCH = "a search over all lists, which is made for the lists of one shard at a time (`Among`)"
_SQLITE = "a file of SQLite has one shard"
WITHOUT_LIST: dict[tuple[str, str], str] = {
    ("tracker.storage.aggregates.count_outbox", "overdue"): _SEARCH,
    ("tracker.storage.changes", "purge_changes"): _SEARCH,
    ("tracker.storage.events.expiry", "days_by_list"): _SEARCH,
    ("tracker.storage.job_queue", "due"): _SEARCH,
    ("tracker.storage.job_queue", "hung"): _SEARCH,
    ("tracker.storage.job_queue", "unfinished_count"): _SEARCH,
    ("tracker.storage.recovery.backup", "_events_in"): _SQLITE,
    ("tracker.storage.rejections", "purge"): _SEARCH,
    ("tracker.storage.shards.head_outbox", "_told"): _SEARCH,
    ("tracker.storage.triggers.delivery_queue", "purge_deliveries"): _SEARCH,
    ("tracker.storage.triggers.pause_notices", "_open_pauses"): _SEARCH,
    ("tracker.storage.subscribers.subscriber_pages", "count_sql"): "`_condition` begins with the list",
    (
        "tracker.storage.triggers.trigger_store",
        "_selected",
    ): "its condition is given: a list's, or that of a search",
}
#: (module, function) -> why a statement of it has a table of lists and one of accounts.
MIXED: dict[tuple[str, str], str] = {("tracker.storage.recovery.restore", "_last_event_at"): _SQLITE}


def test_every_statement_on_a_lists_table_names_the_list() -> None:
    found = _without_list(_statements()) | _without_list_key() | _queries_without_list()
    assert {where: sql for where, sql in sorted(found.items()) if where not in WITHOUT_LIST} == {}
    assert WITHOUT_LIST.keys() - found.keys() == set()


def test_no_statement_mixes_a_lists_tables_with_those_at_the_head() -> None:
    found = _mixed(_statements()) | _mixed_queries()
    assert {where: sql for where, sql in sorted(found.items()) if where not in MIXED} == {}
    assert MIXED.keys() - found.keys() == set()


def test_what_is_planted_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'ONE = f"SELECT {COLUMNS} FROM events"\n'
        "def all_lists(transaction):\n"
        '    """SELECT id FROM events: words."""\n'
        '    transaction.select(ONE + " ORDER BY id")\n'
        "def of_one(transaction, list_id):\n"
        '    transaction.lookup(ONE, KEYS, [(list_id, 1)])\n    transaction.select(f"{ONE} WHERE list_id = ?")\n'
        "def wrong_key(transaction):\n"
        '    keys = ("visitor_id", "id")\n    transaction.lookup(ONE, keys, [(1, 1)])\n'
        "def joined(transaction):\n"
        '    sql = "SELECT 1 FROM events e JOIN lists l ON l.id = e.list_id WHERE e.list_id = ?"\n'
        "def of_rows(transaction):\n    transaction.rows(SubscriberRow.select(ListRow.id))\n"
    )
    known = {"COLUMNS": "id, name", "KEYS": ("list_id", "id")}
    known["ONE"] = "SELECT id, name FROM events"
    found = list(statements("module", module, known))
    assert {where for _, where in _without_list(found)} == {"all_lists"}
    assert {where for _, where in _mixed(found)} == {"joined"}
    keyed = [each.function for each in keyed_calls("module", module, known) if _lacks_list(each.keys)]
    assert keyed == ["wrong_key"]
    assert [each.function for each in queries("module", module, {*MODELS})] == ["of_rows"]


@cache
def _statements() -> tuple[Statement, ...]:
    return tuple(each for module, path in all_modules() for each in statements(module, path))


@cache
def _queries() -> tuple[Query, ...]:
    return tuple(each for module, path in all_modules() for each in queries(module, path, {*MODELS}))


def _without_list(found: Iterable[Statement]) -> dict[tuple[str, str], str]:
    """Return the statements that name no list. A SELECT without conditions is a part of one, or has its keys beside it."""
    return {
        (each.module, each.function): each.sql
        for each in found
        if _tables_of(each.sql) & OF_LISTS and not _OF_LIST.search(each.sql) and not _is_stem(each)
    }


def _is_stem(each: Statement) -> bool:
    is_bare = each.sql.startswith("SELECT ") and not re.search(r" (WHERE|GROUP|ORDER|LIMIT|JOIN)\b", each.sql)
    return is_bare and "(" not in each.sql


def _without_list_key() -> dict[tuple[str, str], str]:
    calls = (each for module, path in all_modules() for each in keyed_calls(module, path))
    return {
        (each.module, each.function): each.about
        for each in calls
        if (each.about in OF_LISTS or _tables_of(each.about) & OF_LISTS) and _lacks_list(each.keys)
    }


def _lacks_list(keys: tuple[str, ...] | None) -> bool:
    return keys is None or keys[0] != "list_id"


def _queries_without_list() -> dict[tuple[str, str], str]:
    return {(q.module, q.function): q.model for q in _queries() if "list_id" not in q.source}


def _mixed(found: Iterable[Statement]) -> dict[tuple[str, str], str]:
    return {
        (each.module, each.function): each.sql
        for each in found
        if (named := _tables_of(each.sql)) & OF_LISTS and named & AT_HEAD
    }


def _mixed_queries() -> dict[tuple[str, str], str]:
    others = re.compile(r"\b(?!" + "|".join(MODELS) + r")[A-Z][A-Za-z]+Row\b")
    return {(q.module, q.function): q.model for q in _queries() if others.search(q.source)}


def _tables_of(sql: str) -> set[str]:
    return set(_tables(sql)) & (OF_LISTS | AT_HEAD)


def _tables(sql: str) -> Iterator[str]:
    yield from _NAMED.findall(sql)
