"""Names: modules are guessed and unique over the tree, none is so small that its concept stands elsewhere; one word a thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.conventions.sources import ROOT, modules, nodes, tree

FEWEST_LINES = 30
#: Modules of these folders are named by what their pages and commands are about, which others are about too.
NAMED_BY_SUBJECT = ("tracker.console.pages.", "tracker.cli.", "commands.")
#: Name -> why several modules have it.
SHARED: dict[str, str] = {
    "events": "the room of storage, and the module of its main table",
    "operations": "OpenAPI's word, and the word for a step of a migration",
    "plugins": "where commands come from, and the room of storage with plugins' tables",
    "subscribers": "the room of storage, and the module of its main table",
    "tables": "the plugin API, which keeps its name, and the tables of Tracker itself",
}
#: Module below FEWEST_LINES -> why it stands alone.
SMALL: dict[str, str] = {
    "tracker.analytics.queries.cell_actors": "it knows every report with cells, and `people_answer` none",
    "tracker.cli.__main__": "Python looks for it by this name",
    "tracker.gateway_wsgi": "gunicorn loads it by its path",
    "tracker.garbage": "one rule for workers and for imports",
    "tracker.formats.server_url": "the URLs of mail servers, of ClickHouse, of an instance that serves reports, and addresses of nodes",
    "tracker.formats.sent_names": "one rule of shown names for the registry and for what is kept of refused calls",
    "tracker.domain.provenance": "storage and both halves of identity import it, so it stands below them all",
    "tracker.http.server.log": "gunicorn loads it by its path",
    "tracker.importing.exports.segment_export": "the export of a vendor is one module",
    "tracker.jobs.kinds": "only it knows privacy and ingest: the runner and the lease know neither",
    "tracker.registry.access": "who may call is declared by commands and asked by admission",
    "tracker.reports.bounded_run": "commands and what they share know no greenlets",
    "tracker.sdks.families.jitsu": "a family of SDKs is one module",
    "tracker.storage.schema.own_database": "only it joins the history with an engine",
    "tracker.storage.schema.placement": "the definitions of tables, and the removal of a list, need it: it is above the first alone",
    "tracker.storage.shards.list_lock": "aggregates, subscribers and triggers lock a list, and know nothing of one another",
    "tracker.wsgi": "gunicorn loads it by this name",
}


def test_no_two_modules_share_a_name() -> None:
    named: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        if not module.startswith(NAMED_BY_SUBJECT):
            named[module.rpartition(".")[2]].append(module)
    shared = {name: found for name, found in named.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in SHARED} == {}
    assert set(SHARED) - set(shared) == set(), "shared no more"


def test_small_modules_have_a_reason() -> None:
    small = {
        module
        for module, path in modules().items()
        if path.name != "__init__.py" and len(path.read_text().splitlines()) < FEWEST_LINES
    }
    assert small - set(SMALL) == set()
    assert set(SMALL) - small == set(), "small no more"


#: Class -> why two have the name.
SHARED_CLASSES: dict[str, str] = {
    "Authenticator": "what admission asks for, and what auth gives it",
    "ExternalID": "the field of an event, and that of a subscriber, which may be empty",
}


def test_no_two_classes_share_a_name() -> None:
    """A jump to a definition lands at the right one. Classes inside a class belong to it."""
    named: dict[str, list[str]] = defaultdict(list)
    for module, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named[node.name].append(module)
    shared = {name: found for name, found in named.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in SHARED_CLASSES} == {}
    assert set(SHARED_CLASSES) - set(shared) == set(), "shared no more"


def test_no_name_in_code_says_person() -> None:
    """The API's word is subscriber; the console's pages and the docs may say person to people."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules().values()
        for node in nodes(path)
        for name in names_in(node)
        if re.search("person(?!al)", name.lower())
    }
    assert found == set()


#: Fields of nodes that hold names.
_NAMING = frozenset(("name", "asname", "id", "arg", "attr", "module", "names", "kwd_attrs", "rest"))


def names_in(node: ast.AST) -> Iterator[str]:
    """The names that a node of a syntax tree gives or uses."""
    for field in _NAMING.intersection(node._fields):
        value = getattr(node, field)
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
