"""Does everything that changes a followed row tell the copies of it? Statements are read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conventions.sources import attributes, modules, nodes

FOLLOWED = ("events", "identity_links", "subscribers", "subscriber_fields", "custom_fields")
_STATEMENT = re.compile(rf"(?:UPDATE|DELETE FROM|INSERT INTO) ({'|'.join(FOLLOWED)})\b.*")
#: Methods of a transaction that take the table first.
WRITES = {"insert", "insert_missing", "add_up", "put", "remove"}
MODELS = {"SubscriberRow", "CustomFieldRow"}
#: (module, beginning of the statement) -> why no change is written.
NO_CHANGE: dict[tuple[str, str], str] = {
    ("tracker.storage.events.events", "UPDATE events SET flags = flags - ?"): "IS_LINK, which no copy has",
    ("tracker.storage.subscribers.identity_rows", "UPDATE subscribers SET"): "addresses, which no copy has",
    ("tracker.storage.subscribers.subscribers", "UPDATE subscribers SET"): "addresses, which no copy has",
    ("tracker.storage.subscribers.identity_rows", "insert subscribers"): "named by new events, or by none",
    (
        "tracker.storage.subscribers.identity_rows",
        "UPDATE identity_links SET linked_by",
    ): "the same subscriber",
    (
        "tracker.storage.subscribers.identity_rows",
        "UPDATE identity_links SET linked_at",
    ): "the same subscriber",
    (
        "tracker.storage.subscribers.erasure_rows",
        "UPDATE identity_links SET unlinked_from",
    ): "a former subscriber",
    (
        "tracker.storage.timeline.timeline_rows",
        "UPDATE identity_links SET has_uncopied",
    ): "the same subscriber",
    ("tracker.storage.subscribers.custom_fields", "CustomFieldRow.insert"): "it has no values yet",
}


def test_every_statement_writes_a_change_or_has_a_reason() -> None:
    found = {(module, each) for module, path in modules().items() for each in _statements(path)}
    exempt = {(module, each) for module, each in found if _reason(module, each)}
    silent = {(module, each) for module, each in found - exempt if not _notes_changes(modules()[module])}
    assert silent == set()
    assert {
        key for key in NO_CHANGE if not any(m == key[0] and s.startswith(key[1]) for m, s in found)
    } == set()


def test_the_statements_are_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'A = f"UPDATE events SET x = 1 WHERE {B}"\n'
        'def f(transaction):\n    """UPDATE subscribers, in words."""\n'
        '    transaction.remove("identity_links", (), [])\n    return "DELETE FROM subscriber_fields WHERE 1"\n'
    )
    assert set(_statements(module)) == {
        "UPDATE events SET x = 1 WHERE ",
        "UPDATE subscribers, in words.",
        "remove identity_links",
        "DELETE FROM subscriber_fields WHERE 1",
    }


def _reason(module: str, statement: str) -> bool:
    return any(key[0] == module and statement.startswith(key[1]) for key in NO_CHANGE)


def _statements(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0]
            text = first.value if isinstance(first, ast.Constant) else ""
        else:
            text = node.value if isinstance(node, ast.Constant) else ""
        if isinstance(text, str) and _STATEMENT.match(text):
            yield text
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _written(node, node.func)


def _written(call: ast.Call, method: ast.Attribute) -> Iterator[str]:
    """Yield what a call writes to by the name of the table, or by its model."""
    first = call.args[0] if call.args else None
    table = first.value if isinstance(first, ast.Constant) else None
    if method.attr in WRITES and table in FOLLOWED:
        yield f"{method.attr} {table}"
    writes_rows = method.attr in ("insert", "update", "delete", "insert_many")
    if isinstance(method.value, ast.Name) and method.value.id in MODELS and writes_rows:
        yield f"{method.value.id}.{method.attr}"


def _notes_changes(path: Path) -> bool:
    return any(name.startswith("changes.note_") for name in attributes(path))
