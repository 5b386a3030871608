"""What has been tried of other trackers' clients? The table of docs/sdks.md; `python -m tests.sdks.compatibility` runs them and writes it.

Arguments go to pytest: `-k jitsu` runs, and writes anew, the rows of some.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

import pytest

from tests.sdks.golden_rows import listed_of
from tests.sdks.real_clients import CLIENTS, FOLDER, Client, family_of, script_of, version_of
from tests.served import ROOT

PAGE = ROOT / "docs" / "sdks.md"
#: Set to any text, a run writes what it has found instead of comparing.
WRITE = "TESTS_WRITE_COMPATIBILITY"
HEAD = ["| client | version | tried | result |", "|---|---|---|---|"]
_RUN_BY = {".py": "Python", ".mjs": "Node.js", ".html": "Chromium"}
_TABLE = re.compile(re.escape("\n".join(HEAD)) + r"\n((?:\|.*\n)*)")
#: What a script does, by the event that must come of it.
_CALLS = {
    "Plan Chosen": "event",
    "plan_chosen": "event",
    "page_view": "page view",
    "identify": "identify",
    "conversion": "revenue",
}


def title_of(name: str) -> str:
    runs = _RUN_BY[script_of(name).suffix]
    return f"{listed_of(family_of(name)).adapter.title}: `{CLIENTS[name].package}`, {runs}"


def row_of(name: str, resent: bool) -> str:
    """The row of a client whose events were all stored once; `resent`: something came again and made no difference."""
    client = CLIENTS[name]
    tried = ", ".join(_tried(client))
    once = "each stored once" + (" though sent again" if resent else "")
    result = once + (", of one subscriber" if client.identifies else "")
    return f"| {title_of(name)} | {version_of(name)} | {tried} | {result} |"


def _tried(client: Client) -> list[str]:
    calls = [call for event, call in _CALLS.items() if event in client.names]
    return calls + (["lost answer"] if client.resends else [])


def rows_in_docs() -> dict[str, str]:
    """The rows of the table by their first column."""
    found = _TABLE.search(PAGE.read_text())
    assert found, f"no table of clients in {PAGE}"
    return {row[2:].partition(" | ")[0]: row for row in found[1].splitlines()}


def settle(rows: Mapping[str, str]) -> None:
    """Hold the table to the rows of the clients that were run, by their names; or write them, if that is wished."""
    known = rows_in_docs()
    found = {title_of(name): row for name, row in rows.items()}
    if WRITE in os.environ:
        kept = {title_of(name) for name in CLIENTS}
        merged = {title: row for title, row in {**known, **found}.items() if title in kept}
        table = "\n".join([*HEAD, *(merged[title] for title in sorted(merged, key=str.lower)), ""])
        PAGE.write_text(_TABLE.sub(lambda _: table, PAGE.read_text(), count=1))
    else:
        assert {title: known.get(title) for title in found} == found, f"python -m {__spec__.name} writes it"


if __name__ == "__main__":
    os.environ[WRITE] = "yes"
    sys.exit(pytest.main(["-q", "-n0", str(FOLDER / "test_real_clients.py"), *sys.argv[1:]]))
